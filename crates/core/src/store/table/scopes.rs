//! How far the user's scope is known, and what to ask the next sync for. A conversation's cursor
//! stands with the conversation.

use magpie_protocol::sync::Scope;
use rusqlite::{Connection, OptionalExtension};

use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE scopes (
    scope TEXT PRIMARY KEY,
    rev INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Stands among the scopes for what to pass as `since` to the next sync.
const SINCE: &str = "since";
/// Stands among the scopes for which past of the server they are of.
const HISTORY: &str = "history";

/// Returns the revision up to which a scope is known; `None` when it was never begun.
pub(crate) fn cursor(db: &Connection, scope: Scope) -> Result<Option<u64>> {
    get(db, &scope.to_string())
}

/// Says that a scope is known up to a revision, which may be lower than before.
pub(crate) fn set_cursor(tx: &Tx<'_>, scope: Scope, rev: u64) -> Result<()> {
    set(tx, &scope.to_string(), rev)
}

/// Forgets how far a scope is known, so that it is begun again.
pub(crate) fn forget(tx: &Tx<'_>, scope: Scope) -> Result<()> {
    tx.prepare_cached("DELETE FROM scopes WHERE scope = ?1")?
        .execute([scope.to_string()])?;
    Ok(())
}

/// Returns what to pass as `since` to the next sync; 0 at first.
pub(crate) fn since(db: &Connection) -> Result<u64> {
    Ok(get(db, SINCE)?.unwrap_or(0))
}

/// Keeps what to pass as `since` to the next sync.
pub(crate) fn set_since(tx: &Tx<'_>, since: u64) -> Result<()> {
    set(tx, SINCE, since)
}

/// Returns which past of the server is known; `None` before it was heard of.
pub(crate) fn history(db: &Connection) -> Result<Option<u64>> {
    get(db, HISTORY)
}

/// Keeps which past of the server is known.
pub(crate) fn set_history(tx: &Tx<'_>, history: u64) -> Result<()> {
    set(tx, HISTORY, history)
}

fn get(db: &Connection, name: &str) -> Result<Option<u64>> {
    db.prepare_cached("SELECT rev FROM scopes WHERE scope = ?1")?
        .query_row([name], |row| Ok(value::number(row, 0)))
        .optional()?
        .transpose()
}

fn set(tx: &Tx<'_>, name: &str, rev: u64) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO scopes (scope, rev) VALUES (?1, ?2)
         ON CONFLICT (scope) DO UPDATE SET rev = excluded.rev",
    )?
    .execute((name, value::int(rev)))?;
    Ok(())
}
