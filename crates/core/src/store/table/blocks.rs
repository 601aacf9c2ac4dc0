//! Blocked people.

use magpie_protocol::{UserId, friends::Block};
use rusqlite::{Connection, Row};

use super::users;
use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE blocks (
    user_id INTEGER PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT;
";

/// Returns everybody who is blocked, the latest first.
pub(crate) fn list(db: &Connection) -> Result<Vec<Block>> {
    db.prepare_cached(&format!(
        "SELECT {}, b.since FROM blocks b JOIN users u ON u.id = b.user_id ORDER BY b.since DESC",
        users::COLUMNS
    ))?
    .query_and_then([], read)?
    .collect()
}

/// Tells whether somebody is blocked.
pub(crate) fn contains(db: &Connection, user_id: UserId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM blocks WHERE user_id = ?1")?
        .exists([value::int(user_id.get())])?)
}

/// Keeps a block, or removes it where it is a deleted one.
pub(crate) fn upsert(tx: &Tx<'_>, block: &Block) -> Result<()> {
    users::upsert(tx, &block.user)?;
    if block.deleted {
        return remove(tx, block.user.id);
    }
    tx.prepare_cached(
        "INSERT INTO blocks (user_id, since) VALUES (?1, ?2)
         ON CONFLICT (user_id) DO UPDATE SET since = excluded.since",
    )?
    .execute((value::int(block.user.id.get()), block.since.0))?;
    Ok(())
}

/// Removes a block.
pub(crate) fn remove(tx: &Tx<'_>, user_id: UserId) -> Result<()> {
    tx.prepare_cached("DELETE FROM blocks WHERE user_id = ?1")?
        .execute([value::int(user_id.get())])?;
    Ok(())
}

/// Removes all rows, before the scope is begun again.
pub(crate) fn clear(tx: &Tx<'_>) -> Result<()> {
    tx.execute("DELETE FROM blocks", [])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Block> {
    Ok(Block {
        user: users::read(row)?,
        since: value::time(row, "since")?,
        deleted: false,
    })
}
