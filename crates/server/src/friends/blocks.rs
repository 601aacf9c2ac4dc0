//! Blocking people. A block is seen by its owner alone and does not end a friendship.

use axum::{extract::State, http::StatusCode};
use magpie_protocol::{
    ErrorBody, ErrorCode, Page, UserId,
    friends::Block,
    routes,
    sync::{Item, Scope},
};

use super::{
    list::{Part, page},
    rows::{block as read_block, require_user},
};
use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json, Path, Query},
    presence,
    sessions::Auth,
    sync::{cursor, revisions},
};

/// Those whom the asker blocks, by number.
#[utoipa::path(
    get, path = routes::BLOCKS, tag = "friends", params(Part),
    responses(
        (status = 200, description = "A part of the list", body = Page<Block>),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    auth: Auth,
    Query(part): Query<Part>,
) -> Result<Json<Page<Block>>, AppError> {
    let limit = cursor::limit(part.limit)?;
    let after = cursor::numbers::<1>(part.cursor.as_deref())?.map_or(0, |[after]| after);
    let blocks = app
        .db()
        .read(move |tx| {
            tx.all(
                "SELECT b.since, b.deleted,
                        u.id, u.username, u.nickname, u.signature, u.gender, u.region
                 FROM blocks b JOIN users u ON u.id = b.blocked_id
                 WHERE b.user_id = $1 AND b.blocked_id > $2 AND b.deleted = 0
                 ORDER BY b.blocked_id LIMIT $3",
                params![auth.user_id, after, limit + 1],
                |row| read_block(row, 0),
            )
            .map_err(AppError::from)
        })
        .await?;
    Ok(Json(page(blocks, limit, |block| [block.user.id.get()])))
}

/// Blocks somebody: they can neither send to the asker nor ask for friendship.
#[utoipa::path(
    put, path = routes::BLOCK, tag = "friends",
    params(("user_id" = u64, Path, description = "Who is blocked")),
    responses(
        (status = 200, description = "Blocked", body = Block),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn block(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<UserId>,
) -> Result<Json<Block>, AppError> {
    if id == auth.user_id {
        return Err(ErrorCode::NotWithYourself.into());
    }
    let now = app.now();
    let block = app
        .db()
        .write(move |tx| {
            let user = require_user(tx, id)?;
            match find(tx, auth.user_id, id)? {
                Some(block) if !block.deleted => Ok(block),
                _ => {
                    let block = Block {
                        user,
                        since: now,
                        deleted: false,
                    };
                    save(tx, auth.user_id, &block)?;
                    Ok::<_, AppError>(block)
                }
            }
        })
        .await?;
    presence::relate(&app, auth.user_id, id);
    Ok(Json(block))
}

/// Ends a block. There need not be one.
#[utoipa::path(
    delete, path = routes::BLOCK, tag = "friends",
    params(("user_id" = u64, Path, description = "Who is not blocked any more")),
    responses(
        (status = 204, description = "Not blocked"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn unblock(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<UserId>,
) -> Result<StatusCode, AppError> {
    app.db()
        .write(move |tx| {
            require_user(tx, id)?;
            if let Some(mut block) = find(tx, auth.user_id, id)?
                && !block.deleted
            {
                block.deleted = true;
                save(tx, auth.user_id, &block)?;
            }
            Ok::<_, AppError>(())
        })
        .await?;
    presence::relate(&app, auth.user_id, id);
    Ok(StatusCode::NO_CONTENT)
}

fn find(tx: &mut Tx<'_>, user: UserId, other: UserId) -> Result<Option<Block>, DbError> {
    tx.first(
        "SELECT b.since, b.deleted,
                u.id, u.username, u.nickname, u.signature, u.gender, u.region
         FROM blocks b JOIN users u ON u.id = b.blocked_id
         WHERE b.user_id = $1 AND b.blocked_id = $2",
        params![user, other],
        |row| read_block(row, 0),
    )
}

fn save(tx: &mut Tx<'_>, user: UserId, block: &Block) -> Result<(), DbError> {
    let rev = revisions::advance(tx, Scope::User(user), 1)?;
    tx.execute(
        "INSERT INTO blocks (user_id, blocked_id, since, deleted, rev)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_id, blocked_id) DO UPDATE SET
            since = excluded.since, deleted = excluded.deleted, rev = excluded.rev",
        params![user, block.user.id, block.since, block.deleted, rev],
    )?;
    revisions::record(tx, Scope::User(user), rev, Item::Block(block.clone()));
    Ok(())
}

/// Returns those who block somebody.
pub(super) fn blockers(tx: &mut Tx<'_>, blocked: UserId) -> Result<Vec<UserId>, DbError> {
    tx.all(
        "SELECT user_id FROM blocks WHERE blocked_id = $1 AND deleted = 0 ORDER BY user_id",
        params![blocked],
        |row| row.get(0),
    )
}

/// Records a block again, whose person's profile has changed.
pub(super) fn touch(tx: &mut Tx<'_>, user: UserId, blocked: UserId) -> Result<(), DbError> {
    match find(tx, user, blocked)? {
        Some(block) => save(tx, user, &block),
        None => Ok(()),
    }
}
