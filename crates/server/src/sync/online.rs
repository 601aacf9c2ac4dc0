//! Coming online: all that a device needs for a right list, in one answer.

use axum::extract::State;
use magpie_protocol::{ErrorBody, limits::PAGE_MAX, routes, sync::Sync};
use serde::Deserialize;

use super::{cursor, history, not_ahead, user};
use crate::{
    app::App,
    conversations,
    error::{AppError, Json, Query},
    sessions::Auth,
};

/// What the device holds.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Held {
    /// Up to which revision it holds its user's scope; 0 for nothing.
    #[serde(default)]
    user_rev: u64,
    /// What the last answer said as `next_since`; 0 for all conversations.
    #[serde(default)]
    since: u64,
    /// How many changes of the user's scope at most; 1 to 500.
    limit: Option<u64>,
}

/// What changed in the asker's own scope, and the conversations that moved, all from one state of
/// the database.
#[utoipa::path(
    get, path = routes::SYNC, tag = "sync", params(Held),
    responses(
        (status = 200, description = "What is new", body = Sync),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn sync(
    State(app): State<App>,
    auth: Auth,
    Query(held): Query<Held>,
) -> Result<Json<Sync>, AppError> {
    let limit = cursor::limit_or(held.limit, PAGE_MAX)?;
    let user_rev = cursor::number(Some(held.user_rev))?.unwrap_or_default();
    let since = cursor::number(Some(held.since))?.unwrap_or_default();
    let now = app.now();
    let sync = app
        .db()
        .read(move |tx| {
            // Whatever this transaction does not see has a stamp from the horizon on.
            let horizon = u64::try_from(tx.horizon()?).unwrap_or_default();
            not_ahead(since, horizon)?;
            Ok::<_, AppError>(Sync {
                user: user::load(tx, auth.user_id, user_rev, limit, now)?,
                heads: conversations::heads_since(tx, auth.user_id, since)?,
                next_since: horizon,
                history: history::present(tx)?,
                server_time: now,
            })
        })
        .await?;
    Ok(Json(sync))
}
