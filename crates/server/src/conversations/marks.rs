//! How far a member has come: marks, which only grow.

use std::collections::{BTreeMap, HashSet};

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
    db::{DbError, Tx, params},
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
    let marks = vec![(id, marks)];
    let written = app.lanes().write(&app, auth.user_id, vec![], marks).await;
    match written.refused.into_iter().next() {
        Some(refusal) => Err(refusal.into()),
        None => Ok(StatusCode::NO_CONTENT),
    }
}

/// A wish to move a member's marks up.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    /// The member.
    pub(crate) user: UserId,
    /// Where.
    pub(crate) conversation: ConversationId,
    /// Up to where.
    pub(crate) marks: Marks,
}

pub(crate) const PRESENT: &str = "SELECT c.last_seq, m.delivered_seq, m.read_seq,
            u.id, u.username, u.nickname, u.signature, u.gender, u.region
         FROM members m JOIN conversations c ON c.id = m.conversation_id
         JOIN users u ON u.id = m.user_id
         WHERE m.conversation_id = $1 AND m.user_id = $2";

const RAISE: &str = "UPDATE members SET rev = $5,
             delivered_seq = CASE WHEN delivered_seq < $3 THEN $3 ELSE delivered_seq END,
             read_seq = CASE WHEN read_seq < $4 THEN $4 ELSE read_seq END,
             own_rev = CASE WHEN own_rev < $6 THEN $6 ELSE own_rev END
         WHERE conversation_id = $1 AND user_id = $2 RETURNING delivered_seq, read_seq";

/// A member whose marks move.
struct Moved {
    conversation: ConversationId,
    member: Member,
    read_grew: bool,
    rev: u64,
    own_rev: u64,
}

/// Moves marks of members up, and answers each wish; those who are not in the conversation are
/// refused. A move is a change of the conversation's scope, and where what the member has read
/// grew, of the user's own scope as well. Conversations are locked before users, both in the order
/// of their ids.
///
/// # Errors
/// [`DbError`] only; then nothing was done.
pub(crate) fn advance_marks(
    tx: &mut Tx<'_>,
    wishes: &[Move],
) -> Result<Vec<Result<(), ErrorBody>>, DbError> {
    let merged = merge(wishes);
    let sets: Vec<_> = merged
        .keys()
        .map(|(id, user)| *params![*id, *user])
        .collect();
    let found = tx.all_of(PRESENT, &sets, |row| {
        Ok((row.get::<u64>(0)?, member(row, 1)?))
    })?;
    let mut strangers = HashSet::new();
    let mut moved = Vec::new();
    for ((place, marks), rows) in merged.iter().zip(found) {
        match rows.into_iter().next() {
            Some((last_seq, present)) => {
                moved.extend(raised(place.0, present, marks, last_seq));
            }
            None => {
                strangers.insert(*place);
            }
        }
    }
    write(tx, moved)?;
    let answer = |wish: &Move| {
        if strangers.contains(&(wish.conversation, wish.user)) {
            Err(not_found())
        } else {
            Ok(())
        }
    };
    Ok(wishes.iter().map(answer).collect())
}

/// Puts wishes for the same marks together.
fn merge(wishes: &[Move]) -> BTreeMap<(ConversationId, UserId), Marks> {
    let mut merged: BTreeMap<_, Marks> = BTreeMap::new();
    for wish in wishes {
        let marks = merged.entry((wish.conversation, wish.user)).or_default();
        marks.delivered = marks.delivered.max(wish.marks.delivered);
        marks.read = marks.read.max(wish.marks.read);
    }
    merged
}

fn raised(
    conversation: ConversationId,
    present: Member,
    marks: &Marks,
    last_seq: u64,
) -> Option<Moved> {
    // Whatever was read has been delivered too.
    let delivered_seq = present
        .delivered_seq
        .max(marks.delivered.max(marks.read).unwrap_or(0).min(last_seq));
    let read_seq = present.read_seq.max(marks.read.unwrap_or(0).min(last_seq));
    let read_grew = read_seq > present.read_seq;
    (read_grew || delivered_seq > present.delivered_seq).then_some(Moved {
        conversation,
        member: Member {
            delivered_seq,
            read_seq,
            ..present
        },
        read_grew,
        rev: 0,
        own_rev: 0,
    })
}

/// Writes and publishes the moves, which come sorted by conversation.
fn write(tx: &mut Tx<'_>, mut moved: Vec<Moved>) -> Result<(), DbError> {
    for one in &mut moved {
        one.rev = revisions::advance(tx, Scope::Conversation(one.conversation), 1)?;
    }
    let mut readers: Vec<&mut Moved> = moved.iter_mut().filter(|one| one.read_grew).collect();
    readers.sort_by_key(|one| one.member.user.id);
    for one in readers {
        one.own_rev = revisions::advance(tx, Scope::User(one.member.user.id), 1)?;
    }
    let sets: Vec<_> = moved
        .iter()
        .map(|one| {
            let member = &one.member;
            *params![
                one.conversation,
                member.user.id,
                member.delivered_seq,
                member.read_seq,
                one.rev,
                one.own_rev
            ]
        })
        .collect();
    let after = tx.all_of(RAISE, &sets, |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (one, rows) in moved.into_iter().zip(after) {
        // Higher than was wished where another node has moved them meanwhile.
        let (delivered_seq, read_seq) = rows.into_iter().next().ok_or(DbError::NoRow(RAISE))?;
        let member = Member {
            delivered_seq,
            read_seq,
            ..one.member
        };
        if one.read_grew {
            let scope = Scope::User(member.user.id);
            let membership = Membership {
                conversation_id: one.conversation,
                read_seq,
            };
            revisions::record(tx, scope, one.own_rev, Item::Membership(membership));
        }
        let scope = Scope::Conversation(one.conversation);
        revisions::record(tx, scope, one.rev, Item::Member(member));
    }
    Ok(())
}
