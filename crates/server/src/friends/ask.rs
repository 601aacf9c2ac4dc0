//! Asking somebody for friendship.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody, ErrorCode, FriendRequestId, MessageId, Timestamp, UserId,
    friends::{FriendRequest, NewFriendRequest, RequestState},
    limits::{FRIEND_MESSAGE_CHARS, FRIEND_REQUEST_LIFE_MS, FRIEND_REQUEST_PAUSE_MS},
    routes,
};

use super::{
    answer::befriend,
    requests::{Side, record},
    rows::{find_friend, find_request, neither_blocks, require_user, state_text},
};
use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json},
    messages, presence,
    sessions::Auth,
};

/// Asks somebody for friendship. Where they have asked already, this accepts their request.
#[utoipa::path(
    post, path = routes::FRIEND_REQUESTS, tag = "friends",
    request_body = NewFriendRequest,
    responses(
        (status = 200, description = "The request", body = FriendRequest),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn ask(
    State(app): State<App>,
    auth: Auth,
    Json(wanted): Json<NewFriendRequest>,
) -> Result<Json<FriendRequest>, AppError> {
    if wanted.message.chars().count() > FRIEND_MESSAGE_CHARS || wanted.message.contains('\0') {
        return Err(ErrorCode::InvalidContent.into());
    }
    if wanted.user_id == auth.user_id {
        return Err(ErrorCode::NotWithYourself.into());
    }
    app.limits().friend_request(auth.user_id)?;
    let (now, other) = (app.now(), wanted.user_id);
    let greeting = messages::mint_id(&app);
    let request = app
        .db()
        .write(move |tx| {
            request(
                tx,
                auth.user_id,
                wanted.user_id,
                &wanted.message,
                greeting,
                now,
            )
        })
        .await?;
    if request.state == RequestState::Accepted {
        presence::relate(&app, auth.user_id, other);
    }
    Ok(Json(request))
}

/// Makes or renews the request of `me` to `other`, or accepts the one that `other` made. `greeting`
/// is the id of the system message, should they become friends.
fn request(
    tx: &mut Tx<'_>,
    me: UserId,
    other: UserId,
    message: &str,
    greeting: MessageId,
    now: Timestamp,
) -> Result<FriendRequest, AppError> {
    require_user(tx, other)?;
    if find_friend(tx, me, other)?.is_some_and(|friend| !friend.deleted) {
        return Err(ErrorCode::AlreadyFriends.into());
    }
    neither_blocks(tx, me, other)?;
    if let Some(theirs) = find_between(tx, other, me, now)?
        && theirs.state == RequestState::Pending
    {
        befriend(tx, &theirs, greeting, now)?;
        let accepted = find_request(tx, theirs.id, me, now)?;
        return accepted.ok_or_else(|| ErrorCode::RequestNotFound.into());
    }
    let mine = find_between(tx, me, other, now)?;
    if let Some(mine) = &mine {
        let wait = FRIEND_REQUEST_PAUSE_MS - now.millis_since(mine.created_at);
        if wait > 0 {
            let wait = u64::try_from(wait).unwrap_or_default();
            return Err(AppError::wait(ErrorCode::RequestTooSoon, wait));
        }
    }
    let id = store(tx, mine.map(|mine| mine.id), me, other, message, now)?;
    record(tx, id, me, Side::From, now)?;
    record(tx, id, other, Side::To, now)?;
    find_request(tx, id, me, now)?.ok_or_else(|| ErrorCode::RequestNotFound.into())
}

/// Returns the request that `from` made to `to`, as `to` sees it.
fn find_between(
    tx: &mut Tx<'_>,
    from: UserId,
    to: UserId,
    now: Timestamp,
) -> Result<Option<FriendRequest>, DbError> {
    let id: Option<FriendRequestId> = tx.first(
        "SELECT id FROM friend_requests WHERE from_id = $1 AND to_id = $2",
        params![from, to],
        |row| row.get(0),
    )?;
    match id {
        Some(id) => find_request(tx, id, to, now),
        None => Ok(None),
    }
}

fn store(
    tx: &mut Tx<'_>,
    earlier: Option<FriendRequestId>,
    from: UserId,
    to: UserId,
    message: &str,
    now: Timestamp,
) -> Result<FriendRequestId, DbError> {
    let state = state_text(RequestState::Pending);
    let expires_at = now.plus_millis(FRIEND_REQUEST_LIFE_MS);
    if let Some(id) = earlier {
        tx.execute(
            "UPDATE friend_requests SET message = $2, state = $3, created_at = $4, expires_at = $5
             WHERE id = $1",
            params![id, message, state, now, expires_at],
        )?;
        return Ok(id);
    }
    let id: FriendRequestId = tx.next_id("friend_requests")?;
    tx.execute(
        "INSERT INTO friend_requests
         (id, from_id, to_id, message, state, created_at, expires_at, from_rev, to_rev)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)",
        params![id, from, to, message, state, now, expires_at],
    )?;
    Ok(id)
}
