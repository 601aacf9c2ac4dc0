//! A window over the messages of one conversation.
//!
//! Everything shown comes from the local database. A window is always a dense stretch: where
//! something is missing, it ends there and says that there is more.

mod view;
mod window;

use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode, MessageId, Timestamp, UserId, accounts::User,
    conversations::Marks, messages::Body,
};
use serde::{Deserialize, Serialize};

use crate::{
    Core, CoreError, Failure, FailureCode,
    store::table::{conversations, held_ranges::Range, marks_owed},
    sync::{self, Job, commit},
};

pub(crate) use view::{event, unsent};
use window::Part;

/// How a message fares on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SendStatus {
    /// The server has it. Whether it was delivered and read, [`TimelineMarks`] tell.
    Stored,
    /// It waits in the outbox, or is under way.
    Sending,
    /// It was refused; it can be tried again or deleted.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// A message as the chat window shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct MessageView {
    /// The message.
    pub id: MessageId,
    /// Its place; none while it is not stored. Such messages come after all others.
    pub seq: Option<u64>,
    /// The order among those without a `seq`.
    pub queue_order: Option<u64>,
    /// Who wrote it; nobody wrote system messages.
    pub sender_id: Option<UserId>,
    /// I wrote it.
    pub mine: bool,
    /// What it says.
    pub body: Body,
    /// When it was stored, or, before that, written.
    pub created_at: Timestamp,
    /// How it fares.
    pub status: SendStatus,
}

/// How far everybody has come in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct TimelineMarks {
    /// The last message's place; 0 when there is none.
    pub last_seq: u64,
    /// I have seen all messages up to here.
    pub read_seq: u64,
    /// Unread messages.
    pub unread: u32,
    /// All others hold my messages up to here.
    pub others_delivered_seq: u64,
    /// All others have seen my messages up to here.
    pub others_read_seq: u64,
}

/// Where to open a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum OpenAt {
    /// Where reading was left off: at the first unread message, or else at the end.
    Unread,
    /// At the end.
    Latest,
}

/// A conversation as it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct TimelineSnapshot {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// What it is called.
    pub title: String,
    /// The other person of a direct one.
    pub peer: Option<User>,
    /// A dense stretch of messages; where it reaches the end, unsent ones follow.
    pub messages: Vec<MessageView>,
    /// There are older ones, here or on the server.
    pub has_older: bool,
    /// There are newer ones between this stretch and the end.
    pub has_newer: bool,
    /// How far everybody has come.
    pub marks: TimelineMarks,
    /// What was begun to be written.
    pub draft: Option<String>,
    /// Why nothing can be sent here, where that is known.
    pub closed: Option<FailureCode>,
}

/// More messages of an opened conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct TimelinePage {
    /// A dense stretch, in order; where it reaches the end, unsent ones follow.
    pub messages: Vec<MessageView>,
    /// There are more in the direction asked for.
    pub has_more: bool,
}

impl Core {
    /// Opens a conversation, from the local database; what is missing there is asked of the server
    /// and comes as [`crate::CoreEvent::Timeline`].
    ///
    /// # Errors
    /// [`magpie_protocol::ErrorCode::ConversationNotFound`] or [`crate::LocalCode::Storage`].
    pub async fn open_timeline(
        &self,
        conversation_id: ConversationId,
        at: OpenAt,
    ) -> Result<TimelineSnapshot, CoreError> {
        let shared = &self.shared;
        let me = shared.me;
        let open = move || {
            shared
                .store
                .read(move |db| window::open(db, me, conversation_id, at))
        };
        let opened = match open().await? {
            Some(opened) => Some(opened),
            None => {
                // It may be so new that only the server knows it.
                sync::introduce(shared, conversation_id)
                    .await
                    .map_err(|error| {
                        tracing::info!(%error, "an unknown conversation was asked for");
                        not_found()
                    })?;
                open().await?
            }
        };
        let (snapshot, is_short) = opened.ok_or_else(not_found)?;
        if is_short {
            shared.want(Job::Newest(conversation_id));
        }
        Ok(snapshot)
    }

    /// Returns the messages before a place, asking the server where they are not held here.
    ///
    /// # Errors
    /// The reason why the server could not be asked, or [`crate::LocalCode::Storage`].
    pub async fn older(
        &self,
        conversation_id: ConversationId,
        before_seq: u64,
    ) -> Result<TimelinePage, CoreError> {
        let me = self.shared.me;
        self.page(conversation_id, false, move |db| {
            window::older(db, me, conversation_id, before_seq)
        })
        .await
    }

    /// Returns the messages after a place, asking the server where they are not held here.
    ///
    /// # Errors
    /// The reason why the server could not be asked, or [`crate::LocalCode::Storage`].
    pub async fn newer(
        &self,
        conversation_id: ConversationId,
        after_seq: u64,
    ) -> Result<TimelinePage, CoreError> {
        let me = self.shared.me;
        self.page(conversation_id, true, move |db| {
            window::newer(db, me, conversation_id, after_seq)
        })
        .await
    }

    /// Reads a page, having the hole filled where one is in the way.
    async fn page<F>(
        &self,
        id: ConversationId,
        upwards: bool,
        read: F,
    ) -> Result<TimelinePage, CoreError>
    where
        F: Fn(&rusqlite::Connection) -> crate::store::Result<Part> + Clone + Send + 'static,
    {
        let mut asked: Option<Range> = None;
        loop {
            match self.shared.store.read(read.clone()).await? {
                Part::Page(page) => return Ok(page),
                Part::Missing(hole) if asked != Some(hole) => {
                    sync::fill_below(&self.shared, id, hole, upwards).await?;
                    asked = Some(hole);
                }
                // The server was asked and does not hold it either.
                Part::Missing(_) => {
                    return Ok(TimelinePage {
                        messages: Vec::new(),
                        has_more: false,
                    });
                }
            }
        }
    }

    /// Says that all messages up to a place were seen. Works offline; the server hears of it later.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`].
    pub async fn mark_read(
        &self,
        conversation_id: ConversationId,
        seq: u64,
    ) -> Result<(), CoreError> {
        commit(&self.shared, move |tx, touched| {
            let last = conversations::get(tx, conversation_id)?.map_or(0, |row| row.last_seq);
            let seq = seq.min(last);
            if conversations::set_read(tx, conversation_id, seq)? {
                touched.marks(conversation_id);
                let marks = Marks {
                    delivered: None,
                    read: Some(seq),
                };
                marks_owed::owe(tx, conversation_id, &marks)?;
            }
            Ok(())
        })
        .await
    }
}

fn not_found() -> CoreError {
    ErrorBody::new(
        ErrorCode::ConversationNotFound,
        "there is no such conversation here",
    )
    .into()
}
