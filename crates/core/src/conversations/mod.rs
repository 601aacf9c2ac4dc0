//! The list of conversations.

use magpie_protocol::{
    ConversationId, Timestamp, UserId,
    accounts::User,
    conversations::ConversationKind,
    messages::{Body, MessageState},
};
use serde::{Deserialize, Serialize};

use crate::{
    Core, CoreError,
    contacts::names::spelling,
    store::table::{
        conversations::{self, Line},
        drafts,
        outbox::OutboxState,
    },
    sync::commit,
};

/// How one's own message fares, as far as a line of the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(tag = "delivery", content = "state", rename_all = "snake_case")]
pub enum Delivery {
    /// It waits in the outbox.
    Sending,
    /// It was refused, and waits for a decision.
    Failed,
    /// The server has it.
    Stored(MessageState),
}

/// The last message of a conversation, as a line of the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Preview {
    /// Who wrote it.
    pub sender_id: Option<UserId>,
    /// What it says; long texts are cut to 200 characters.
    pub body: Body,
    /// How it fares, where it is one's own.
    pub delivery: Option<Delivery>,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct ConversationItem {
    /// The conversation.
    pub id: ConversationId,
    /// How many it is for.
    pub kind: ConversationKind,
    /// What it is called: for a direct one, the other's remark or nickname.
    pub title: String,
    /// How a title with Chinese characters is typed, to look for it by: pinyin, and other words in
    /// lower case, with spaces between (`anna zhang`). Empty where nothing in it is Chinese.
    pub spelling: String,
    /// The other person of a direct one.
    pub peer: Option<User>,
    /// The last message, unsent ones included.
    pub preview: Option<Preview>,
    /// When something last happened in it; the list is sorted by this, newest first.
    pub updated_at: Timestamp,
    /// Unread messages.
    pub unread: u32,
    /// Unsent messages that were refused.
    pub failed: u32,
    /// What was begun to be written and not sent.
    pub draft: Option<String>,
    /// Nothing is told of it until then; far in the future for always. It may have passed.
    pub muted_until: Option<Timestamp>,
}

/// The whole list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct ConversationList {
    /// The lines, newest first.
    pub items: Vec<ConversationItem>,
    /// Unread messages in all conversations.
    pub unread_total: u32,
}

impl Core {
    /// Returns the list, from the local database.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`].
    pub async fn conversations(&self) -> Result<ConversationList, CoreError> {
        let me = self.shared.me;
        let (lines, unread) = self
            .shared
            .store
            .read(|db| Ok((conversations::lines(db)?, conversations::unread_total(db)?)))
            .await?;
        Ok(ConversationList {
            items: lines.into_iter().map(|line| item(me, line)).collect(),
            unread_total: count(unread),
        })
    }

    /// Keeps what was begun to be written; blank text removes it.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`].
    pub async fn set_draft(
        &self,
        conversation_id: ConversationId,
        text: &str,
    ) -> Result<(), CoreError> {
        let text = text.to_owned();
        commit(&self.shared, move |tx, touched| {
            touched.line(conversation_id);
            drafts::set(tx, conversation_id, &text)
        })
        .await
    }
}

/// Returns a count as the page takes it.
pub(crate) fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Returns what a conversation is called.
pub(crate) fn title(line: &Line) -> String {
    match &line.peer {
        _ if !line.remark.is_empty() => line.remark.clone(),
        Some(peer) => peer.nickname.clone(),
        None => String::new(),
    }
}

/// Makes the line that is shown.
pub(crate) fn item(me: UserId, line: Line) -> ConversationItem {
    let title = title(&line);
    ConversationItem {
        spelling: spelling(&title),
        title,
        preview: preview(me, &line),
        id: line.id,
        kind: line.kind,
        peer: line.peer,
        updated_at: line.updated_at,
        unread: count(line.unread),
        failed: line.failed,
        draft: line.draft,
        muted_until: line.muted_until,
    }
}

/// Unsent messages come after all others, as in the chat itself.
fn preview(me: UserId, line: &Line) -> Option<Preview> {
    if let Some(outgoing) = &line.outgoing {
        return Some(Preview {
            sender_id: Some(me),
            body: outgoing.body.clone(),
            delivery: Some(match outgoing.state {
                OutboxState::Queued => Delivery::Sending,
                OutboxState::Failed => Delivery::Failed,
            }),
        });
    }
    line.last.as_ref().map(|last| {
        let state = if last.seq <= line.others_read_seq {
            MessageState::Read
        } else if last.seq <= line.others_delivered_seq {
            MessageState::Delivered
        } else {
            MessageState::Sent
        };
        Preview {
            sender_id: last.sender_id,
            body: last.body.clone(),
            delivery: (last.sender_id == Some(me)).then_some(Delivery::Stored(state)),
        }
    })
}
