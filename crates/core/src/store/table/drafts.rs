//! What was begun to be written and not sent.

use magpie_protocol::ConversationId;
use rusqlite::Connection;
#[cfg(test)]
use rusqlite::OptionalExtension;

use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE drafts (
    conversation_id INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
";

/// Returns a conversation's draft. The app reads it with the conversation's line.
#[cfg(test)]
pub(crate) fn get(db: &Connection, id: ConversationId) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT text FROM drafts WHERE conversation_id = ?1")?
        .query_row([value::int(id.get())], |row| row.get(0))
        .optional()?)
}

/// Keeps a draft; blank text removes it.
pub(crate) fn set(tx: &Tx<'_>, id: ConversationId, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        tx.prepare_cached("DELETE FROM drafts WHERE conversation_id = ?1")?
            .execute([value::int(id.get())])?;
    } else {
        tx.prepare_cached(
            "INSERT INTO drafts (conversation_id, text) VALUES (?1, ?2)
             ON CONFLICT (conversation_id) DO UPDATE SET text = excluded.text",
        )?
        .execute((value::int(id.get()), text))?;
    }
    Ok(())
}

/// Returns all drafts.
pub(crate) fn list(db: &Connection) -> Result<Vec<(ConversationId, String)>> {
    db.prepare("SELECT conversation_id, text FROM drafts")?
        .query_and_then([], |row| {
            Ok((
                value::conversation_id(row, "conversation_id")?,
                row.get("text")?,
            ))
        })?
        .collect()
}
