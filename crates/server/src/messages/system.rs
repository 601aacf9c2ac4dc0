//! What the server tells in a conversation.

use magpie_protocol::{
    ConversationId, MessageId, Timestamp,
    messages::{Message, MessageKind, SystemEvent},
    sync::{Item, Scope},
};

use super::rows::kind_text;
use crate::{
    app::App,
    clock,
    db::{DbError, Tx, params},
    sync::revisions,
};

/// Puts a system message at the end of a conversation. `id` must be new.
pub(crate) fn post(
    tx: &mut Tx<'_>,
    conversation_id: ConversationId,
    id: MessageId,
    event: &SystemEvent,
    now: Timestamp,
) -> Result<(), DbError> {
    let rev = revisions::advance(tx, Scope::Conversation(conversation_id), 1)?;
    let seq: u64 = tx.one(
        "UPDATE conversations SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq",
        params![conversation_id],
        |row| row.get(0),
    )?;
    let content = serde_json::to_value(event).map_err(|_| DbError::Column("a system event"))?;
    let kind = MessageKind::System;
    tx.execute(
        "INSERT INTO messages (conversation_id, seq, rev, sender_id, id, kind, created_at, content)
         VALUES ($1, $2, $3, NULL, $4, $5, $6, $7)",
        params![
            conversation_id,
            seq,
            rev,
            id,
            kind_text(kind),
            now,
            content.to_string()
        ],
    )?;
    let message = Message {
        id,
        conversation_id,
        seq,
        sender_id: None,
        kind,
        content,
        created_at: now,
    };
    revisions::record(
        tx,
        Scope::Conversation(conversation_id),
        rev,
        Item::Message(message),
    );
    Ok(())
}

/// Mints the id of a message that the server will write.
pub(crate) fn mint_id(app: &App) -> MessageId {
    let now = u64::try_from(app.now().0).unwrap_or_default();
    MessageId::from_parts(now, clock::bytes(app.random()))
}
