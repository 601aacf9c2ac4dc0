//! Sending over HTTP. The socket sends by the same rule.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody,
    messages::{SendMessage, Sent},
    routes,
};

use super::draft::Draft;
use crate::{
    app::App,
    db::DbError,
    error::{AppError, Json},
    sessions::Auth,
};

/// Sends a message. The same message may be sent any number of times: it is stored once, and
/// answered alike each time.
#[utoipa::path(
    post, path = routes::MESSAGES, tag = "messages",
    request_body = SendMessage,
    responses(
        (status = 200, description = "Stored and synced to disk", body = Sent),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn send(
    State(app): State<App>,
    auth: Auth,
    Json(message): Json<SendMessage>,
) -> Result<Json<Sent>, AppError> {
    let drafts = vec![Draft::check(message)?];
    let written = app.lanes().write(&app, auth.user_id, drafts, vec![]).await;
    match written.sent.into_iter().next() {
        Some(answer) => Ok(Json(answer?)),
        None => Err(DbError::NoRow("the answer to a send").into()),
    }
}
