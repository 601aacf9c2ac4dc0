//! Who may see whether somebody is online.

use magpie_protocol::UserId;

use crate::db::{DbError, Tx, params};

/// Returns the friends of somebody, without those between whom and them there is a block. What holds
/// for one holds for the other: these are also those whom they see.
///
/// # Errors
/// What the database says.
pub(super) fn of(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<UserId>, DbError> {
    tx.all(
        "SELECT f.friend_id FROM friends f
         WHERE f.user_id = $1 AND f.deleted = 0
           AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_id = f.user_id
                           AND b.blocked_id = f.friend_id AND b.deleted = 0)
           AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.user_id = f.friend_id
                           AND b.blocked_id = f.user_id AND b.deleted = 0)",
        params![user],
        |row| row.get(0),
    )
}

/// Tells whether two people may see each other; `None` where they are not even friends.
///
/// # Errors
/// What the database says.
pub(super) fn are(tx: &mut Tx<'_>, one: UserId, other: UserId) -> Result<Option<bool>, DbError> {
    let blocks: Option<u64> = tx.first(
        "SELECT (SELECT COUNT(*) FROM blocks b WHERE b.deleted = 0
                 AND ((b.user_id = f.user_id AND b.blocked_id = f.friend_id)
                      OR (b.user_id = f.friend_id AND b.blocked_id = f.user_id)))
         FROM friends f WHERE f.user_id = $1 AND f.friend_id = $2 AND f.deleted = 0",
        params![one, other],
        |row| row.get(0),
    )?;
    Ok(blocks.map(|blocks| blocks == 0))
}
