//! Messages as the chat window shows them.

use std::collections::BTreeSet;

use magpie_protocol::{
    ConversationId, MessageId, UserId,
    messages::{Body, Message},
};
use rusqlite::Connection;

use super::{MessageView, SendStatus, TimelineMarks};
use crate::{
    CoreEvent, Failure, FailureCode, LocalCode,
    conversations::count,
    store::{
        Result,
        table::{
            conversations::{self, ConversationRow},
            messages,
            outbox::{self, OutboxRow, OutboxState},
        },
    },
};

/// Shows a message that the server has.
pub(super) fn stored(me: UserId, message: &Message) -> MessageView {
    MessageView {
        id: message.id,
        seq: Some(message.seq),
        queue_order: None,
        sender_id: message.sender_id,
        mine: message.sender_id == Some(me),
        body: message.body(),
        created_at: message.created_at,
        status: SendStatus::Stored,
    }
}

/// Shows a message of the outbox.
pub(crate) fn unsent(me: UserId, row: &OutboxRow) -> MessageView {
    let status = match row.state {
        OutboxState::Queued => SendStatus::Sending,
        OutboxState::Failed => SendStatus::Failed {
            failure: row.failure.clone().unwrap_or_else(|| Failure {
                code: FailureCode::Local(LocalCode::Internal),
                message: "the reason is not known".to_owned(),
                retry_after_ms: None,
            }),
        },
    };
    MessageView {
        id: row.id,
        seq: None,
        queue_order: Some(row.position),
        sender_id: Some(me),
        mine: true,
        body: Body::read(row.kind, &row.content),
        created_at: row.created_at,
        status,
    }
}

/// Returns how far everybody has come.
pub(super) fn marks(row: &ConversationRow) -> TimelineMarks {
    TimelineMarks {
        last_seq: row.last_seq,
        read_seq: row.read_seq,
        unread: count(row.unread),
        others_delivered_seq: row.others_delivered_seq,
        others_read_seq: row.others_read_seq,
    }
}

/// Makes the event that tells of these messages as they are now; `None` for a conversation that is
/// not known here.
pub(crate) fn event(
    db: &Connection,
    me: UserId,
    id: ConversationId,
    ids: BTreeSet<MessageId>,
) -> Result<Option<CoreEvent>> {
    let Some(row) = conversations::get(db, id)? else {
        return Ok(None);
    };
    let mut views = Vec::with_capacity(ids.len());
    let mut removed = Vec::new();
    for message_id in ids {
        if let Some(message) = messages::get(db, message_id)? {
            views.push(stored(me, &message));
        } else if let Some(row) = outbox::get(db, message_id)? {
            views.push(unsent(me, &row));
        } else {
            removed.push(message_id);
        }
    }
    views.sort_by_key(|view| (view.seq.unwrap_or(u64::MAX), view.queue_order));
    Ok(Some(CoreEvent::Timeline {
        conversation_id: id,
        messages: views,
        removed,
        marks: marks(&row),
    }))
}
