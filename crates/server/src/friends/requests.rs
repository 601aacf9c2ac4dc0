//! The lists of friend requests, and how a request changes.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody, FriendRequestId, Page, Timestamp, UserId,
    friends::{Direction, FriendRequest, RequestState},
    routes,
    sync::{Item, Scope},
};
use serde::Deserialize;

use super::{
    list::page,
    rows::{find_request, request, state_text},
};
use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json, Query},
    sessions::Auth,
    sync::{cursor, revisions},
};

/// Which requests are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Those that the asker received, or those that they sent.
    #[param(inline)]
    direction: Direction,
    /// `next` of the part before.
    cursor: Option<String>,
    /// How many at most; 1 to 500.
    limit: Option<u64>,
}

macro_rules! requests {
    ($side:literal) => {
        concat!(
            "SELECT r.id, r.message, r.state, r.created_at, r.expires_at,
                    f.id, f.username, f.nickname, f.signature, f.gender, f.region,
                    t.id, t.username, t.nickname, t.signature, t.gender, t.region
             FROM friend_requests r
             JOIN users f ON f.id = r.from_id JOIN users t ON t.id = r.to_id
             WHERE r.",
            $side,
            "_id = $1 AND (r.created_at, r.id) < ($2, $3)
             ORDER BY r.created_at DESC, r.id DESC LIMIT $4"
        )
    };
}

/// The asker's friend requests, newest first.
#[utoipa::path(
    get, path = routes::FRIEND_REQUESTS, tag = "friends", params(Wanted),
    responses(
        (status = 200, description = "A part of the list", body = Page<FriendRequest>),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    auth: Auth,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<FriendRequest>>, AppError> {
    let limit = cursor::limit(wanted.limit)?;
    let before = cursor::numbers::<2>(wanted.cursor.as_deref())?;
    let [age, id] = before.unwrap_or([u64::MAX; 2]);
    let sql = match wanted.direction {
        Direction::Received => requests!("to"),
        Direction::Sent => requests!("from"),
    };
    let now = app.now();
    let requests = app
        .db()
        .read(move |tx| {
            tx.all(sql, params![auth.user_id, age, id, limit + 1], |row| {
                request(row, 0, auth.user_id, now)
            })
            .map_err(AppError::from)
        })
        .await?;
    Ok(Json(page(requests, limit, |request| {
        let age = u64::try_from(request.created_at.0).unwrap_or_default();
        [age, request.id.get()]
    })))
}

/// Gives a request another state, as a change in the scopes of both. With `tell_sender` unset only
/// the person who was asked hears of it.
pub(super) fn set_state(
    tx: &mut Tx<'_>,
    id: FriendRequestId,
    state: RequestState,
    tell_sender: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    let (from, to): (UserId, UserId) = tx.one(
        "UPDATE friend_requests SET state = $2 WHERE id = $1 RETURNING from_id, to_id",
        params![id, state_text(state)],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if tell_sender {
        record(tx, id, from, Side::From, now)?;
    }
    record(tx, id, to, Side::To, now)
}

/// Whose scope a change of a request is recorded in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// That of the person who asks.
    From,
    /// That of the person who is asked.
    To,
}

/// Records the present state of a request in one of its two scopes.
pub(super) fn record(
    tx: &mut Tx<'_>,
    id: FriendRequestId,
    user: UserId,
    side: Side,
    now: Timestamp,
) -> Result<(), DbError> {
    let rev = revisions::advance(tx, Scope::User(user), 1)?;
    let sql = match side {
        Side::From => "UPDATE friend_requests SET from_rev = $2 WHERE id = $1",
        Side::To => "UPDATE friend_requests SET to_rev = $2 WHERE id = $1",
    };
    tx.execute(sql, params![id, rev])?;
    if let Some(request) = find_request(tx, id, user, now)? {
        revisions::record(tx, Scope::User(user), rev, Item::FriendRequest(request));
    }
    Ok(())
}
