//! Reading friends, requests and blocks, and looking one up.

use magpie_protocol::{
    ErrorCode, FriendRequestId, Timestamp, UserId,
    accounts::User,
    friends::{Block, Friend, FriendRequest, RequestState},
};

use crate::{
    accounts,
    db::{DbError, Row, Tx, params},
    error::AppError,
};

/// Reads a friend from the columns `remark, since, conversation_id, deleted` and those of a user,
/// which begin at `at`.
pub(super) fn friend(row: &Row<'_>, at: usize) -> Result<Friend, DbError> {
    Ok(Friend {
        remark: row.get(at)?,
        since: row.get(at + 1)?,
        conversation_id: row.get(at + 2)?,
        deleted: row.get(at + 3)?,
        user: accounts::user_from(row, at + 4)?,
    })
}

/// Returns how `user` holds `other` in their list, former friends included.
pub(super) fn find_friend(
    tx: &mut Tx<'_>,
    user: UserId,
    other: UserId,
) -> Result<Option<Friend>, DbError> {
    tx.first(
        "SELECT f.remark, f.since, f.conversation_id, f.deleted,
                u.id, u.username, u.nickname, u.signature, u.gender, u.region
         FROM friends f JOIN users u ON u.id = f.friend_id
         WHERE f.user_id = $1 AND f.friend_id = $2",
        params![user, other],
        |row| friend(row, 0),
    )
}

/// Reads a block from the columns `since, deleted` and those of a user, which begin at `at`.
pub(super) fn block(row: &Row<'_>, at: usize) -> Result<Block, DbError> {
    Ok(Block {
        since: row.get(at)?,
        deleted: row.get(at + 1)?,
        user: accounts::user_from(row, at + 2)?,
    })
}

/// Tells whether `user` blocks `other`.
pub(super) fn blocks(tx: &mut Tx<'_>, user: UserId, other: UserId) -> Result<bool, DbError> {
    let found = tx.first(
        "SELECT 1 FROM blocks WHERE user_id = $1 AND blocked_id = $2 AND deleted = 0",
        params![user, other],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Refuses when one of the two blocks the other.
pub(super) fn neither_blocks(tx: &mut Tx<'_>, me: UserId, other: UserId) -> Result<(), AppError> {
    if blocks(tx, other, me)? {
        return Err(ErrorCode::Blocked.into());
    }
    if blocks(tx, me, other)? {
        return Err(ErrorCode::BlockedByYou.into());
    }
    Ok(())
}

/// Reads a request from the columns `id, message, state, created_at, expires_at` and those of the
/// two users, the one who asks first, which begin at `at`. `viewer` is who will see it: who asked
/// is not told of being ignored before the request has run out.
pub(super) fn request(
    row: &Row<'_>,
    at: usize,
    viewer: UserId,
    now: Timestamp,
) -> Result<FriendRequest, DbError> {
    let from = accounts::user_from(row, at + 5)?;
    let to = accounts::user_from(row, at + 11)?;
    let state: String = row.get(at + 2)?;
    let expires_at: Timestamp = row.get(at + 4)?;
    let over = now >= expires_at;
    let state = match read_state(&state)? {
        RequestState::Pending if over => RequestState::Ignored,
        RequestState::Ignored if !over && viewer == from.id => RequestState::Pending,
        state => state,
    };
    Ok(FriendRequest {
        id: row.get(at)?,
        message: row.get(at + 1)?,
        state,
        created_at: row.get(at + 3)?,
        expires_at,
        from,
        to,
    })
}

/// Returns how a state is stored.
pub(super) const fn state_text(state: RequestState) -> &'static str {
    match state {
        RequestState::Pending => "pending",
        RequestState::Accepted => "accepted",
        RequestState::Rejected => "rejected",
        RequestState::Ignored => "ignored",
    }
}

fn read_state(text: &str) -> Result<RequestState, DbError> {
    match text {
        "pending" => Ok(RequestState::Pending),
        "accepted" => Ok(RequestState::Accepted),
        "rejected" => Ok(RequestState::Rejected),
        "ignored" => Ok(RequestState::Ignored),
        _ => Err(DbError::Column("the state of a friend request")),
    }
}

/// Returns a request as `viewer` sees it.
pub(super) fn find_request(
    tx: &mut Tx<'_>,
    id: FriendRequestId,
    viewer: UserId,
    now: Timestamp,
) -> Result<Option<FriendRequest>, DbError> {
    tx.first(
        "SELECT r.id, r.message, r.state, r.created_at, r.expires_at,
                f.id, f.username, f.nickname, f.signature, f.gender, f.region,
                t.id, t.username, t.nickname, t.signature, t.gender, t.region
         FROM friend_requests r JOIN users f ON f.id = r.from_id JOIN users t ON t.id = r.to_id
         WHERE r.id = $1",
        params![id],
        |row| request(row, 0, viewer, now),
    )
}

/// Returns the public profile of somebody, or refuses where there is nobody.
pub(super) fn require_user(tx: &mut Tx<'_>, id: UserId) -> Result<User, AppError> {
    accounts::find_user(tx, id)?.ok_or_else(|| ErrorCode::UserNotFound.into())
}
