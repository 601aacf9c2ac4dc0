//! A device: a real core on a data folder of its own, behind a link of its own.

use std::{path::PathBuf, sync::Arc, time::Duration};

use magpie_core::{
    Core, CoreError, FailureCode, Home, HomeOptions, LocalCode, Notice,
    conversations::{ConversationItem, ConversationList},
    home::{Credentials, Registration},
    socket::LinkState,
    timeline::{MessageView, OpenAt, TimelineSnapshot},
};
use magpie_protocol::{ConversationId, MessageId, UserId};
use parking_lot::Mutex;

use crate::{Link, PATIENCE, Record, TestClock, eventually};

/// A device of a person. Cheap to clone.
#[derive(Clone)]
pub struct Device(Arc<Inner>);

struct Inner {
    label: String,
    folder: PathBuf,
    link: Link,
    clock: TestClock,
    record: Arc<Record>,
    running: Mutex<Option<Running>>,
}

#[derive(Clone)]
struct Running {
    home: Home,
    core: Core,
}

/// All that a device holds of a conversation.
#[derive(Debug, Clone)]
pub struct WholeTimeline {
    /// As the conversation was opened.
    pub snapshot: TimelineSnapshot,
    /// All messages of it, from the first one to the unsent ones.
    pub messages: Vec<MessageView>,
}

impl Device {
    pub(crate) fn new(
        label: String,
        folder: PathBuf,
        link: Link,
        clock: TestClock,
        record: Arc<Record>,
    ) -> Self {
        Self(Arc::new(Inner {
            label,
            folder,
            link,
            clock,
            record,
            running: Mutex::new(None),
        }))
    }

    /// Returns the device's name, such as `alice/2`.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.0.label
    }

    /// Returns the device's wire to the server.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.0.link
    }

    /// Returns the folder that the device keeps its data in.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.0.folder
    }

    /// Returns the running core.
    ///
    /// # Panics
    /// When the device is off.
    #[must_use]
    pub fn core(&self) -> Core {
        let running = self.0.running.lock();
        let Some(running) = running.as_ref() else {
            panic!("{} is off", self.0.label);
        };
        running.core.clone()
    }

    /// Returns whether the device runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.0.running.lock().is_some()
    }

    /// Returns the id of the person who is signed in.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.core().account().user.id
    }

    /// Makes an account here.
    ///
    /// # Errors
    /// As [`Home::register`].
    pub async fn register(&self, username: &str, password: &str) -> Result<(), CoreError> {
        let home = self.home().await;
        let registration = Registration {
            server_url: self.0.link.url(),
            username: username.to_owned(),
            nickname: capitalised(username),
            email: None,
            password: password.to_owned(),
            invitation: None,
        };
        let core = home.register(registration).await?;
        *self.0.running.lock() = Some(Running { home, core });
        Ok(())
    }

    /// Signs somebody in here.
    ///
    /// # Errors
    /// As [`Home::sign_in`].
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<(), CoreError> {
        let home = self.home().await;
        let credentials = Credentials {
            server_url: self.0.link.url(),
            login: login.to_owned(),
            password: password.to_owned(),
        };
        let core = home.sign_in(credentials).await?;
        *self.0.running.lock() = Some(Running { home, core });
        Ok(())
    }

    /// Starts the device again, without a password and without asking the server.
    ///
    /// # Panics
    /// When nobody is signed in here any more.
    pub async fn start(&self) {
        let home = self.home().await;
        let resumed = home.resume().await;
        let core =
            resumed.unwrap_or_else(|error| panic!("{} cannot resume: {error}", self.label()));
        let Some(core) = core else {
            panic!("{} is not signed in any more", self.label());
        };
        *self.0.running.lock() = Some(Running { home, core });
    }

    /// Closes the core properly.
    pub async fn close(&self) {
        let running = self.0.running.lock().take();
        if let Some(running) = running {
            running.core.close().await;
        }
    }

    /// Drops the core without closing it.
    pub fn kill(&self) {
        self.0.running.lock().take();
    }

    /// Returns what the user should know and has not been told yet.
    ///
    /// # Panics
    /// When the device is off.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        let home = self.0.running.lock().as_ref().unwrap().home.clone();
        home.take_notices()
    }

    async fn home(&self) -> Home {
        let options = || HomeOptions {
            folder: self.0.folder.clone(),
            keychain_service: format!("magpie-test-{}", self.0.label),
            keychain: false,
            device_name: self.0.label.clone(),
            clock: Arc::new(self.0.clock.clone()),
        };
        // The tasks of a core that was dropped may need a moment to let go of the folder.
        eventually(
            &format!("{} opens its folder", self.0.label),
            PATIENCE,
            async || match Home::open(options()).await {
                Ok(home) => Ok(home),
                Err(error) if error.code() == FailureCode::Local(LocalCode::FolderInUse) => {
                    Err(error.to_string())
                }
                Err(error) => panic!("{}: {error}", self.0.label),
            },
        )
        .await
    }

    /// Says something, and writes it down.
    ///
    /// # Panics
    /// When the core does not take it.
    pub async fn says(&self, conversation_id: ConversationId, text: &str) -> MessageId {
        let core = self.core();
        let view = core.send_text(conversation_id, text).await.unwrap();
        let sender = core.account().user.id;
        self.0
            .record
            .sent(self.label(), sender, conversation_id, view.id, text);
        view.id
    }

    /// Says many things, as fast as the core takes them.
    ///
    /// # Panics
    /// When the core does not take one.
    pub async fn says_many(&self, conversation_id: ConversationId, prefix: &str, count: usize) {
        for n in 1..=count {
            self.says(conversation_id, &format!("{prefix} {n}")).await;
        }
    }

    /// Waits until the list is as wanted, and returns what the condition made of it.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until<T>(
        &self,
        what: &str,
        condition: impl Fn(&ConversationList) -> Option<T>,
    ) -> T {
        eventually(&format!("{}: {what}", self.label()), PATIENCE, async || {
            let list = self
                .core()
                .conversations()
                .await
                .map_err(|e| e.to_string())?;
            condition(&list).ok_or_else(|| format!("the list is {list:#?}"))
        })
        .await
    }

    /// Waits until a conversation's line is as wanted.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_line(
        &self,
        conversation_id: ConversationId,
        what: &str,
        condition: impl Fn(&ConversationItem) -> bool,
    ) -> ConversationItem {
        self.until(what, |list| {
            let line = list.items.iter().find(|item| item.id == conversation_id)?;
            condition(line).then(|| line.clone())
        })
        .await
    }

    /// Waits until the device is connected and up to date.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_online(&self) {
        let what = format!("{} is online", self.label());
        eventually(&what, PATIENCE, async || {
            let core = self.core();
            match core.link() {
                LinkState::Online => Ok(()),
                LinkState::SignedOut => panic!("{} was signed out", self.label()),
                other => {
                    core.reconnect();
                    Err(format!("{other:?}"))
                }
            }
        })
        .await;
    }

    /// Waits until the device has noticed that its link is gone.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_offline(&self) {
        let what = format!("{} notices that it is offline", self.label());
        eventually(&what, PATIENCE, async || match self.core().link() {
            LinkState::Offline { .. } => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    }

    /// Waits until nothing is left to be sent, in any conversation.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_sent(&self, conversation_id: ConversationId, patience: Duration) {
        let what = format!("{} has sent everything", self.label());
        eventually(&what, patience, async || {
            let core = self.core();
            let opened = core.open_timeline(conversation_id, OpenAt::Latest).await;
            let snapshot = opened.map_err(|error| error.to_string())?;
            let waiting = snapshot.messages.iter().filter(|m| m.seq.is_none()).count();
            if waiting == 0 {
                return Ok(());
            }
            Err(format!(
                "{waiting} messages wait, the link is {:?}",
                core.link()
            ))
        })
        .await;
    }

    /// Reads a whole conversation, asking for older pages to its beginning.
    ///
    /// # Errors
    /// What went wrong, or how an answer broke its word.
    pub async fn timeline(&self, conversation_id: ConversationId) -> Result<WholeTimeline, String> {
        let core = self.core();
        let opened = core.open_timeline(conversation_id, OpenAt::Latest).await;
        let snapshot = opened.map_err(|error| error.to_string())?;
        if snapshot.has_newer {
            return Err("opened at the end, and there are newer ones".to_owned());
        }
        let mut messages = snapshot.messages.clone();
        let mut more = snapshot.has_older;
        while more {
            let Some(first) = messages.iter().find_map(|message| message.seq) else {
                return Err("there are older ones than none".to_owned());
            };
            let page = core.older(conversation_id, first).await;
            let page = page.map_err(|error| format!("older than {first}: {error}"))?;
            if page.messages.is_empty() && page.has_more {
                return Err(format!("before {first} there is more, and nothing"));
            }
            more = page.has_more;
            messages.splice(0..0, page.messages);
        }
        Ok(WholeTimeline { snapshot, messages })
    }

    /// Reads a conversation to its end, as a person who looks at it.
    ///
    /// # Panics
    /// When the core cannot.
    pub async fn reads(&self, conversation_id: ConversationId) {
        let core = self.core();
        let opened = core.open_timeline(conversation_id, OpenAt::Latest).await;
        let last = opened.unwrap().messages.iter().filter_map(|m| m.seq).max();
        core.mark_read(conversation_id, last.unwrap_or(0))
            .await
            .unwrap();
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
