//! Who may see whether somebody is online.

use magpie_protocol::{Timestamp, UserId};

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

/// A friend, as somebody may see them who asks whether they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Friend {
    pub(super) id: UserId,
    /// There is no block between the two.
    pub(super) open: bool,
    /// When a device of theirs was seen last. Behind a block, not later than its beginning: it shall
    /// look as if they had gone then.
    pub(super) last_seen_at: Option<Timestamp>,
}

/// Returns all friends of somebody, those included between whom and them there is a block.
///
/// # Errors
/// What the database says.
pub(super) fn friends(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Friend>, DbError> {
    tx.all(
        "SELECT f.friend_id,
                (SELECT MAX(d.last_seen_at) FROM devices d WHERE d.user_id = f.friend_id),
                (SELECT b.since FROM blocks b WHERE b.user_id = f.user_id
                 AND b.blocked_id = f.friend_id AND b.deleted = 0),
                (SELECT b.since FROM blocks b WHERE b.user_id = f.friend_id
                 AND b.blocked_id = f.user_id AND b.deleted = 0)
         FROM friends f WHERE f.user_id = $1 AND f.deleted = 0 ORDER BY f.friend_id",
        params![user],
        |row| {
            let seen: Option<Timestamp> = row.get(1)?;
            let (ours, theirs): (Option<Timestamp>, Option<Timestamp>) = (row.get(2)?, row.get(3)?);
            let blocked = ours.into_iter().chain(theirs).min();
            Ok(Friend {
                id: row.get(0)?,
                open: blocked.is_none(),
                last_seen_at: seen.map(|seen| blocked.map_or(seen, |blocked| seen.min(blocked))),
            })
        },
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
