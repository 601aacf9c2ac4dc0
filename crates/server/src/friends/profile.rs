//! Telling others that somebody's profile changed.

use magpie_protocol::{
    ConversationId, FriendRequestId, Timestamp, UserId,
    sync::{Item, Scope},
};

use super::{
    blocks,
    requests::{Side, record},
    rows::find_friend,
};
use crate::{
    conversations,
    db::{DbError, Row, Tx, params},
    sync::revisions,
};

/// Records that what others see of a user has changed, wherever it lies: in the scopes of their
/// friends, of people with whom they have a friend request, and of those who block them; and in
/// that of each conversation. To be called in the transaction that changed it, after the change.
///
/// # Errors
/// What the database says.
pub(crate) fn touch_profile(tx: &mut Tx<'_>, user: UserId, now: Timestamp) -> Result<(), DbError> {
    touch_friends(tx, user)?;
    touch_requests(tx, user, now)?;
    for blocker in blocks::blockers(tx, user)? {
        blocks::touch(tx, blocker, user)?;
    }
    let mut rooms: Vec<ConversationId> = conversations::conversations_of(tx, user)?;
    rooms.sort_unstable();
    for room in rooms {
        conversations::touch_member(tx, room, user)?;
    }
    Ok(())
}

fn touch_friends(tx: &mut Tx<'_>, user: UserId) -> Result<(), DbError> {
    let friends: Vec<UserId> = tx.all(
        "SELECT friend_id FROM friends WHERE user_id = $1 AND deleted = 0 ORDER BY friend_id",
        params![user],
        |row| row.get(0),
    )?;
    for friend in friends {
        let rev = revisions::advance(tx, Scope::User(friend), 1)?;
        tx.execute(
            "UPDATE friends SET rev = $3 WHERE user_id = $1 AND friend_id = $2",
            params![friend, user, rev],
        )?;
        if let Some(row) = find_friend(tx, friend, user)? {
            revisions::record(tx, Scope::User(friend), rev, Item::Friend(row));
        }
    }
    Ok(())
}

/// Answered requests are told of as well: they stay in the lists of both. Those with friends are
/// not, who have just been told.
fn touch_requests(tx: &mut Tx<'_>, user: UserId, now: Timestamp) -> Result<(), DbError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let sent: Vec<(FriendRequestId, UserId)> = tx.all(
        "SELECT r.id, r.to_id FROM friend_requests r
         WHERE r.from_id = $1 AND NOT EXISTS (
            SELECT 1 FROM friends f
            WHERE f.user_id = r.from_id AND f.friend_id = r.to_id AND f.deleted = 0)
         ORDER BY r.to_id",
        params![user],
        read,
    )?;
    let received: Vec<(FriendRequestId, UserId)> = tx.all(
        "SELECT r.id, r.from_id FROM friend_requests r
         WHERE r.to_id = $1 AND NOT EXISTS (
            SELECT 1 FROM friends f
            WHERE f.user_id = r.to_id AND f.friend_id = r.from_id AND f.deleted = 0)
         ORDER BY r.from_id",
        params![user],
        read,
    )?;
    for (request, other) in sent {
        record(tx, request, other, Side::To, now)?;
    }
    for (request, other) in received {
        record(tx, request, other, Side::From, now)?;
    }
    Ok(())
}
