//! What was sent, written down as it was said, and held against what the server has.

use std::collections::{HashMap, HashSet};

use magpie_protocol::{
    ConversationId, MessageId, UserId,
    messages::{Body, Message},
};
use parking_lot::Mutex;

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// On which device.
    pub device: String,
    /// By whom.
    pub sender: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Under which id.
    pub id: MessageId,
    /// What.
    pub text: String,
}

/// What was sent, in the order in which each device sent it. Knows nothing of server and cores.
#[derive(Default)]
pub struct Record {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: Vec<Entry>,
    /// Texts of a process that was killed before it could tell the ids.
    perhaps: HashSet<(ConversationId, UserId, String)>,
    /// Conversations in which messages may have been refused.
    refusable: HashSet<ConversationId>,
    /// Messages whose order among those of their device is open, since they were sent again.
    retried: HashSet<MessageId>,
    befriended: HashMap<ConversationId, usize>,
}

impl Record {
    /// Writes down that a device took a message for sending.
    pub fn sent(
        &self,
        device: &str,
        sender: UserId,
        conversation_id: ConversationId,
        id: MessageId,
        text: &str,
    ) {
        self.inner.lock().entries.push(Entry {
            device: device.to_owned(),
            sender,
            conversation_id,
            id,
            text: text.to_owned(),
        });
    }

    /// Writes down that a device may have taken this text before it died.
    pub fn perhaps_sent(&self, sender: UserId, conversation_id: ConversationId, text: &str) {
        let text = (conversation_id, sender, text.to_owned());
        self.inner.lock().perhaps.insert(text);
    }

    /// Writes down that two people became friends, which leaves a system message.
    pub fn befriended(&self, conversation_id: ConversationId) {
        *self
            .inner
            .lock()
            .befriended
            .entry(conversation_id)
            .or_default() += 1;
    }

    /// From now on messages of this conversation may be refused: its two are not friends, or one
    /// has blocked the other.
    pub fn may_be_refused(&self, conversation_id: ConversationId) {
        self.inner.lock().refusable.insert(conversation_id);
    }

    /// Writes down that a refused message is tried again.
    pub fn retried(&self, id: MessageId) {
        self.inner.lock().retried.insert(id);
    }

    /// Writes down that a refused message was deleted by its sender.
    pub fn deleted(&self, id: MessageId) {
        self.inner.lock().entries.retain(|entry| entry.id != id);
    }

    /// Returns what was sent to a conversation, in the order in which it was written down.
    #[must_use]
    pub fn entries(&self, conversation_id: ConversationId) -> Vec<Entry> {
        let inner = self.inner.lock();
        let entries = inner.entries.iter();
        let here = entries.filter(|entry| entry.conversation_id == conversation_id);
        here.cloned().collect()
    }

    /// Returns how many messages were sent.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.lock().entries.len()
    }

    /// Returns whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Holds a conversation's whole history against what was sent. Returns what is not in it and
    /// must therefore stand as refused on the device that sent it.
    ///
    /// # Errors
    /// What is wrong: a message lost, doubled, changed, out of order, or from nowhere; a gap.
    pub fn check(
        &self,
        conversation_id: ConversationId,
        history: &[Message],
    ) -> Result<Vec<Entry>, String> {
        let inner = self.inner.lock();
        let here = || {
            let entries = inner.entries.iter();
            entries.filter(|entry| entry.conversation_id == conversation_id)
        };
        let known: HashMap<MessageId, &Entry> = here().map(|entry| (entry.id, entry)).collect();
        let mut places: HashMap<MessageId, u64> = HashMap::new();
        let mut perhaps_seen = HashSet::new();
        let mut befriended = 0;
        for (message, due) in history.iter().zip(1..) {
            if message.seq != due {
                return Err(format!("place {due} is missing before {}", message.seq));
            }
            if message.conversation_id != conversation_id {
                return Err(format!("{} stands in another conversation", message.id));
            }
            if let Some(place) = places.insert(message.id, message.seq) {
                return Err(format!("{} stands twice, at {place} and {due}", message.id));
            }
            let text = match (message.body(), message.sender_id) {
                (Body::System(_), None) => {
                    befriended += 1;
                    continue;
                }
                (Body::Text(text), Some(sender)) => (sender, text.text),
                other => return Err(format!("{due} is of no known kind: {other:?}")),
            };
            if let Some(entry) = known.get(&message.id) {
                if (entry.sender, &entry.text) != (text.0, &text.1) {
                    return Err(format!("{entry:?} was changed into {text:?}"));
                }
                continue;
            }
            let text = (conversation_id, text.0, text.1);
            if !inner.perhaps.contains(&text) || !perhaps_seen.insert(text.clone()) {
                return Err(format!("nobody sent {text:?}, or only once"));
            }
        }
        let due = inner.befriended.get(&conversation_id).copied().unwrap_or(0);
        if befriended != due {
            return Err(format!("{befriended} system messages instead of {due}"));
        }
        let mut latest: HashMap<&str, u64> = HashMap::new();
        let mut missing = Vec::new();
        for entry in here() {
            let Some(&place) = places.get(&entry.id) else {
                if !inner.refusable.contains(&conversation_id) {
                    return Err(format!("{entry:?} is lost"));
                }
                missing.push(entry.clone());
                continue;
            };
            if inner.retried.contains(&entry.id) {
                continue;
            }
            let before = latest.insert(&entry.device, place).unwrap_or(0);
            if before > place {
                return Err(format!(
                    "{entry:?} stands at {place}, an earlier one at {before}"
                ));
            }
        }
        Ok(missing)
    }
}

#[cfg(test)]
mod tests {
    use magpie_protocol::{Timestamp, messages::MessageKind};

    use super::*;

    fn id(number: u8) -> MessageId {
        MessageId::from_parts(1, [number; 10])
    }

    fn here() -> ConversationId {
        ConversationId::new(5).unwrap()
    }

    fn alice() -> UserId {
        UserId::new(1).unwrap()
    }

    fn record(texts: u8) -> Record {
        let record = Record::default();
        for n in 1..=texts {
            record.sent("alice/1", alice(), here(), id(n), &n.to_string());
        }
        record
    }

    fn history(numbers: &[u8]) -> Vec<Message> {
        let stored = |(seq, n): (u64, &u8)| Message {
            id: id(*n),
            conversation_id: here(),
            seq,
            sender_id: Some(alice()),
            kind: MessageKind::Text,
            content: serde_json::json!({ "text": n.to_string() }),
            created_at: Timestamp(7),
        };
        (1..).zip(numbers).map(stored).collect()
    }

    #[test]
    fn what_is_right_passes() {
        assert_eq!(record(3).check(here(), &history(&[1, 2, 3])), Ok(vec![]));
    }

    #[test]
    fn every_fault_is_found() {
        for (numbers, fault) in [
            (&[1, 2][..], "lost"),
            (&[1, 2, 2, 3], "twice"),
            (&[1, 3, 2], "earlier one"),
            (&[1, 2, 3, 4], "nobody sent"),
        ] {
            let error = record(3).check(here(), &history(numbers)).unwrap_err();
            assert!(error.contains(fault), "{numbers:?}: {error}");
        }
        let mut gap = history(&[1, 2, 3]);
        gap[2].seq = 4;
        assert!(
            record(3)
                .check(here(), &gap)
                .unwrap_err()
                .contains("missing")
        );
        let mut changed = history(&[1, 2, 3]);
        changed[1].content["text"] = "other".into();
        assert!(
            record(3)
                .check(here(), &changed)
                .unwrap_err()
                .contains("changed")
        );
        let record = record(3);
        record.befriended(here());
        let error = record.check(here(), &history(&[1, 2, 3])).unwrap_err();
        assert!(error.contains("system messages"), "{error}");
    }

    #[test]
    fn refused_ones_are_returned_and_perhaps_ones_pass_once() {
        let record = record(3);
        record.may_be_refused(here());
        let missing = record.check(here(), &history(&[1, 3])).unwrap();
        assert_eq!(
            missing.iter().map(|entry| entry.id).collect::<Vec<_>>(),
            [id(2)]
        );
        record.perhaps_sent(alice(), here(), "4");
        assert!(record.check(here(), &history(&[1, 2, 3, 4])).is_ok());
        let mut twice = history(&[1, 2, 3, 4, 5]);
        twice[4].content["text"] = "4".into();
        assert!(
            record
                .check(here(), &twice)
                .unwrap_err()
                .contains("only once")
        );
    }
}
