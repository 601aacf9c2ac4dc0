//! What the shell tells the page, beside the core's events.

use magpie_core::{
    home::AccountLine,
    protocol::{ConversationId, MessageId, UserId},
    secrets::LockState,
    settings::Settings,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tauri::AppHandle;
use tauri_specta::Event as _;
use tokio::sync::watch;

use crate::{updates::UpdateState, windows::MAIN};

/// What a `magpie://` link names. It shows something, and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Link {
    /// An account on a server.
    Invitation {
        /// The server.
        server_url: String,
        /// The code.
        code: String,
    },
    /// Somebody's card.
    Person {
        /// Who.
        user_id: UserId,
    },
    /// A conversation.
    Conversation {
        /// Which.
        conversation_id: ConversationId,
    },
    /// A message.
    Message {
        /// Where.
        conversation_id: ConversationId,
        /// Which.
        message_id: MessageId,
    },
    /// Something on a server that is not that of the account in view.
    Elsewhere {
        /// The server.
        server_url: String,
    },
    /// Nothing that can be read.
    Malformed,
}

/// Something happened outside of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ShellEvent {
    /// Settings changed elsewhere.
    Settings {
        /// All settings.
        settings: Settings,
    },
    /// Accounts came or went, or what is unread of them changed.
    Accounts {
        /// All accounts.
        accounts: Vec<AccountLine>,
    },
    /// The window is to be closed, and nobody said what that does.
    CloseAsked {
        /// Whether there is a tray to go to.
        tray: bool,
    },
    /// The settings are to be shown.
    OpenSettings {
        /// Which section.
        section: Option<String>,
    },
    /// The friend requests are to be shown.
    OpenRequests,
    /// A link is to be shown.
    Link {
        /// What it names.
        link: Link,
    },
    /// Space is being freed.
    Storage {
        /// How much was done.
        done: u64,
        /// Of how much.
        total: u64,
    },
    /// The app lock was opened, closed, set or taken away.
    Lock {
        /// How it stands.
        lock: LockState,
    },
    /// Updating went on.
    Update {
        /// How it stands.
        update: UpdateState,
    },
    /// A tray came or went.
    Tray {
        /// Whether there is one.
        tray: bool,
    },
}

/// Carries the shell's events to the page.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub(crate) struct ShellMessage(pub(crate) ShellEvent);

/// The way to the page of the main window. What it should hear waits until it listens.
pub(crate) struct Told {
    app: AppHandle,
    /// What waits; nothing does once the page listens.
    waiting: Mutex<Option<Vec<ShellEvent>>>,
    listens: watch::Sender<bool>,
}

impl Told {
    /// Returns the way to a page that does not listen yet.
    pub(crate) fn new(app: AppHandle) -> Self {
        Self {
            app,
            waiting: Mutex::new(Some(Vec::new())),
            listens: watch::Sender::new(false),
        }
    }

    /// Tells the page, now or as soon as it listens.
    pub(crate) fn tell(&self, event: ShellEvent) {
        match &mut *self.waiting.lock() {
            Some(waiting) => waiting.push(event),
            None => {
                if let Err(error) = ShellMessage(event).emit_to(&self.app, MAIN) {
                    tracing::warn!(%error, "an event of the shell did not reach the page");
                }
            }
        }
    }

    /// Tells whether the page listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.waiting.lock().is_none()
    }

    /// Waits until the page listens. Behind the app lock it does not.
    pub(crate) async fn until_heard(&self) {
        // It fails when nobody is left to say so, and that is this.
        let _ = self.listens.subscribe().wait_for(|listens| *listens).await;
    }

    /// Notes that the page listens, and tells it what waited.
    pub(crate) fn page_listens(&self) {
        let waited = self.waiting.lock().take();
        for event in waited.unwrap_or_default() {
            self.tell(event);
        }
        self.listens.send_replace(true);
    }

    /// Tells the pages of all windows, as far as they listen.
    pub(crate) fn tell_all(&self, event: ShellEvent) {
        if let Err(error) = ShellMessage(event).emit(&self.app) {
            tracing::warn!(%error, "an event of the shell did not reach the pages");
        }
    }

    /// Notes that the page was left or is being loaded again.
    pub(crate) fn page_is_loading(&self) {
        self.waiting.lock().get_or_insert_default();
        self.listens.send_replace(false);
    }
}
