//! How much there is of everything, for whoever helps.

use rusqlite::Connection;

use super::{conversations, held_ranges, space};
use crate::store::{Result, value};

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) conversations: u64,
    pub(crate) messages: u64,
    pub(crate) unread: u64,
    pub(crate) unsent: u64,
    pub(crate) refused: u64,
    pub(crate) friends: u64,
    /// Conversations of which something is missing.
    pub(crate) holes: usize,
    /// The size of the database.
    pub(crate) bytes_used: u64,
    /// The version of SQLite.
    pub(crate) sqlite: String,
    /// The version of what encrypts.
    pub(crate) sqlcipher: String,
}

/// Counts everything.
pub(crate) fn read(db: &Connection) -> Result<Counts> {
    let number =
        |sql: &str| -> Result<u64> { db.query_row(sql, [], |row| Ok(value::number(row, 0)))? };
    let text = |sql: &str| -> Result<String> { Ok(db.query_row(sql, [], |row| row.get(0))?) };
    Ok(Counts {
        conversations: number("SELECT count(*) FROM conversations")?,
        messages: number("SELECT count(*) FROM messages")?,
        unread: conversations::unread_total(db)?,
        unsent: number("SELECT count(*) FROM outbox")?,
        refused: number("SELECT count(*) FROM outbox WHERE state = 'failed'")?,
        friends: number("SELECT count(*) FROM friends WHERE deleted = 0")?,
        holes: held_ranges::with_holes(db)?.len(),
        bytes_used: number("PRAGMA page_count")?.saturating_mul(space::page_size(db)?),
        sqlite: text("SELECT sqlite_version()")?,
        sqlcipher: text("PRAGMA cipher_version")?,
    })
}
