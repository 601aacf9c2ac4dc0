//! Somebody's card.

use axum::extract::State;
use magpie_protocol::{ErrorBody, ErrorCode, UserId, accounts::User, routes};

use super::rows::find_user;
use crate::{
    app::App,
    error::{AppError, Json, Path},
    sessions::Auth,
};

/// What everybody may see of a person.
#[utoipa::path(
    get, path = routes::USER, tag = "accounts",
    params(("user_id" = u64, Path, description = "The person's number")),
    responses(
        (status = 200, description = "The person", body = User),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn show(
    State(app): State<App>,
    _auth: Auth,
    Path(id): Path<UserId>,
) -> Result<Json<User>, AppError> {
    let user = app.db().read(move |tx| find_user(tx, id)).await?;
    user.map(Json).ok_or_else(|| ErrorCode::UserNotFound.into())
}
