//! Friend requests, sent and received.

use magpie_protocol::{
    FriendRequestId, UserId,
    friends::{Direction, FriendRequest},
};
use rusqlite::{Connection, OptionalExtension, Row};

use super::users;
use crate::store::{Result, StoreError, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE friend_requests (
    id INTEGER PRIMARY KEY,
    from_id INTEGER NOT NULL,
    to_id INTEGER NOT NULL,
    message TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX friend_requests_by_from ON friend_requests (from_id, created_at);
CREATE INDEX friend_requests_by_to ON friend_requests (to_id, created_at);
";

/// Returns the requests that `me` received or sent, newest first, as the server last said: one
/// that has run out since is there as pending.
pub(crate) fn list(
    db: &Connection,
    me: UserId,
    direction: Direction,
) -> Result<Vec<FriendRequest>> {
    let column = match direction {
        Direction::Received => "to_id",
        Direction::Sent => "from_id",
    };
    db.prepare_cached(&format!(
        "SELECT * FROM friend_requests WHERE {column} = ?1 ORDER BY created_at DESC, id DESC"
    ))?
    .query_and_then([value::int(me.get())], |row| read(db, row))?
    .collect()
}

/// Returns a request.
pub(crate) fn get(db: &Connection, id: FriendRequestId) -> Result<Option<FriendRequest>> {
    db.prepare_cached("SELECT * FROM friend_requests WHERE id = ?1")?
        .query_row([value::int(id.get())], |row| Ok(read(db, row)))
        .optional()?
        .transpose()
}

/// Returns the latest request from one person to another.
pub(crate) fn latest(db: &Connection, from: UserId, to: UserId) -> Result<Option<FriendRequest>> {
    db.prepare_cached(
        "SELECT * FROM friend_requests WHERE from_id = ?1 AND to_id = ?2
         ORDER BY created_at DESC, id DESC LIMIT 1",
    )?
    .query_row((value::int(from.get()), value::int(to.get())), |row| {
        Ok(read(db, row))
    })
    .optional()?
    .transpose()
}

/// Keeps a request as last heard, and its two people.
pub(crate) fn upsert(tx: &Tx<'_>, request: &FriendRequest) -> Result<()> {
    users::upsert(tx, &request.from)?;
    users::upsert(tx, &request.to)?;
    tx.prepare_cached(
        "INSERT INTO friend_requests (id, from_id, to_id, message, state, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET
             message = excluded.message, state = excluded.state,
             created_at = excluded.created_at, expires_at = excluded.expires_at",
    )?
    .execute((
        value::int(request.id.get()),
        value::int(request.from.id.get()),
        value::int(request.to.id.get()),
        &request.message,
        value::word(&request.state)?,
        request.created_at.0,
        request.expires_at.0,
    ))?;
    Ok(())
}

/// Removes all rows, before the scope is begun again.
pub(crate) fn clear(tx: &Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM friend_requests", [])?;
    Ok(())
}

fn read(db: &Connection, row: &Row<'_>) -> Result<FriendRequest> {
    let person = |column| {
        users::get(db, value::user_id(row, column)?)?.ok_or_else(|| StoreError::row("person"))
    };
    Ok(FriendRequest {
        id: value::request_id(row, "id")?,
        from: person("from_id")?,
        to: person("to_id")?,
        message: row.get("message")?,
        state: value::from_word(row, "state")?,
        created_at: value::time(row, "created_at")?,
        expires_at: value::time(row, "expires_at")?,
    })
}
