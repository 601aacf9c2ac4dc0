//! Revisions: the counter of each scope, and how a change takes the next one.
//!
//! A change takes its revision under the scope's row lock (the `UPDATE` below), stamps its row with
//! it and publishes the row, all in one transaction. So revisions become visible in order, and a
//! client that holds a scope up to a revision misses nothing below it.

use magpie_protocol::sync::{Change, Item, Scope};

use crate::{
    bus::Event,
    db::{DbError, Tx, params},
};

/// Takes the next `count` revisions of a scope for this transaction and returns the first of them.
/// A conversation is marked as moved.
///
/// # Errors
/// [`DbError`] when the scope does not exist or the database fails.
pub fn advance(tx: &mut Tx<'_>, scope: Scope, count: u64) -> Result<u64, DbError> {
    let last: u64 = match scope {
        Scope::User(id) => tx.one(
            "UPDATE users SET rev = rev + $2 WHERE id = $1 RETURNING rev",
            params![id, count],
            |row| row.get(0),
        )?,
        Scope::Conversation(id) => {
            let stamp = tx.stamp();
            tx.one(
                "UPDATE conversations SET rev = rev + $2, activity = $3 WHERE id = $1 RETURNING rev",
                params![id, count, stamp],
                |row| row.get(0),
            )?
        }
    };
    Ok(last.saturating_sub(count).saturating_add(1))
}

/// Publishes a row that was stamped with `rev`, which [`advance`] gave for this one change.
pub fn record(tx: &mut Tx<'_>, scope: Scope, rev: u64, item: Item) {
    tx.publish(Event::Changes {
        scope,
        prev: rev.saturating_sub(1),
        rev,
        changes: vec![Change { rev, item }],
    });
}
