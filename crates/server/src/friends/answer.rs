//! Answering friend requests.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody, ErrorCode, FriendRequestId, MessageId, Timestamp, UserId,
    friends::{Friend, FriendRequest, RequestState},
    messages::SystemEvent,
    routes,
};

use super::{
    list::save,
    requests::set_state,
    rows::{find_friend, find_request, neither_blocks},
};
use crate::{
    app::App,
    conversations,
    db::Tx,
    error::{AppError, Json, Path},
    messages, presence,
    sessions::Auth,
};

/// Accepts a friend request: the two are friends, and their conversation opens with a system
/// message.
#[utoipa::path(
    post, path = routes::ACCEPT_REQUEST, tag = "friends",
    params(("request_id" = u64, Path, description = "The request")),
    responses(
        (status = 200, description = "The new friend", body = Friend),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn accept(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<FriendRequestId>,
) -> Result<Json<Friend>, AppError> {
    let now = app.now();
    let greeting = messages::mint_id(&app);
    let friend = app
        .db()
        .write(move |tx| {
            let request = open_request(tx, id, auth.user_id, now)?;
            neither_blocks(tx, auth.user_id, request.from.id)?;
            befriend(tx, &request, greeting, now)?;
            find_friend(tx, auth.user_id, request.from.id)?
                .ok_or_else(|| AppError::from(ErrorCode::NotFriends))
        })
        .await?;
    presence::relate(&app, auth.user_id, friend.user.id);
    Ok(Json(friend))
}

/// Rejects a friend request.
#[utoipa::path(
    post, path = routes::REJECT_REQUEST, tag = "friends",
    params(("request_id" = u64, Path, description = "The request")),
    responses(
        (status = 200, description = "The request as it is now", body = FriendRequest),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn reject(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<FriendRequestId>,
) -> Result<Json<FriendRequest>, AppError> {
    close(&app, auth.user_id, id, RequestState::Rejected).await
}

/// Puts a friend request aside. Who asked sees it pending until it runs out.
#[utoipa::path(
    post, path = routes::IGNORE_REQUEST, tag = "friends",
    params(("request_id" = u64, Path, description = "The request")),
    responses(
        (status = 200, description = "The request as it is now", body = FriendRequest),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn ignore(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<FriendRequestId>,
) -> Result<Json<FriendRequest>, AppError> {
    close(&app, auth.user_id, id, RequestState::Ignored).await
}

async fn close(
    app: &App,
    me: UserId,
    id: FriendRequestId,
    state: RequestState,
) -> Result<Json<FriendRequest>, AppError> {
    let now = app.now();
    let request = app
        .db()
        .write(move |tx| {
            open_request(tx, id, me, now)?;
            set_state(tx, id, state, state != RequestState::Ignored, now)?;
            find_request(tx, id, me, now)?.ok_or_else(|| AppError::from(ErrorCode::RequestNotFound))
        })
        .await?;
    Ok(Json(request))
}

/// Returns a request to `me` that can still be answered.
fn open_request(
    tx: &mut Tx<'_>,
    id: FriendRequestId,
    me: UserId,
    now: Timestamp,
) -> Result<FriendRequest, AppError> {
    let request = find_request(tx, id, me, now)?
        .filter(|request| request.to.id == me)
        .ok_or(ErrorCode::RequestNotFound)?;
    if request.state == RequestState::Pending {
        Ok(request)
    } else {
        Err(ErrorCode::RequestAnswered.into())
    }
}

/// Makes friends of the two of a request, in all that belongs to it: the request, the conversation,
/// both lists, and the system message with the id `greeting`. One who was a friend before keeps
/// their conversation and their remark name.
pub(super) fn befriend(
    tx: &mut Tx<'_>,
    request: &FriendRequest,
    greeting: MessageId,
    now: Timestamp,
) -> Result<(), AppError> {
    set_state(tx, request.id, RequestState::Accepted, true, now)?;
    let (from, to) = (&request.from, &request.to);
    let conversation_id = conversations::open_direct(tx, from.id, to.id, now)?;
    for (user, other) in [(from, to), (to, from)] {
        let earlier = find_friend(tx, user.id, other.id)?;
        let friend = Friend {
            user: other.clone(),
            remark: earlier.map(|earlier| earlier.remark).unwrap_or_default(),
            since: now,
            conversation_id,
            deleted: false,
        };
        save(tx, user.id, &friend)?;
    }
    let event = SystemEvent::Befriended {
        requester: from.id,
        accepter: to.id,
        message: request.message.clone(),
    };
    messages::post(tx, conversation_id, greeting, &event, now)?;
    Ok(())
}
