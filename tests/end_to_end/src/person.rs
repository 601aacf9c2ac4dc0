//! A person of the cast.

use std::sync::Arc;

use magpie_core::contacts::Answer;
use magpie_protocol::{ConversationId, MessageId, UserId};
use parking_lot::Mutex;

use crate::{Device, PATIENCE, Record, eventually};

/// A person with one or more devices. Cheap to clone.
#[derive(Clone)]
pub struct Person(Arc<Inner>);

struct Inner {
    name: String,
    id: UserId,
    record: Arc<Record>,
    devices: Mutex<Vec<Device>>,
}

impl Person {
    pub(crate) fn new(name: &str, device: Device, record: Arc<Record>) -> Self {
        Self(Arc::new(Inner {
            name: name.to_owned(),
            id: device.user_id(),
            record,
            devices: Mutex::new(vec![device]),
        }))
    }

    /// Returns the user name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the password.
    #[must_use]
    pub fn password(&self) -> String {
        password_of(&self.0.name)
    }

    /// Returns the number that the server gave.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.0.id
    }

    pub(crate) fn record(&self) -> &Record {
        &self.0.record
    }

    /// Returns the first device.
    #[must_use]
    pub fn device(&self) -> Device {
        self.0.devices.lock()[0].clone()
    }

    /// Returns all devices, in the order in which they were signed in.
    #[must_use]
    pub fn devices(&self) -> Vec<Device> {
        self.0.devices.lock().clone()
    }

    pub(crate) fn add_device(&self, device: Device) {
        self.0.devices.lock().push(device);
    }

    /// Asks the other, who accepts. Returns when both see their conversation, on their first
    /// devices.
    ///
    /// # Panics
    /// When one of the steps fails.
    pub async fn befriends(&self, other: &Self) -> ConversationId {
        self.asks(other, "Hello").await;
        other.accepts(self).await
    }

    /// Asks the other to become friends.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn asks(&self, other: &Self, message: &str) {
        let core = self.device().core();
        core.request_friend(other.id(), message).await.unwrap();
    }

    /// Waits for the other's request and accepts it. Returns when both see their conversation.
    ///
    /// # Panics
    /// When the request does not come, or one of the steps fails.
    pub async fn accepts(&self, other: &Self) -> ConversationId {
        let core = self.device().core();
        let what = format!("{} is asked by {}", self.name(), other.name());
        let request = eventually(&what, PATIENCE, async || {
            let contacts = core.contacts().await.map_err(|error| error.to_string())?;
            let mut received = contacts.received.into_iter();
            received
                .find(|request| {
                    request.from.id == other.id()
                        && request.state == magpie_protocol::friends::RequestState::Pending
                })
                .ok_or_else(|| format!("{} requests wait", contacts.pending))
        })
        .await;
        core.answer_request(request.id, Answer::Accept)
            .await
            .unwrap();
        let mine = self.conversation_with(other).await;
        assert_eq!(mine, other.conversation_with(self).await);
        self.0.record.befriended(mine);
        mine
    }

    /// Waits until the two are friends, as this one's first device sees it, and their conversation
    /// is in its list.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn conversation_with(&self, other: &Self) -> ConversationId {
        let device = self.device();
        let what = format!("{} is a friend of {}", self.name(), other.name());
        let id = eventually(&what, PATIENCE, async || {
            let contacts = device
                .core()
                .contacts()
                .await
                .map_err(|error| error.to_string())?;
            let mut friends = contacts.friends.iter();
            let found = friends.find(|view| view.friend.user.id == other.id());
            found
                .map(|view| view.friend.conversation_id)
                .ok_or_else(|| format!("{} friends", contacts.friends.len()))
        })
        .await;
        device
            .until_line(id, "the conversation is in the list", |_| true)
            .await;
        id
    }

    /// Says many things to a friend, on the first device.
    ///
    /// # Panics
    /// When they are not friends, or the core does not take one.
    pub async fn says_many_to(&self, other: &Self, prefix: &str, count: usize) {
        let conversation_id = self.conversation_with(other).await;
        self.device()
            .says_many(conversation_id, prefix, count)
            .await;
    }

    /// Says something to a friend, on the first device.
    ///
    /// # Panics
    /// When they are not friends, or the core does not take it.
    pub async fn says(&self, other: &Self, text: &str) -> MessageId {
        let conversation_id = self.conversation_with(other).await;
        self.device().says(conversation_id, text).await
    }
}

pub(crate) fn password_of(name: &str) -> String {
    format!("{name}: 喜鹊 correct horse")
}
