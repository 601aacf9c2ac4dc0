//! How far a message has come.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody, ErrorCode, MessageId, UserId,
    messages::{MessageState, MessageStatus},
    routes,
};

use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json, Path},
    sessions::Auth,
};

/// How far a message has come: delivered or read when each other member's mark has passed it.
#[utoipa::path(
    get, path = routes::MESSAGE_STATUS, tag = "messages",
    params(("message_id" = String, Path, description = "The message")),
    responses(
        (status = 200, description = "How far it has come", body = MessageStatus),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn status(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<MessageId>,
) -> Result<Json<MessageStatus>, AppError> {
    let state = app
        .db()
        .read(move |tx| find(tx, id, auth.user_id).map_err(AppError::from))
        .await?;
    let not_found = || ErrorBody::new(ErrorCode::MessageNotFound, "there is no such message");
    let state = state.ok_or_else(not_found)?;
    Ok(Json(MessageStatus { id, state }))
}

/// Returns the state of a message that `asker` may see.
fn find(tx: &mut Tx<'_>, id: MessageId, asker: UserId) -> Result<Option<MessageState>, DbError> {
    // Others are all but its writer; of a system message, all but the one who asks.
    let marks: Option<(u64, Option<u64>, Option<u64>)> = tx.first(
        "SELECT m.seq, MIN(o.delivered_seq), MIN(o.read_seq)
         FROM messages m
         JOIN members me ON me.conversation_id = m.conversation_id AND me.user_id = $2
         LEFT JOIN members o ON o.conversation_id = m.conversation_id
            AND o.user_id <> COALESCE(m.sender_id, me.user_id)
         WHERE m.id = $1 GROUP BY m.seq",
        params![id, asker],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(marks.map(|(seq, delivered, read)| {
        if read.is_some_and(|read| read >= seq) {
            MessageState::Read
        } else if delivered.is_some_and(|delivered| delivered >= seq) {
            MessageState::Delivered
        } else {
            MessageState::Sent
        }
    }))
}
