//! Sending: one rule for HTTP and the socket.

use std::collections::{HashMap, hash_map::Entry};

use axum::extract::State;
use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode, Timestamp, UserId,
    messages::{Message, SendMessage, Sent},
    routes,
    sync::{Change, Item, Scope},
};

use super::{rows::kind_text, rules::may_send};
use crate::{
    app::App,
    bus::Event,
    db::{DbError, Tx, params},
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
    let drafts = [Draft::check(message)?];
    let now = app.now();
    let answers = app
        .db()
        .write(move |tx| send_all(tx, auth.user_id, now, &drafts))
        .await
        .map_err(AppError::from)?;
    app.metrics().sent(&answers);
    match answers.into_iter().next() {
        Some(answer) => Ok(Json(answer?)),
        None => Err(DbError::NoRow("the answer to a send").into()),
    }
}

/// A message whose content has been checked, and its content as it will be stored.
#[derive(Debug)]
pub(crate) struct Draft {
    message: SendMessage,
    content: String,
}

impl Draft {
    /// Checks a message that somebody wants to send.
    ///
    /// # Errors
    /// `invalid_content`.
    pub(crate) fn check(message: SendMessage) -> Result<Self, ErrorBody> {
        message.check().map_err(|code| {
            ErrorBody::new(code, "the content does not fit its kind, or is too long")
        })?;
        let content = message.content.to_string();
        Ok(Self { message, content })
    }

    /// Returns the message.
    pub(crate) fn message(&self) -> &SendMessage {
        &self.message
    }

    fn is_same(&self, other: &Self) -> bool {
        self.message.conversation_id == other.message.conversation_id
            && self.message.kind == other.message.kind
            && self.content == other.content
    }
}

pub(crate) const BY_ID: &str = "SELECT conversation_id, seq, created_at, sender_id, kind, content
         FROM messages WHERE id = $1";

/// What is to be done with a draft of a batch.
enum Step {
    /// It is answered already.
    Done(Result<Sent, ErrorBody>),
    /// It has the id of an earlier draft of the batch, at this place.
    Repeats(usize),
    /// It is to be stored.
    Store,
}

/// Stores a batch of one person's messages, in order, and answers each of them. A refused message
/// has no effect on the others. Several messages to one conversation take their places together and
/// are published as one event.
///
/// # Errors
/// [`DbError`] only; then nothing was done.
pub(crate) fn send_all(
    tx: &mut Tx<'_>,
    sender: UserId,
    now: Timestamp,
    drafts: &[Draft],
) -> Result<Vec<Result<Sent, ErrorBody>>, DbError> {
    let mut steps = Vec::with_capacity(drafts.len());
    let mut first_with_id = HashMap::with_capacity(drafts.len());
    let mut groups: Vec<(ConversationId, Vec<usize>)> = Vec::new();
    for (place, draft) in drafts.iter().enumerate() {
        let step = match first_with_id.entry(draft.message.id) {
            Entry::Occupied(earlier) => Step::Repeats(*earlier.get()),
            Entry::Vacant(entry) => {
                entry.insert(place);
                match stored(tx, sender, draft)? {
                    Some(answer) => Step::Done(answer),
                    None => Step::Store,
                }
            }
        };
        if matches!(step, Step::Store) {
            let id = draft.message.conversation_id;
            match groups.iter_mut().find(|(other, _)| *other == id) {
                Some((_, places)) => places.push(place),
                None => groups.push((id, vec![place])),
            }
        }
        steps.push(step);
    }
    for (id, places) in groups {
        let group: Vec<(usize, &Draft)> = places
            .into_iter()
            .filter_map(|place| drafts.get(place).map(|draft| (place, draft)))
            .collect();
        let answers = match may_send(tx, sender, id)? {
            Ok(()) => store(tx, sender, now, id, &group)?
                .into_iter()
                .map(Ok)
                .collect(),
            Err(refusal) => vec![Err(refusal); group.len()],
        };
        for ((place, _), answer) in group.iter().zip(answers) {
            if let Some(step) = steps.get_mut(*place) {
                *step = Step::Done(answer);
            }
        }
    }
    Ok(answers(drafts, &steps))
}

/// Returns the answer to a draft whose id was used before.
fn stored(
    tx: &mut Tx<'_>,
    sender: UserId,
    draft: &Draft,
) -> Result<Option<Result<Sent, ErrorBody>>, DbError> {
    let wanted = &draft.message;
    tx.first(BY_ID, params![wanted.id], |row| {
        let conversation_id: ConversationId = row.get(0)?;
        let sender_id: Option<UserId> = row.get(3)?;
        let kind: String = row.get(4)?;
        let content: String = row.get(5)?;
        let same = conversation_id == wanted.conversation_id
            && sender_id == Some(sender)
            && kind == kind_text(wanted.kind)
            && content == draft.content;
        if !same {
            return Ok(Err(id_taken()));
        }
        Ok(Ok(Sent {
            id: wanted.id,
            conversation_id,
            seq: row.get(1)?,
            created_at: row.get(2)?,
        }))
    })
}

fn store(
    tx: &mut Tx<'_>,
    sender: UserId,
    now: Timestamp,
    id: ConversationId,
    group: &[(usize, &Draft)],
) -> Result<Vec<Sent>, DbError> {
    let count = u64::try_from(group.len()).unwrap_or(u64::MAX);
    let stamp = tx.stamp();
    let (rev, last_seq): (u64, u64) = tx.one(
        "UPDATE conversations SET rev = rev + $2, last_seq = last_seq + $2, activity = $3
         WHERE id = $1 RETURNING rev, last_seq",
        params![id, count, stamp],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let prev = rev.saturating_sub(count);
    let first_seq = last_seq.saturating_sub(count) + 1;
    let mut sent = Vec::with_capacity(group.len());
    let mut changes = Vec::with_capacity(group.len());
    for ((_, draft), nth) in group.iter().zip(0_u64..) {
        let (seq, rev) = (first_seq + nth, prev + 1 + nth);
        let message = &draft.message;
        tx.execute(
            "INSERT INTO messages
             (conversation_id, seq, rev, sender_id, id, kind, created_at, content)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                id,
                seq,
                rev,
                sender,
                message.id,
                kind_text(message.kind),
                now,
                draft.content
            ],
        )?;
        sent.push(Sent {
            id: message.id,
            conversation_id: id,
            seq,
            created_at: now,
        });
        changes.push(Change {
            rev,
            item: Item::Message(Message {
                id: message.id,
                conversation_id: id,
                seq,
                sender_id: Some(sender),
                kind: message.kind,
                content: message.content.clone(),
                created_at: now,
            }),
        });
    }
    tx.publish(Event::Changes {
        scope: Scope::Conversation(id),
        prev,
        rev,
        changes,
    });
    Ok(sent)
}

fn answers(drafts: &[Draft], steps: &[Step]) -> Vec<Result<Sent, ErrorBody>> {
    let answer = |place: usize| match steps.get(place) {
        Some(Step::Done(answer)) => answer.clone(),
        // Not reached: whatever was to be stored has been answered by now.
        _ => Err(ErrorBody::new(ErrorCode::Internal, "not answered")),
    };
    let answer_at = |(place, draft): (usize, &Draft)| match steps.get(place) {
        Some(Step::Repeats(earlier)) => match drafts.get(*earlier) {
            Some(first) if first.is_same(draft) => answer(*earlier),
            _ => Err(id_taken()),
        },
        _ => answer(place),
    };
    drafts.iter().enumerate().map(answer_at).collect()
}

fn id_taken() -> ErrorBody {
    ErrorBody::new(
        ErrorCode::MessageIdTaken,
        "this message id was used before, for something else",
    )
}
