//! Marks that the server has not confirmed.

use magpie_protocol::{ConversationId, conversations::Marks};
use rusqlite::{Connection, Row};

use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE marks_owed (
    conversation_id INTEGER PRIMARY KEY,
    delivered INTEGER,
    read INTEGER
) STRICT;
";

/// Owes marks; of two of a kind, the higher one stays.
pub(crate) fn owe(tx: &Tx<'_>, id: ConversationId, marks: &Marks) -> Result<()> {
    if marks.delivered.is_none() && marks.read.is_none() {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO marks_owed (conversation_id, delivered, read) VALUES (?1, ?2, ?3)
         ON CONFLICT (conversation_id) DO UPDATE SET
             delivered = coalesce(max(delivered, excluded.delivered), delivered, excluded.delivered),
             read = coalesce(max(read, excluded.read), read, excluded.read)",
    )?
    .execute((
        value::int(id.get()),
        marks.delivered.map(value::int),
        marks.read.map(value::int),
    ))?;
    Ok(())
}

/// Returns all marks that are owed.
pub(crate) fn list(db: &Connection) -> Result<Vec<(ConversationId, Marks)>> {
    db.prepare_cached("SELECT * FROM marks_owed ORDER BY conversation_id")?
        .query_and_then([], read)?
        .collect()
}

/// Returns the marks that may be sent: not those of conversations that the server seems to have lost
/// a part of.
pub(crate) fn due(db: &Connection) -> Result<Vec<(ConversationId, Marks)>> {
    db.prepare_cached(
        "SELECT m.* FROM marks_owed m JOIN conversations c ON c.id = m.conversation_id
         WHERE c.cursor <= c.head_rev ORDER BY m.conversation_id",
    )?
    .query_and_then([], read)?
    .collect()
}

fn read(row: &Row<'_>) -> Result<(ConversationId, Marks)> {
    let marks = Marks {
        delivered: value::maybe_number(row, "delivered")?,
        read: value::maybe_number(row, "read")?,
    };
    Ok((value::conversation_id(row, "conversation_id")?, marks))
}

/// Removes what the server has confirmed: it holds at least these marks. A read mark confirms the
/// delivered mark at the same place.
pub(crate) fn settle(tx: &Tx<'_>, id: ConversationId, confirmed: &Marks) -> Result<()> {
    let read = confirmed.read.map_or(0, value::int);
    let delivered = confirmed.delivered.map_or(0, value::int).max(read);
    tx.prepare_cached(
        "UPDATE marks_owed SET
             delivered = CASE WHEN delivered > ?2 THEN delivered END,
             read = CASE WHEN read > ?3 THEN read END
         WHERE conversation_id = ?1",
    )?
    .execute((value::int(id.get()), delivered, read))?;
    tx.prepare_cached(
        "DELETE FROM marks_owed
         WHERE conversation_id = ?1 AND delivered IS NULL AND read IS NULL",
    )?
    .execute([value::int(id.get())])?;
    Ok(())
}

/// Drops what is owed everywhere.
pub(crate) fn clear(tx: &Tx<'_>) -> Result<()> {
    tx.prepare_cached("DELETE FROM marks_owed")?.execute([])?;
    Ok(())
}

/// Drops what is owed for a conversation, which the server does not know (any more).
pub(crate) fn remove(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    tx.prepare_cached("DELETE FROM marks_owed WHERE conversation_id = ?1")?
        .execute([value::int(id.get())])?;
    Ok(())
}
