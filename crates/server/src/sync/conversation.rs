//! What changed in a conversation.

use axum::extract::State;
use magpie_protocol::{
    ConversationId, ErrorBody, routes,
    sync::{Change, Difference, Item},
};
use serde::Deserialize;

use super::{cursor, difference, not_ahead};
use crate::{
    app::App,
    conversations::{members_since, own_row, require_member},
    db::Tx,
    error::{AppError, Json, Path, Query},
    messages::messages_since,
    sessions::Auth,
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
    /// Of the messages, only those before this `seq`.
    below_seq: Option<u64>,
}

/// What changed in a conversation since a revision.
#[utoipa::path(
    get, path = routes::CONVERSATION_CHANGES, tag = "sync",
    params(("conversation_id" = u64, Path, description = "The conversation"), Wanted),
    responses(
        (status = 200, description = "The changes, in revision order", body = Difference),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn changes(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<ConversationId>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Difference>, AppError> {
    let limit = cursor::limit(wanted.limit)?;
    let since = cursor::number(Some(wanted.since))?.unwrap_or_default();
    let below_seq = cursor::number(wanted.below_seq)?;
    let difference = app
        .db()
        .read(move |tx| {
            require_member(tx, id, auth.user_id)?;
            load(tx, id, since, below_seq, limit)
        })
        .await?;
    Ok(Json(difference))
}

fn load(
    tx: &mut Tx<'_>,
    id: ConversationId,
    since: u64,
    below_seq: Option<u64>,
    limit: u32,
) -> Result<Difference, AppError> {
    let own = own_row(tx, id)?;
    not_ahead(since, own.rev)?;
    let one_more = limit + 1;
    let mut changes = members_since(tx, id, since, one_more)?;
    changes.extend(messages_since(tx, id, since, below_seq, one_more)?);
    if own.own_rev > since {
        changes.push(Change {
            rev: own.own_rev,
            item: Item::Conversation(own.conversation),
        });
    }
    Ok(difference(changes, limit, own.rev))
}
