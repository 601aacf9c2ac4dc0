//! Storing many messages of many people in few statements.

use std::collections::{HashMap, hash_map::Entry};

use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode, MessageId, Timestamp, UserId,
    messages::{Message, Sent},
    sync::{Change, Item, Scope},
};

use super::{draft::Draft, rows::kind_text, rules};
use crate::{
    bus::Event,
    db::{DbError, Tx, Value, params},
};

/// A draft and whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Post<'a> {
    /// The sender.
    pub(super) sender: UserId,
    /// What they send.
    pub(super) draft: &'a Draft,
}

/// An answer to a draft.
type Answer = Result<Sent, ErrorBody>;

/// What is to be done with a draft of a batch.
enum Step {
    /// It is answered already.
    Done(Answer),
    /// It has the id of an earlier draft of the batch, at this place.
    Repeats(usize),
    /// It is to be stored.
    Store,
}

/// Stores messages, each conversation's in the order given, and answers each of them. A refused one
/// has no effect on the others. Those of one conversation take their places together and are
/// published as one event. Conversations are locked in the order of their ids.
///
/// # Errors
/// [`DbError`] only; then nothing was done. [`DbError::Duplicate`] where another node has just
/// stored one of the ids: then this may be tried again.
pub(super) fn store(
    tx: &mut Tx<'_>,
    now: Timestamp,
    posts: &[Post<'_>],
) -> Result<Vec<Answer>, DbError> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    let mut steps = sort_out(tx, posts)?;
    refuse(tx, posts, &mut steps)?;
    let mut places: Vec<usize> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| matches!(step, Step::Store))
        .map(|(place, _)| place)
        .collect();
    // A stable sort: within a conversation the order stays.
    places.sort_by_key(|place| posts.get(*place).map(|post| post.draft.conversation_id()));
    let chosen: Vec<Post<'_>> = places
        .iter()
        .filter_map(|place| posts.get(*place).copied())
        .collect();
    let sent = append(tx, now, &chosen)?;
    for (place, sent) in places.into_iter().zip(sent) {
        if let Some(step) = steps.get_mut(place) {
            *step = Step::Done(Ok(sent));
        }
    }
    Ok(answers(posts, &steps))
}

pub(crate) const BY_IDS: &str =
    "SELECT id, conversation_id, seq, created_at, sender_id, kind, content
         FROM messages WHERE id = ANY($1)";

/// A message that was stored before under an id that is used now.
struct Stored {
    sent: Sent,
    sender: Option<UserId>,
    kind: String,
    content: String,
}

/// Finds out which ids were used before.
fn sort_out(tx: &mut Tx<'_>, posts: &[Post<'_>]) -> Result<Vec<Step>, DbError> {
    let ids: Vec<MessageId> = posts.iter().map(|post| post.draft.id()).collect();
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let stored = tx.all(BY_IDS, &[Value::Blobs(&ids)], |row| {
        let sent = Sent {
            id: row.get(0)?,
            conversation_id: row.get(1)?,
            seq: row.get(2)?,
            created_at: row.get(3)?,
        };
        let stored = Stored {
            sent,
            sender: row.get(4)?,
            kind: row.get(5)?,
            content: row.get(6)?,
        };
        Ok((stored.sent.id, stored))
    })?;
    let stored: HashMap<MessageId, Stored> = stored.into_iter().collect();
    let mut first_with_id = HashMap::with_capacity(posts.len());
    let step = |(place, post): (usize, &Post<'_>)| match first_with_id.entry(post.draft.id()) {
        Entry::Occupied(earlier) => Step::Repeats(*earlier.get()),
        Entry::Vacant(entry) => {
            entry.insert(place);
            match stored.get(&post.draft.id()) {
                Some(stored) => Step::Done(answer_again(post, stored)),
                None => Step::Store,
            }
        }
    };
    Ok(posts.iter().enumerate().map(step).collect())
}

fn answer_again(post: &Post<'_>, stored: &Stored) -> Answer {
    let same = stored.sent.conversation_id == post.draft.conversation_id()
        && stored.sender == Some(post.sender)
        && stored.kind == kind_text(post.draft.kind())
        && stored.content == post.draft.stored_content();
    if same {
        Ok(stored.sent.clone())
    } else {
        Err(id_taken())
    }
}

/// Answers the drafts of those who may not send where they want to.
fn refuse(tx: &mut Tx<'_>, posts: &[Post<'_>], steps: &mut [Step]) -> Result<(), DbError> {
    let mut wanted: Vec<(UserId, ConversationId)> = posts
        .iter()
        .zip(steps.iter())
        .filter(|(_, step)| matches!(step, Step::Store))
        .map(|(post, _)| (post.sender, post.draft.conversation_id()))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let refusals: HashMap<(UserId, ConversationId), ErrorBody> = wanted
        .iter()
        .copied()
        .zip(rules::may_send(tx, &wanted)?)
        .filter_map(|(who_where, verdict)| Some((who_where, verdict.err()?)))
        .collect();
    if refusals.is_empty() {
        return Ok(());
    }
    for (post, step) in posts.iter().zip(steps) {
        let who_where = (post.sender, post.draft.conversation_id());
        if matches!(step, Step::Store)
            && let Some(refusal) = refusals.get(&who_where)
        {
            *step = Step::Done(Err(refusal.clone()));
        }
    }
    Ok(())
}

const TAKE_PLACES: &str =
    "UPDATE conversations SET rev = rev + $2, last_seq = last_seq + $2, activity = $3
         WHERE id = $1 RETURNING rev, last_seq";

const INSERT: &str = "INSERT INTO messages
             (conversation_id, seq, rev, sender_id, id, kind, created_at, content) ROWS";

/// Puts messages, which come sorted by conversation, at the ends of their conversations.
fn append(tx: &mut Tx<'_>, now: Timestamp, posts: &[Post<'_>]) -> Result<Vec<Sent>, DbError> {
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    let groups: Vec<&[Post<'_>]> = posts
        .chunk_by(|one, other| one.draft.conversation_id() == other.draft.conversation_id())
        .collect();
    let ends = take_places(tx, &groups)?;
    let mut sent = Vec::with_capacity(posts.len());
    let mut revs = Vec::with_capacity(posts.len());
    for (group, (rev, last_seq)) in groups.iter().zip(&ends) {
        let count = group.len() as u64;
        for (post, nth) in group.iter().zip(1_u64..) {
            revs.push(rev.saturating_sub(count) + nth);
            sent.push(Sent {
                id: post.draft.id(),
                conversation_id: post.draft.conversation_id(),
                seq: last_seq.saturating_sub(count) + nth,
                created_at: now,
            });
        }
    }
    let rows: Vec<_> = posts
        .iter()
        .zip(&sent)
        .zip(&revs)
        .map(|((post, sent), rev)| {
            *params![
                sent.conversation_id,
                sent.seq,
                *rev,
                post.sender,
                sent.id,
                *kind_text(post.draft.kind()),
                now,
                *post.draft.stored_content()
            ]
        })
        .collect();
    tx.insert_all(INSERT, &rows)?;

    let mut stored = posts.iter().zip(&sent).zip(&revs);
    for (group, (rev, _)) in groups.iter().zip(&ends) {
        let changes: Vec<Change> = stored
            .by_ref()
            .take(group.len())
            .map(|((post, sent), rev)| change(post, sent, *rev))
            .collect();
        if let Some(post) = group.first() {
            tx.publish(Event::Changes {
                scope: Scope::Conversation(post.draft.conversation_id()),
                prev: rev.saturating_sub(group.len() as u64),
                rev: *rev,
                changes,
            });
        }
    }
    Ok(sent)
}

/// Makes room at the end of each group's conversation. Returns their revisions and last places.
fn take_places(tx: &mut Tx<'_>, groups: &[&[Post<'_>]]) -> Result<Vec<(u64, u64)>, DbError> {
    let stamp = tx.stamp();
    let wanted: Vec<(ConversationId, u64)> = groups
        .iter()
        .filter_map(|group| Some((group.first()?.draft.conversation_id(), group.len() as u64)))
        .collect();
    let sets: Vec<_> = wanted
        .iter()
        .map(|(id, count)| *params![*id, *count, stamp])
        .collect();
    let ends = tx.all_of(TAKE_PLACES, &sets, |row| Ok((row.get(0)?, row.get(1)?)))?;
    ends.into_iter()
        .map(|rows| rows.into_iter().next().ok_or(DbError::NoRow(TAKE_PLACES)))
        .collect()
}

fn change(post: &Post<'_>, sent: &Sent, rev: u64) -> Change {
    Change {
        rev,
        item: Item::Message(Message {
            id: sent.id,
            conversation_id: sent.conversation_id,
            seq: sent.seq,
            sender_id: Some(post.sender),
            kind: post.draft.kind(),
            content: post.draft.content().clone(),
            created_at: sent.created_at,
        }),
    }
}

fn answers(posts: &[Post<'_>], steps: &[Step]) -> Vec<Answer> {
    let answer = |place: usize| match steps.get(place) {
        Some(Step::Done(answer)) => answer.clone(),
        // Not reached: whatever was to be stored has been answered by now.
        _ => Err(ErrorBody::new(ErrorCode::Internal, "not answered")),
    };
    let answer_at = |(place, post): (usize, &Post<'_>)| match steps.get(place) {
        Some(Step::Repeats(earlier)) => match posts.get(*earlier) {
            Some(first) if first.sender == post.sender && first.draft.is_same(post.draft) => {
                answer(*earlier)
            }
            _ => Err(id_taken()),
        },
        _ => answer(place),
    };
    posts.iter().enumerate().map(answer_at).collect()
}

fn id_taken() -> ErrorBody {
    ErrorBody::new(
        ErrorCode::MessageIdTaken,
        "this message id was used before, for something else",
    )
}
