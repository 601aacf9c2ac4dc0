//! How far a member has come: marks, which only grow.

use axum::{extract::State, http::StatusCode};
use magpie_protocol::{
    ConversationId, ErrorBody, UserId,
    conversations::{Marks, Member, Membership},
    routes,
    sync::{Item, Scope},
};

use super::rows::{member, not_found};
use crate::{
    app::App,
    db::{Tx, params},
    error::{AppError, Json, Path},
    sessions::Auth,
    sync::revisions,
};

/// Says how far the asker has come in a conversation. Lower marks than the present ones change
/// nothing, higher ones than the last message's are cut to it.
#[utoipa::path(
    post, path = routes::MARKS, tag = "conversations",
    params(("conversation_id" = u64, Path, description = "The conversation")),
    request_body = Marks,
    responses(
        (status = 204, description = "Noted"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn mark(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<ConversationId>,
    Json(marks): Json<Marks>,
) -> Result<StatusCode, AppError> {
    app.db()
        .write(move |tx| advance_marks(tx, auth.user_id, id, &marks))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves a member's marks up. A move is a change of the conversation's scope, and where what the
/// member has read grew, of the user's own scope as well.
///
/// # Errors
/// `conversation_not_found` for those who are not in it.
pub(crate) fn advance_marks(
    tx: &mut Tx<'_>,
    user: UserId,
    id: ConversationId,
    marks: &Marks,
) -> Result<(), AppError> {
    let (last_seq, own_rev, before): (u64, u64, Member) = tx
        .first(
            "SELECT c.last_seq, m.own_rev, m.delivered_seq, m.read_seq,
                    u.id, u.username, u.nickname, u.signature, u.gender, u.region
             FROM members m JOIN conversations c ON c.id = m.conversation_id
             JOIN users u ON u.id = m.user_id
             WHERE m.conversation_id = $1 AND m.user_id = $2",
            params![id, user],
            |row| Ok((row.get(0)?, row.get(1)?, member(row, 2)?)),
        )?
        .ok_or_else(not_found)?;
    // Whatever was read has been delivered too.
    let delivered_seq = before
        .delivered_seq
        .max(marks.delivered.max(marks.read).unwrap_or(0).min(last_seq));
    let read_seq = before.read_seq.max(marks.read.unwrap_or(0).min(last_seq));
    if (delivered_seq, read_seq) == (before.delivered_seq, before.read_seq) {
        return Ok(());
    }
    let rev = revisions::advance(tx, Scope::Conversation(id), 1)?;
    let own_rev = if read_seq == before.read_seq {
        own_rev
    } else {
        let own_rev = revisions::advance(tx, Scope::User(user), 1)?;
        let membership = Membership {
            conversation_id: id,
            read_seq,
        };
        revisions::record(tx, Scope::User(user), own_rev, Item::Membership(membership));
        own_rev
    };
    tx.execute(
        "UPDATE members SET delivered_seq = $3, read_seq = $4, rev = $5, own_rev = $6
         WHERE conversation_id = $1 AND user_id = $2",
        params![id, user, delivered_seq, read_seq, rev, own_rev],
    )?;
    let after = Member {
        delivered_seq,
        read_seq,
        ..before
    };
    revisions::record(tx, Scope::Conversation(id), rev, Item::Member(after));
    Ok(())
}
