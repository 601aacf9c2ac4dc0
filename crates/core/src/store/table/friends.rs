//! Friends, and former ones, whose names the history still needs.

use magpie_protocol::{UserId, friends::Friend};
use rusqlite::{Connection, OptionalExtension, Row};

use super::users;
use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE friends (
    user_id INTEGER PRIMARY KEY,
    remark TEXT NOT NULL,
    since INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    deleted INTEGER NOT NULL
) STRICT;
";

/// Returns all present friends, in no useful order.
pub(crate) fn list(db: &Connection) -> Result<Vec<Friend>> {
    db.prepare_cached(&select("f.deleted = 0"))?
        .query_and_then([], read)?
        .collect()
}

/// Returns a friend or a former one.
pub(crate) fn get(db: &Connection, user_id: UserId) -> Result<Option<Friend>> {
    one(db, "f.user_id = ?1", user_id.get())
}

/// Keeps a friend as last heard, and the person.
pub(crate) fn upsert(tx: &Tx<'_>, friend: &Friend) -> Result<()> {
    users::upsert(tx, &friend.user)?;
    tx.prepare_cached(
        "INSERT INTO friends (user_id, remark, since, conversation_id, deleted)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (user_id) DO UPDATE SET
             remark = excluded.remark, since = excluded.since,
             conversation_id = excluded.conversation_id, deleted = excluded.deleted",
    )?
    .execute((
        value::int(friend.user.id.get()),
        &friend.remark,
        friend.since.0,
        value::int(friend.conversation_id.get()),
        friend.deleted,
    ))?;
    Ok(())
}

/// Removes all rows, before the scope is begun again.
pub(crate) fn clear(tx: &Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM friends", [])?;
    Ok(())
}

fn one(db: &Connection, condition: &str, id: u64) -> Result<Option<Friend>> {
    db.prepare_cached(&select(condition))?
        .query_row([value::int(id)], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn select(condition: &str) -> String {
    format!(
        "SELECT {}, f.remark, f.since, f.conversation_id, f.deleted
         FROM friends f JOIN users u ON u.id = f.user_id WHERE {condition}",
        users::COLUMNS
    )
}

fn read(row: &Row<'_>) -> Result<Friend> {
    Ok(Friend {
        user: users::read(row)?,
        remark: row.get("remark")?,
        since: value::time(row, "since")?,
        conversation_id: value::conversation_id(row, "conversation_id")?,
        deleted: row.get("deleted")?,
    })
}
