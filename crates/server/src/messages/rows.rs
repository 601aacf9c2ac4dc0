//! Reading messages.

use magpie_protocol::{
    ConversationId,
    messages::{Message, MessageKind},
    sync::{Change, Item},
};

use crate::db::{DbError, Row, Tx, params};

/// Returns how a kind is stored.
pub(super) const fn kind_text(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::System => "system",
        MessageKind::Unknown => "unknown",
    }
}

/// Reads a message from the columns `seq, id, sender_id, kind, created_at, content` that begin at
/// `at`.
pub(crate) fn message(
    row: &Row<'_>,
    at: usize,
    conversation_id: ConversationId,
) -> Result<Message, DbError> {
    let kind: String = row.get(at + 3)?;
    let content: String = row.get(at + 5)?;
    Ok(Message {
        seq: row.get(at)?,
        id: row.get(at + 1)?,
        conversation_id,
        sender_id: row.get(at + 2)?,
        kind: match kind.as_str() {
            "text" => MessageKind::Text,
            "system" => MessageKind::System,
            _ => MessageKind::Unknown,
        },
        created_at: row.get(at + 4)?,
        content: serde_json::from_str(&content).map_err(|_| DbError::Column("JSON"))?,
    })
}

pub(crate) const SINCE: &str =
    "SELECT rev, seq, id, sender_id, kind, created_at, content FROM messages
         WHERE conversation_id = $1 AND rev > $2 AND seq < $3 ORDER BY rev LIMIT $4";

/// Returns at most `limit` of the messages that changed after revision `since`, in revision order;
/// with `below_seq` only those before that place.
pub(crate) fn messages_since(
    tx: &mut Tx<'_>,
    id: ConversationId,
    since: u64,
    below_seq: Option<u64>,
    limit: u32,
) -> Result<Vec<Change>, DbError> {
    tx.all(
        SINCE,
        params![id, since, below_seq.unwrap_or(u64::MAX), limit],
        |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::Message(message(row, 1, id)?),
            })
        },
    )
}
