//! What deserves a notification. The shell shows what is said here, and nothing else.
//!
//! A conversation has at most one notification, which is replaced as more arrives. There is none
//! for what oneself wrote, for the conversation that somebody looks at, for a muted one, for
//! anything while nobody wants to be disturbed, and for what was held when this device was last
//! started: only what arrives after that is news. What was missed while the device was away comes as
//! one notification where it is of many conversations.

mod board;
mod hub;
mod task;

use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode, FriendRequestId, Timestamp, UserId, messages::Body,
};
use serde::{Deserialize, Serialize};

use crate::{Core, CoreError, settings::Pause, store::table, sync::commit};

pub(crate) use board::{Board, Known};
pub(crate) use hub::Hub;
pub use hub::NoticeStream;
pub(crate) use task::{held, known, run};

/// What is to become of notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotifyEvent {
    /// One is to be shown, in the place of the one with the same key.
    Show {
        /// The notification.
        notification: Notification,
    },
    /// One is to be taken away, where it is still there.
    Withdraw {
        /// Its key.
        key: String,
    },
    /// All of this account are to be taken away: it is signed out or locked, or the listener was too
    /// slow to hear of each.
    WithdrawAll,
}

/// A notification. It is worded by whoever shows it, in the app's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Notification {
    /// Groups and replaces: the same for everything about one conversation of one account, and never
    /// the same for two accounts.
    pub key: String,
    /// The account's key among [`crate::Home::remembered`].
    pub account_key: String,
    /// What it is about.
    pub about: About,
    /// Whose picture it has; none for a summary.
    pub avatar: Option<Avatar>,
    /// Whether it is heard.
    pub sound: bool,
    /// When the last of what it tells of happened.
    pub at: Timestamp,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum About {
    /// Unread messages of a conversation.
    Messages {
        /// Which; opened when it is clicked.
        conversation_id: ConversationId,
        /// Who wrote the last of them, by the name that the list shows.
        sender: String,
        /// The group's title; none for a direct conversation.
        group: Option<String>,
        /// What the last of them says, long texts cut to 200 characters; none where it is not to be
        /// shown.
        preview: Option<Body>,
        /// How many are unread.
        unread: u32,
    },
    /// Somebody asks to become friends.
    FriendRequest {
        /// Their request.
        request_id: FriendRequestId,
        /// Who; their card is opened when it is clicked.
        user_id: UserId,
        /// Their name.
        name: String,
        /// What they wrote with it; none where they wrote nothing, or it is not to be shown.
        message: Option<String>,
    },
    /// What was missed while this device was away.
    Missed {
        /// How many messages.
        messages: u32,
        /// In how many conversations.
        conversations: u32,
        /// How many ask to become friends.
        friend_requests: u32,
    },
}

/// Whose picture: drawn as the page draws it, from these two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Avatar {
    /// The name that initials are taken from.
    pub name: String,
    /// What the colour is taken from: a person's number, or a group's.
    pub seed: u64,
}

impl Core {
    /// Listens to what is to be shown from now on. What arrived before anybody listened, and is
    /// still unread and news, comes first.
    #[must_use]
    pub fn notices(&self) -> NoticeStream {
        self.shared.hub.listen()
    }

    /// Says which conversation a window shows, and whether somebody looks at that window: it is not
    /// notified of. Each window says so by its own name.
    pub fn set_view(&self, window: &str, conversation_id: Option<ConversationId>, focused: bool) {
        self.shared.hub.set_view(window, conversation_id, focused);
    }

    /// Forgets a window that was closed.
    pub fn drop_view(&self, window: &str) {
        self.shared.hub.drop_view(window);
    }

    /// Tells of no message of a conversation for a while, or does again. It is so on this device
    /// only.
    ///
    /// # Errors
    /// [`magpie_protocol::ErrorCode::ConversationNotFound`], [`crate::LocalCode::Storage`] or
    /// [`crate::LocalCode::DiskFull`].
    pub async fn set_muted(
        &self,
        conversation_id: ConversationId,
        pause: Option<Pause>,
    ) -> Result<(), CoreError> {
        let until = pause.map(|pause| pause.until(&*self.shared.clock));
        let known = commit(&self.shared, move |tx, touched| {
            let known = table::conversations::get(tx, conversation_id)?.is_some();
            if known {
                table::mutes::set(tx, conversation_id, until)?;
                touched.line(conversation_id);
            }
            Ok(known)
        })
        .await?;
        known.then_some(()).ok_or_else(|| {
            ErrorBody::new(ErrorCode::ConversationNotFound, "it is not known here").into()
        })
    }
}
