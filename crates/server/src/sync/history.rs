//! Which past a database has.
//!
//! A database that was restored from a copy gives the same revisions, stamps and places out once
//! more, for other things. Where it has come further by then than a device had seen, no cursor shows
//! that. So each database says which history it is of, by a random number that changes when it is
//! restored: a copy has none, and is given one by the first server that runs on it.

use magpie_protocol::MAX_NUMBER;

use crate::db::{DbError, Tx, params};

/// The name of the number among the settings.
pub(crate) const SETTING: &str = "history";

/// What the number is made of.
pub(crate) type Fresh = [u8; 8];

/// Gives the database a history where it has none.
///
/// # Errors
/// What the database says.
pub(crate) fn begin(tx: &mut Tx<'_>, fresh: &Fresh) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        params![SETTING, fresh],
    )
    .map(drop)
}

/// Gives the database another history than it had.
///
/// # Errors
/// What the database says.
pub(crate) fn renew(tx: &mut Tx<'_>, fresh: &Fresh) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![SETTING, fresh],
    )
    .map(drop)
}

/// Returns the history, as a number that every client can hold; never 0.
///
/// # Errors
/// What the database says.
pub(crate) fn present(tx: &mut Tx<'_>) -> Result<u64, DbError> {
    let bytes: Fresh = tx.one(
        "SELECT value FROM settings WHERE name = $1",
        params![SETTING],
        |row| row.get(0),
    )?;
    Ok((u64::from_be_bytes(bytes) & MAX_NUMBER).max(1))
}
