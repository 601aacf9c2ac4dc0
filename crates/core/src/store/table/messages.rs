//! Messages that the server has.

use magpie_protocol::{ConversationId, MessageId, UserId, messages::Message};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{conversations, outbox};
use crate::store::{Result, Tx, value};

/// `counts` tells what can be unread: messages of others, system messages not among them. The index
/// over these makes counting a matter of a few pages.
pub(crate) const SCHEMA: &str = "
CREATE TABLE messages (
    conversation_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL UNIQUE,
    sender_id INTEGER,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    counts INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_that_count ON messages (conversation_id, seq) WHERE counts = 1;
";

/// What inserting a message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// It was not stored before, or otherwise.
    pub(crate) news: bool,
    /// It was in the outbox, and is not any more.
    pub(crate) was_outgoing: bool,
}

/// Stores messages of one conversation, in the order of their places: takes each out of the outbox,
/// and lets the conversation's line follow the last of them. May be repeated. Held ranges and the
/// unread count are the caller's to keep: see [`super::held_ranges::add`] and
/// [`conversations::recount`].
pub(crate) fn insert_all(tx: &Tx<'_>, me: UserId, messages: &[Message]) -> Result<Vec<Inserted>> {
    let inserted = messages.iter().map(|message| store(tx, me, message));
    let inserted = inserted.collect::<Result<_>>()?;
    // Each of the others would be followed only to be left again.
    if let Some(last) = messages.last() {
        conversations::follow_message(tx, last)?;
    }
    Ok(inserted)
}

/// As [`insert_all`], of one message.
#[cfg(test)]
pub(crate) fn insert(tx: &Tx<'_>, me: UserId, message: &Message) -> Result<Inserted> {
    let inserted = insert_all(tx, me, std::slice::from_ref(message))?;
    inserted
        .into_iter()
        .next()
        .ok_or_else(|| crate::store::StoreError::row("message"))
}

fn store(tx: &Tx<'_>, me: UserId, message: &Message) -> Result<Inserted> {
    let was_outgoing = outbox::remove(tx, message.id)?;
    // Nearly all are new, and for these there is nothing to look up.
    let mut news = put(tx, me, message, "INSERT OR IGNORE")?;
    if !news && get(tx, message.id)?.as_ref() != Some(message) {
        // Another message at this place, or this one at another, is from before the server was
        // restored from a backup. It gives way.
        news = put(tx, me, message, "INSERT OR REPLACE")?;
    }
    Ok(Inserted { news, was_outgoing })
}

fn put(tx: &Tx<'_>, me: UserId, message: &Message, verb: &str) -> Result<bool> {
    let counts = message.sender_id.is_some_and(|sender| sender != me);
    let changed = tx
        .prepare_cached(&format!(
            "{verb} INTO messages
                 (conversation_id, seq, id, sender_id, kind, content, created_at, counts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        ))?
        .execute((
            value::int(message.conversation_id.get()),
            value::int(message.seq),
            message.id.as_bytes().as_slice(),
            message.sender_id.map(|id| value::int(id.get())),
            value::word(&message.kind)?,
            value::json(&message.content)?,
            message.created_at.0,
            counts,
        ))?;
    Ok(changed > 0)
}

/// Returns a message.
pub(crate) fn get(db: &Connection, id: MessageId) -> Result<Option<Message>> {
    db.prepare_cached("SELECT * FROM messages WHERE id = ?1")?
        .query_row([id.as_bytes().as_slice()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// Returns the stored messages between two places, both included, in order. Whether there are holes
/// among them, [`super::held_ranges`] knows.
pub(crate) fn range(
    db: &Connection,
    id: ConversationId,
    from: u64,
    to: u64,
) -> Result<Vec<Message>> {
    db.prepare_cached(
        "SELECT * FROM messages WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
    )?
    .query_and_then(
        (value::int(id.get()), value::int(from), value::int(to)),
        read,
    )?
    .collect()
}

/// Returns the first message after a place that can be unread.
pub(crate) fn first_counting_after(
    db: &Connection,
    id: ConversationId,
    seq: u64,
) -> Result<Option<u64>> {
    db.prepare_cached(
        "SELECT min(seq) AS seq FROM messages
         WHERE conversation_id = ?1 AND seq > ?2 AND counts = 1",
    )?
    .query_row((value::int(id.get()), value::int(seq)), |row| {
        Ok(value::maybe_number(row, "seq"))
    })?
}

/// Returns the last message after a place that can be unread.
pub(crate) fn last_counting_after(
    db: &Connection,
    id: ConversationId,
    seq: u64,
) -> Result<Option<Message>> {
    db.prepare_cached(
        "SELECT * FROM messages WHERE conversation_id = ?1 AND seq > ?2 AND counts = 1
         ORDER BY seq DESC LIMIT 1",
    )?
    .query_row((value::int(id.get()), value::int(seq)), |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// Counts the stored messages after one place and up to another that can be unread.
pub(crate) fn count_counting(
    db: &Connection,
    id: ConversationId,
    after: u64,
    to: u64,
) -> Result<u64> {
    db.prepare_cached(
        "SELECT count(*) AS many FROM messages
         WHERE conversation_id = ?1 AND seq > ?2 AND seq <= ?3 AND counts = 1",
    )?
    .query_row(
        (value::int(id.get()), value::int(after), value::int(to)),
        |row| Ok(value::number(row, "many")),
    )?
}

/// Removes all messages of a conversation, before its scope is begun again.
pub(crate) fn clear(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    tx.prepare_cached("DELETE FROM messages WHERE conversation_id = ?1")?
        .execute([value::int(id.get())])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: value::message_id(row, "id")?,
        conversation_id: value::conversation_id(row, "conversation_id")?,
        seq: value::number(row, "seq")?,
        sender_id: value::maybe_user_id(row, "sender_id")?,
        kind: value::from_word(row, "kind")?,
        content: value::from_json(row, "content")?,
        created_at: value::time(row, "created_at")?,
    })
}
