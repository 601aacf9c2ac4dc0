//! What a conversation looks like from a list.

use std::{cmp::Reverse, collections::HashMap};

use axum::extract::State;
use magpie_protocol::{
    ConversationId, ErrorBody, UserId,
    conversations::{Member, Membership},
    routes,
    sync::Head,
};

use super::rows::{conversation, member, not_found};
use crate::{
    app::App,
    db::{DbError, Row, Tx, Value, params},
    error::{AppError, Json, Path},
    messages,
    sessions::Auth,
};

// Unread are the messages of others, and nobody's messages (`NULL <> …`) are not among them.
macro_rules! heads {
    ($filter:literal) => {
        concat!(
            "SELECT c.id, c.kind, c.created_at, c.rev, c.last_seq, me.read_seq,
                    (SELECT COUNT(*) FROM messages x WHERE x.conversation_id = c.id
                     AND x.seq > me.read_seq AND x.sender_id <> me.user_id),
                    l.seq, l.id, l.sender_id, l.kind, l.created_at, l.content
             FROM members me JOIN conversations c ON c.id = me.conversation_id
             LEFT JOIN messages l ON l.conversation_id = c.id AND l.seq = c.last_seq
             WHERE me.user_id = $1 AND ",
            $filter
        )
    };
}

macro_rules! members_of_direct {
    ($filter:literal) => {
        concat!(
            "SELECT c.id, m.delivered_seq, m.read_seq,
                    u.id, u.username, u.nickname, u.signature, u.gender, u.region
             FROM members me JOIN conversations c ON c.id = me.conversation_id
             JOIN members m ON m.conversation_id = c.id
             JOIN users u ON u.id = m.user_id
             WHERE me.user_id = $1 AND c.kind = 'direct' AND ",
            $filter,
            " ORDER BY c.id, m.user_id"
        )
    };
}

pub(crate) const HEADS_SINCE: &str = heads!("c.activity >= $2");
pub(crate) const MEMBERS_SINCE: &str = members_of_direct!("c.activity >= $2");
const HEAD: &str = heads!("me.conversation_id = $2");
const MEMBERS: &str = members_of_direct!("me.conversation_id = $2");

/// A conversation as a list shows it.
#[utoipa::path(
    get, path = routes::CONVERSATION, tag = "conversations",
    params(("conversation_id" = u64, Path, description = "The conversation")),
    responses(
        (status = 200, description = "The conversation", body = Head),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn show(
    State(app): State<App>,
    auth: Auth,
    Path(id): Path<ConversationId>,
) -> Result<Json<Head>, AppError> {
    let head = app
        .db()
        .read(move |tx| {
            let mut heads = load(tx, HEAD, MEMBERS, params![auth.user_id, id])?;
            heads.pop().ok_or_else(|| AppError::from(not_found()))
        })
        .await?;
    Ok(Json(head))
}

/// Returns the heads of those conversations of a user that moved at or after the activity stamp
/// `since`, newest first, in two statements however many there are.
pub(crate) fn heads_since(tx: &mut Tx<'_>, user: UserId, since: u64) -> Result<Vec<Head>, DbError> {
    let mut heads = load(tx, HEADS_SINCE, MEMBERS_SINCE, params![user, since])?;
    heads.sort_by_key(|head| {
        let moved = head.last_message.as_ref().map(|last| last.created_at);
        Reverse((
            moved.unwrap_or(head.conversation.created_at),
            head.conversation.id,
        ))
    });
    Ok(heads)
}

fn load(
    tx: &mut Tx<'_>,
    heads: &'static str,
    members: &'static str,
    params: &[Value<'_>],
) -> Result<Vec<Head>, DbError> {
    let mut heads = tx.all(heads, params, head)?;
    let mut by_conversation: HashMap<ConversationId, Vec<Member>> =
        HashMap::with_capacity(heads.len());
    let members = tx.all(members, params, |row| {
        Ok((row.get::<ConversationId>(0)?, member(row, 1)?))
    })?;
    for (id, member) in members {
        by_conversation.entry(id).or_default().push(member);
    }
    for head in &mut heads {
        head.members = by_conversation
            .remove(&head.conversation.id)
            .unwrap_or_default();
    }
    Ok(heads)
}

fn head(row: &Row<'_>) -> Result<Head, DbError> {
    let conversation = conversation(row, 0)?;
    let id = conversation.id;
    let last: Option<u64> = row.get(7)?;
    Ok(Head {
        conversation,
        rev: row.get(3)?,
        last_seq: row.get(4)?,
        unread: row.get(6)?,
        last_message: last.map(|_| messages::message(row, 7, id)).transpose()?,
        membership: Membership {
            conversation_id: id,
            read_seq: row.get(5)?,
        },
        members: Vec::new(),
    })
}
