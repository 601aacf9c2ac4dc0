//! The steps of messages that the server has: arrived as a change, as a page of history, or as the
//! answer to a message that was sent.

use magpie_protocol::{ConversationId, MessageId, UserId, conversations::Marks, messages::Message};

use crate::store::{
    Result, Tx,
    table::{conversations, held_ranges, marks_owed, members, messages},
};

/// Messages of one conversation that arrived together, and what the steps learn of them.
struct Batch {
    me: UserId,
    conversation_id: ConversationId,
    messages: Vec<Message>,
    left_outbox: Vec<MessageId>,
}

/// One step. A failure undoes the whole batch.
trait Step: Sync {
    fn run(&self, tx: &Tx<'_>, batch: &mut Batch) -> Result<()>;
}

/// The order.
const STEPS: [&dyn Step; 5] = [&Validate, &Keep, &Hold, &OweDelivered, &CountUnread];

/// Takes messages of a conversation in, and returns those that were in the outbox until now: whoever
/// shows them as under way must hear of it. May be repeated with the same messages. The caller tells
/// the listeners after the commit.
pub(crate) fn take(
    tx: &Tx<'_>,
    me: UserId,
    conversation_id: ConversationId,
    messages: Vec<Message>,
) -> Result<Vec<MessageId>> {
    let mut batch = Batch {
        me,
        conversation_id,
        messages,
        left_outbox: Vec::new(),
    };
    for step in STEPS {
        if batch.messages.is_empty() {
            break;
        }
        step.run(tx, &mut batch)?;
    }
    Ok(batch.left_outbox)
}

/// Passes over what no server should send, so that it cannot spoil the rest.
struct Validate;

impl Step for Validate {
    fn run(&self, _: &Tx<'_>, batch: &mut Batch) -> Result<()> {
        let conversation_id = batch.conversation_id;
        batch.messages.retain(|message| {
            let fits = message.seq > 0 && message.conversation_id == conversation_id;
            if !fits {
                tracing::warn!(id = %message.id, "a message stands where it cannot stand");
            }
            fits
        });
        batch.messages.sort_by_key(|message| message.seq);
        Ok(())
    }
}

/// Stores the messages, and takes them out of the outbox in the same transaction.
struct Keep;

impl Step for Keep {
    fn run(&self, tx: &Tx<'_>, batch: &mut Batch) -> Result<()> {
        let inserted = messages::insert_all(tx, batch.me, &batch.messages)?;
        let left = batch.messages.iter().zip(inserted);
        batch.left_outbox.extend(
            left.filter(|(_, inserted)| inserted.was_outgoing)
                .map(|(message, _)| message.id),
        );
        Ok(())
    }
}

/// Says which stretches are held now: exactly those that were stored.
struct Hold;

impl Step for Hold {
    fn run(&self, tx: &Tx<'_>, batch: &mut Batch) -> Result<()> {
        let mut stretch: Option<(u64, u64)> = None;
        for message in &batch.messages {
            stretch = match stretch {
                Some((from, to)) if message.seq <= to.saturating_add(1) => {
                    Some((from, message.seq))
                }
                done => {
                    if let Some((from, to)) = done {
                        held_ranges::add(tx, batch.conversation_id, from, to)?;
                    }
                    Some((message.seq, message.seq))
                }
            };
        }
        if let Some((from, to)) = stretch {
            held_ranges::add(tx, batch.conversation_id, from, to)?;
        }
        Ok(())
    }
}

/// Owes the server the news that this device holds everything up to a place: the end of the stretch
/// that begins where the server's mark ends. A hole after the mark holds it back.
struct OweDelivered;

impl Step for OweDelivered {
    fn run(&self, tx: &Tx<'_>, batch: &mut Batch) -> Result<()> {
        let id = batch.conversation_id;
        let mark = members::delivered(tx, id, batch.me)?;
        let Some(held) = held_ranges::around(tx, id, mark.saturating_add(1))? else {
            return Ok(());
        };
        // One's own messages need no mark.
        if messages::first_counting_after(tx, id, mark)?.is_some_and(|first| first <= held.to) {
            let marks = Marks {
                delivered: Some(held.to),
                read: None,
            };
            marks_owed::owe(tx, id, &marks)?;
        }
        Ok(())
    }
}

/// Counts what is unread, once for the batch.
struct CountUnread;

impl Step for CountUnread {
    fn run(&self, tx: &Tx<'_>, batch: &mut Batch) -> Result<()> {
        conversations::recount(tx, batch.conversation_id)
    }
}
