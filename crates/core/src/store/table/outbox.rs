//! Messages that the server does not have yet.

use magpie_protocol::{ConversationId, MessageId, Timestamp, messages::MessageKind};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Failure,
    store::{Result, StoreError, Tx, value},
};

/// `AUTOINCREMENT`, so that a position is never given twice.
pub(crate) const SCHEMA: &str = "
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    conversation_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL,
    failure TEXT
) STRICT;
CREATE INDEX outbox_by_conversation ON outbox (conversation_id, position);
";

/// Whether a message is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutboxState {
    /// It is to be sent, or under way.
    Queued,
    /// It was refused, and waits for a decision.
    Failed,
}

/// A message that the server does not have yet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutboxRow {
    /// Its place in the order of sending.
    pub(crate) position: u64,
    /// The message.
    pub(crate) id: MessageId,
    /// Where to.
    pub(crate) conversation_id: ConversationId,
    /// What sort of content it has.
    pub(crate) kind: MessageKind,
    /// The content.
    pub(crate) content: Value,
    /// When it was written.
    pub(crate) created_at: Timestamp,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// Whether it is to be sent.
    pub(crate) state: OutboxState,
    /// Why it was refused.
    pub(crate) failure: Option<Failure>,
}

/// Adds a message at the end and returns its position. `row.position` is not used.
pub(crate) fn push(tx: &Tx<'_>, row: &OutboxRow) -> Result<u64> {
    tx.prepare_cached(
        "INSERT INTO outbox
             (id, conversation_id, kind, content, created_at, attempts, state, failure)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        row.id.as_bytes().as_slice(),
        value::int(row.conversation_id.get()),
        value::word(&row.kind)?,
        value::json(&row.content)?,
        row.created_at.0,
        row.attempts,
        value::word(&row.state)?,
        row.failure.as_ref().map(value::json).transpose()?,
    ))?;
    u64::try_from(tx.last_insert_rowid()).map_err(|_| StoreError::row("position"))
}

/// Returns a message of the outbox.
pub(crate) fn get(db: &Connection, id: MessageId) -> Result<Option<OutboxRow>> {
    db.prepare_cached("SELECT * FROM outbox WHERE id = ?1")?
        .query_row([id.as_bytes().as_slice()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// Returns a conversation's messages, refused ones included, in order.
pub(crate) fn of_conversation(db: &Connection, id: ConversationId) -> Result<Vec<OutboxRow>> {
    db.prepare_cached("SELECT * FROM outbox WHERE conversation_id = ?1 ORDER BY position")?
        .query_and_then([value::int(id.get())], read)?
        .collect()
}

/// Returns the messages that are to be sent, in order, at most `limit` of them after a position.
pub(crate) fn queued(db: &Connection, after: u64, limit: u32) -> Result<Vec<OutboxRow>> {
    db.prepare_cached(
        "SELECT * FROM outbox WHERE state = 'queued' AND position > ?1 ORDER BY position LIMIT ?2",
    )?
    .query_and_then((value::int(after), limit), read)?
    .collect()
}

/// Returns how many messages are to be sent. Refused ones are not among them.
pub(crate) fn count_queued(db: &Connection) -> Result<u64> {
    db.prepare_cached("SELECT count(*) FROM outbox WHERE state = 'queued'")?
        .query_row([], |row| Ok(value::number(row, 0)))?
}

/// Counts one more try.
pub(crate) fn attempted(tx: &Tx<'_>, id: MessageId) -> Result<()> {
    tx.prepare_cached("UPDATE outbox SET attempts = attempts + 1 WHERE id = ?1")?
        .execute([id.as_bytes().as_slice()])?;
    Ok(())
}

/// Keeps why a message was refused. Tells whether it is in the outbox.
pub(crate) fn fail(tx: &Tx<'_>, id: MessageId, failure: &Failure) -> Result<bool> {
    let changed = tx
        .prepare_cached("UPDATE outbox SET state = 'failed', failure = ?2 WHERE id = ?1")?
        .execute((id.as_bytes().as_slice(), value::json(failure)?))?;
    Ok(changed > 0)
}

/// Puts a refused message back to be sent, at the end. Tells whether there was one; a message that
/// is to be sent anyway keeps its place.
pub(crate) fn requeue(tx: &Tx<'_>, id: MessageId) -> Result<bool> {
    let Some(mut row) = get(tx, id)? else {
        return Ok(false);
    };
    if row.state == OutboxState::Failed {
        remove(tx, id)?;
        row.state = OutboxState::Queued;
        row.failure = None;
        push(tx, &row)?;
    }
    Ok(true)
}

/// Removes a message. Tells whether it was there.
pub(crate) fn remove(tx: &Tx<'_>, id: MessageId) -> Result<bool> {
    let removed = tx
        .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
        .execute([id.as_bytes().as_slice()])?;
    Ok(removed > 0)
}

/// Reads a row.
pub(in crate::store) fn read(row: &Row<'_>) -> Result<OutboxRow> {
    Ok(OutboxRow {
        position: value::number(row, "position")?,
        id: value::message_id(row, "id")?,
        conversation_id: value::conversation_id(row, "conversation_id")?,
        kind: value::from_word(row, "kind")?,
        content: value::from_json(row, "content")?,
        created_at: value::time(row, "created_at")?,
        attempts: row.get("attempts")?,
        state: value::from_word(row, "state")?,
        failure: value::maybe_json(row, "failure")?,
    })
}
