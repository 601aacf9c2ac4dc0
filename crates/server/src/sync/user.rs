//! What changed in a user's own scope.

use axum::extract::State;
use magpie_protocol::{ErrorBody, Timestamp, UserId, routes, sync::Difference};
use serde::Deserialize;

use super::{cursor, difference, not_ahead};
use crate::{
    accounts,
    app::App,
    conversations,
    db::{Tx, params},
    error::{AppError, Json, Query},
    friends,
    sessions::{self, Auth},
};

/// Which changes are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Up to which revision the client holds the scope; 0 for nothing.
    #[serde(default)]
    since: u64,
    /// How many at most; 1 to 500.
    limit: Option<u64>,
}

/// What changed in the asker's own scope since a revision.
#[utoipa::path(
    get, path = routes::ACCOUNT_CHANGES, tag = "sync", params(Wanted),
    responses(
        (status = 200, description = "The changes, in revision order", body = Difference),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn changes(
    State(app): State<App>,
    auth: Auth,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Difference>, AppError> {
    let limit = cursor::limit(wanted.limit)?;
    let since = cursor::number(Some(wanted.since))?.unwrap_or_default();
    let now = app.now();
    let difference = app
        .db()
        .read(move |tx| load(tx, auth.user_id, since, limit, now))
        .await?;
    Ok(Json(difference))
}

/// Returns what changed in a user's scope after revision `since`.
///
/// # Errors
/// `cursor_ahead` when `since` lies beyond the scope's revision.
pub(super) fn load(
    tx: &mut Tx<'_>,
    user: UserId,
    since: u64,
    limit: u32,
    now: Timestamp,
) -> Result<Difference, AppError> {
    let present = tx.one(
        "SELECT rev FROM users WHERE id = $1",
        params![user],
        |row| row.get(0),
    )?;
    not_ahead(since, present)?;
    if since == present {
        return Ok(difference(Vec::new(), limit, present));
    }
    let one_more = limit + 1;
    let mut changes = friends::friends_since(tx, user, since, one_more)?;
    changes.extend(friends::requests_since(tx, user, since, one_more, now)?);
    changes.extend(friends::blocks_since(tx, user, since, one_more)?);
    changes.extend(conversations::memberships_since(tx, user, since, one_more)?);
    changes.extend(sessions::devices_since(tx, user, since, one_more)?);
    changes.extend(accounts::account_since(tx, user, since)?);
    Ok(difference(changes, limit, present))
}
