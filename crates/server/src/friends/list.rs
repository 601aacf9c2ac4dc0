//! The list of friends.

use axum::{extract::State, http::StatusCode};
use magpie_protocol::{
    ErrorBody, ErrorCode, Page, UserId,
    friends::{Friend, UpdateFriend},
    limits::REMARK_CHARS,
    names, routes,
    sync::{Item, Scope},
};
use serde::Deserialize;

use super::rows::{find_friend, friend, require_user};
use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json, Path, Query},
    sessions::Auth,
    sync::{cursor, revisions},
};

/// Which part of a list is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// `next` of the part before.
    pub(super) cursor: Option<String>,
    /// How many at most; 1 to 500.
    pub(super) limit: Option<u64>,
}

/// The asker's friends, by number.
#[utoipa::path(
    get, path = routes::FRIENDS, tag = "friends", params(Part),
    responses(
        (status = 200, description = "A part of the list", body = Page<Friend>),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    auth: Auth,
    Query(part): Query<Part>,
) -> Result<Json<Page<Friend>>, AppError> {
    let limit = cursor::limit(part.limit)?;
    let after = cursor::numbers::<1>(part.cursor.as_deref())?.map_or(0, |[after]| after);
    let friends = app
        .db()
        .read(move |tx| {
            tx.all(
                "SELECT f.remark, f.since, f.conversation_id, f.deleted,
                        u.id, u.username, u.nickname, u.signature, u.gender, u.region
                 FROM friends f JOIN users u ON u.id = f.friend_id
                 WHERE f.user_id = $1 AND f.friend_id > $2 AND f.deleted = 0
                 ORDER BY f.friend_id LIMIT $3",
                params![auth.user_id, after, limit + 1],
                |row| friend(row, 0),
            )
            .map_err(AppError::from)
        })
        .await?;
    Ok(Json(page(friends, limit, |friend| [friend.user.id.get()])))
}

/// Makes a page of at most `limit` of the rows, of which one more was asked for. `at` gives a row's
/// place in the list.
pub(super) fn page<T, const N: usize>(
    mut items: Vec<T>,
    limit: u32,
    at: impl Fn(&T) -> [u64; N],
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items
        .last()
        .filter(|_| more)
        .map(|last| cursor::opaque(at(last)));
    Page { items, next }
}

/// One friend.
#[utoipa::path(
    get, path = routes::FRIEND, tag = "friends",
    params(("user_id" = u64, Path, description = "The friend")),
    responses(
        (status = 200, description = "The friend", body = Friend),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn show(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<UserId>,
) -> Result<Json<Friend>, AppError> {
    let friend = app
        .db()
        .read(move |tx| require_friend(tx, auth.user_id, id))
        .await?;
    Ok(Json(friend))
}

/// Gives a friend a remark name, which only the asker sees.
#[utoipa::path(
    patch, path = routes::FRIEND, tag = "friends",
    params(("user_id" = u64, Path, description = "The friend")),
    request_body = UpdateFriend,
    responses(
        (status = 200, description = "The friend as they are now", body = Friend),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn update(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<UserId>,
    Json(change): Json<UpdateFriend>,
) -> Result<Json<Friend>, AppError> {
    let remark = change.remark.trim().to_owned();
    if remark.chars().count() > REMARK_CHARS || names::has_deceptive(&remark) {
        return Err(ErrorCode::InvalidProfile.into());
    }
    let friend = app
        .db()
        .write(move |tx| {
            let mut friend = require_friend(tx, auth.user_id, id)?;
            if friend.remark != remark {
                friend.remark.clone_from(&remark);
                save(tx, auth.user_id, &friend)?;
            }
            Ok::<_, AppError>(friend)
        })
        .await?;
    Ok(Json(friend))
}

/// Ends a friendship, both ways. The history stays readable.
#[utoipa::path(
    delete, path = routes::FRIEND, tag = "friends",
    params(("user_id" = u64, Path, description = "The friend")),
    responses(
        (status = 204, description = "Not friends any more"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn remove(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<UserId>,
) -> Result<StatusCode, AppError> {
    app.db()
        .write(move |tx| {
            require_friend(tx, auth.user_id, id)?;
            for (user, other) in [(auth.user_id, id), (id, auth.user_id)] {
                if let Some(mut friend) = find_friend(tx, user, other)? {
                    friend.deleted = true;
                    save(tx, user, &friend)?;
                }
            }
            Ok::<_, AppError>(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn require_friend(tx: &mut Tx<'_>, user: UserId, other: UserId) -> Result<Friend, AppError> {
    match find_friend(tx, user, other)? {
        Some(friend) if !friend.deleted => Ok(friend),
        Some(_) => Err(ErrorCode::NotFriends.into()),
        None => {
            require_user(tx, other)?;
            Err(ErrorCode::NotFriends.into())
        }
    }
}

/// Stores how `user` holds a friend, as a change of their scope.
pub(super) fn save(tx: &mut Tx<'_>, user: UserId, friend: &Friend) -> Result<(), DbError> {
    let rev = revisions::advance(tx, Scope::User(user), 1)?;
    tx.execute(
        "INSERT INTO friends (user_id, friend_id, conversation_id, remark, since, deleted, rev)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (user_id, friend_id) DO UPDATE SET
            conversation_id = excluded.conversation_id, remark = excluded.remark,
            since = excluded.since, deleted = excluded.deleted, rev = excluded.rev",
        params![
            user,
            friend.user.id,
            friend.conversation_id,
            friend.remark,
            friend.since,
            friend.deleted,
            rev
        ],
    )?;
    revisions::record(tx, Scope::User(user), rev, Item::Friend(friend.clone()));
    Ok(())
}
