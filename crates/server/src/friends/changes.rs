//! What changed among a user's friends, requests and blocks.

use magpie_protocol::{
    Timestamp, UserId,
    sync::{Change, Item},
};

use super::rows::{block, friend, request};
use crate::db::{DbError, Tx, params};

/// Returns at most `limit` of the friends that changed after revision `since`, in revision order.
pub(crate) fn friends_since(
    tx: &mut Tx<'_>,
    user: UserId,
    since: u64,
    limit: u32,
) -> Result<Vec<Change>, DbError> {
    tx.all(
        "SELECT f.rev, f.remark, f.since, f.conversation_id, f.deleted,
                u.id, u.username, u.nickname, u.signature, u.gender, u.region
         FROM friends f JOIN users u ON u.id = f.friend_id
         WHERE f.user_id = $1 AND f.rev > $2 ORDER BY f.rev LIMIT $3",
        params![user, since, limit],
        |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::Friend(friend(row, 1)?),
            })
        },
    )
}

macro_rules! requests {
    ($side:literal) => {
        concat!(
            "SELECT r.",
            $side,
            "_rev, r.id, r.message, r.state, r.created_at, r.expires_at,
                    f.id, f.username, f.nickname, f.signature, f.gender, f.region,
                    t.id, t.username, t.nickname, t.signature, t.gender, t.region
             FROM friend_requests r
             JOIN users f ON f.id = r.from_id JOIN users t ON t.id = r.to_id
             WHERE r.",
            $side,
            "_id = $1 AND r.",
            $side,
            "_rev > $2
             ORDER BY r.",
            $side,
            "_rev LIMIT $3"
        )
    };
}

/// Returns at most `limit` each of the sent and the received requests that changed after revision
/// `since`.
pub(crate) fn requests_since(
    tx: &mut Tx<'_>,
    user: UserId,
    since: u64,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Change>, DbError> {
    let mut changes = Vec::new();
    for sql in [requests!("from"), requests!("to")] {
        changes.extend(tx.all(sql, params![user, since, limit], |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::FriendRequest(request(row, 1, user, now)?),
            })
        })?);
    }
    Ok(changes)
}

/// Returns at most `limit` of the blocks that changed after revision `since`, in revision order.
pub(crate) fn blocks_since(
    tx: &mut Tx<'_>,
    user: UserId,
    since: u64,
    limit: u32,
) -> Result<Vec<Change>, DbError> {
    tx.all(
        "SELECT b.rev, b.since, b.deleted,
                u.id, u.username, u.nickname, u.signature, u.gender, u.region
         FROM blocks b JOIN users u ON u.id = b.blocked_id
         WHERE b.user_id = $1 AND b.rev > $2 ORDER BY b.rev LIMIT $3",
        params![user, since, limit],
        |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::Block(block(row, 1)?),
            })
        },
    )
}
