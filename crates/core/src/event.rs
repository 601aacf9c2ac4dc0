//! What the core tells its host.

use magpie_protocol::{ConversationId, MessageId, accounts::Account, frames::Presence};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::{
    Failure,
    conversations::ConversationItem,
    socket::LinkState,
    timeline::{MessageView, TimelineMarks},
};

/// Something changed. The local database holds it already, where it is anything to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CoreEvent {
    /// The link to the server came or went.
    Link {
        /// How it stands.
        link: LinkState,
    },
    /// One's own account changed.
    Account {
        /// The account.
        account: Account,
    },
    /// Friends, requests or blocks changed: read [`crate::Core::contacts`] again.
    Contacts,
    /// Lines of the list changed, or are new.
    Conversations {
        /// The lines as they are now.
        items: Vec<ConversationItem>,
        /// Unread messages in all conversations.
        unread_total: u32,
    },
    /// Messages of a conversation changed, or are new.
    Timeline {
        /// Where.
        conversation_id: ConversationId,
        /// New and changed messages, in the order of the timeline.
        messages: Vec<MessageView>,
        /// Messages that are gone (unsent ones that were deleted).
        removed: Vec<MessageId>,
        /// How far everybody has come.
        marks: TimelineMarks,
    },
    /// Friends came or went, or it is not known any more who is there; see
    /// [`crate::Core::presence`].
    Presence {
        /// Whether nothing is known of all others.
        whole: bool,
        /// Those for whom it changed; all of whom something is known, where it is `whole`.
        people: Vec<Presence>,
    },
    /// This device is no longer signed in; what it holds stays on the disk.
    SignedOut {
        /// Why.
        failure: Failure,
    },
    /// Something that the user should know.
    Notice {
        /// What.
        notice: Notice,
    },
    /// The listener was too slow and missed events: read everything again.
    Resync,
}

/// Something that the user should know, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The local database was damaged. It was moved aside and is being built again from the
    /// server; unsent messages were saved.
    CacheRebuilt,
    /// As [`Notice::CacheRebuilt`], but unsent messages could not be read and are lost.
    CacheRebuiltOutboxLost,
    /// There is no keychain: secrets lie in a file that only this user can read.
    SecretsInFile,
    /// A part of the program failed and was started again.
    TaskFailed,
}

/// How many events wait for a slow listener before it is told to read everything again.
const WAITING: usize = 1024;

/// Where events come from. Emitting never waits and never fails; without a listener it is forgotten.
#[derive(Debug)]
pub(crate) struct Events {
    sender: Mutex<Option<broadcast::Sender<CoreEvent>>>,
    /// Whoever reads the database for an event holds this until the event is out, so that of two
    /// events about the same thing the later one is the newer one.
    pub(crate) order: tokio::sync::Mutex<()>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            sender: Mutex::new(Some(broadcast::Sender::new(WAITING))),
            order: tokio::sync::Mutex::default(),
        }
    }
}

impl Events {
    /// Tells all listeners.
    pub(crate) fn emit(&self, event: CoreEvent) {
        if let Some(sender) = &*self.sender.lock() {
            // It fails when nobody listens, which is fine.
            let _ = sender.send(event);
        }
    }

    /// Tells whether anybody listens.
    pub(crate) fn has_listeners(&self) -> bool {
        self.sender
            .lock()
            .as_ref()
            .is_some_and(|sender| sender.receiver_count() > 0)
    }

    /// Adds a listener. After [`Events::close`] it hears nothing but the end.
    pub(crate) fn listen(&self) -> EventStream {
        EventStream(match &*self.sender.lock() {
            Some(sender) => sender.subscribe(),
            None => broadcast::Sender::new(1).subscribe(),
        })
    }

    /// Ends all listeners' streams.
    pub(crate) fn close(&self) {
        self.sender.lock().take();
    }
}

/// Events, in order. A listener that falls behind gets [`CoreEvent::Resync`] instead of what it
/// missed.
#[derive(Debug)]
pub struct EventStream(broadcast::Receiver<CoreEvent>);

impl EventStream {
    /// Returns the next event; `None` when the core has been closed.
    pub async fn next(&mut self) -> Option<CoreEvent> {
        use broadcast::error::RecvError;
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(_)) => Some(CoreEvent::Resync),
            Err(RecvError::Closed) => None,
        }
    }
}
