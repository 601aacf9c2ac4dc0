//! Reading back.

use axum::extract::State;
use magpie_protocol::{ConversationId, ErrorBody, ErrorCode, messages::History, routes};
use serde::Deserialize;

use super::rows::message;
use crate::{
    app::App,
    conversations::require_member,
    db::params,
    error::{AppError, Json, Path, Query},
    sessions::Auth,
    sync::cursor,
};

pub(crate) const BEFORE: &str = "SELECT seq, id, sender_id, kind, created_at, content FROM messages
     WHERE conversation_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";
pub(crate) const AFTER: &str = "SELECT seq, id, sender_id, kind, created_at, content FROM messages
     WHERE conversation_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// Which stretch is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The messages just before this `seq`.
    before: Option<u64>,
    /// The messages just after this `seq`. Not together with `before`.
    after: Option<u64>,
    /// How many at most; 1 to 500.
    limit: Option<u64>,
}

/// A stretch of a conversation's messages: before or after a `seq`, or the newest.
#[utoipa::path(
    get, path = routes::HISTORY, tag = "messages",
    params(("conversation_id" = u64, Path, description = "The conversation"), Wanted),
    responses(
        (status = 200, description = "The messages, in `seq` order", body = History),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn history(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<ConversationId>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<History>, AppError> {
    let limit = cursor::limit(wanted.limit)?;
    let before = cursor::number(wanted.before)?;
    let after = cursor::number(wanted.after)?;
    if before.is_some() && after.is_some() {
        let refusal = ErrorBody::new(
            ErrorCode::InvalidRequest,
            "either before or after, not both",
        );
        return Err(refusal.into());
    }
    let history = app
        .db()
        .read(move |tx| {
            require_member(tx, id, auth.user_id)?;
            let last_seq = tx.one(
                "SELECT last_seq FROM conversations WHERE id = $1",
                params![id],
                |row| row.get(0),
            )?;
            let messages = if let Some(after) = after {
                tx.all(AFTER, params![id, after, limit], |row| message(row, 0, id))?
            } else {
                let before = before.unwrap_or(u64::MAX);
                let mut messages = tx.all(BEFORE, params![id, before, limit], |row| {
                    message(row, 0, id)
                })?;
                messages.reverse();
                messages
            };
            Ok::<_, AppError>(History { messages, last_seq })
        })
        .await?;
    Ok(Json(history))
}
