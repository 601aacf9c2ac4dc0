//! How much room the tables take.

use rusqlite::{Connection, types::ValueRef};

use crate::store::{Result, StoreError, value};

/// The room that the tables take, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Messages and their indexes.
    pub(crate) messages: u64,
    /// What messages are searched by.
    pub(crate) search: u64,
    /// Nothing.
    pub(crate) free: u64,
    /// How many messages there are.
    pub(crate) message_count: u64,
}

/// Returns the size of a page, in bytes.
pub(super) fn page_size(db: &Connection) -> Result<u64> {
    // SQLCipher answers in its own place, with a text.
    db.query_row("PRAGMA page_size", [], |row| {
        Ok(match row.get_ref(0)? {
            ValueRef::Integer(size) => u64::try_from(size).ok(),
            ValueRef::Text(text) => str::from_utf8(text).ok().and_then(|text| text.parse().ok()),
            _ => None,
        })
    })?
    .ok_or_else(|| StoreError::row("size of a page"))
}

/// Measures the tables.
pub(crate) fn used(db: &Connection) -> Result<Used> {
    let free_pages =
        db.query_row("PRAGMA freelist_count", [], |row| Ok(value::number(row, 0)))??;
    let mut used = Used {
        free: free_pages.saturating_mul(page_size(db)?),
        message_count: db.query_row("SELECT count(*) FROM messages", [], |row| {
            Ok(value::number(row, 0))
        })??,
        ..Used::default()
    };
    let mut tables = db.prepare("SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE")?;
    let mut rows = tables.query([])?;
    while let Some(row) = rows.next()? {
        let (name, bytes) = (row.get::<_, String>(0)?, value::number(row, 1)?);
        let bare = name.strip_prefix("sqlite_autoindex_").unwrap_or(&name);
        if bare.contains("search") || bare.contains("fts") {
            used.search += bytes;
        } else if bare.starts_with("messages") {
            used.messages += bytes;
        }
    }
    Ok(used)
}
