//! How often a client's marks are written.

use std::{collections::HashMap, time::Duration};

use magpie_protocol::{ConversationId, conversations::Marks};
use tokio::time::Instant;

use crate::messages::Due;

/// The least time between two writes of marks in one conversation.
const PAUSE: Duration = Duration::from_secs(1);

/// Merges the marks of each conversation and lets them through at most once a second: the first at
/// once, what follows when the second is over.
#[derive(Debug, Default)]
pub(super) struct Pace {
    slots: HashMap<ConversationId, Slot>,
    next: Option<Instant>,
}

#[derive(Debug)]
struct Slot {
    /// Not to be written before.
    due: Instant,
    waiting: Option<Marks>,
}

impl Pace {
    /// Takes marks that came `now`.
    pub(super) fn add(&mut self, id: ConversationId, marks: &Marks, now: Instant) {
        let slot = self.slots.entry(id).or_insert(Slot {
            due: now,
            waiting: None,
        });
        let waiting = slot.waiting.get_or_insert_default();
        waiting.delivered = waiting.delivered.max(marks.delivered);
        waiting.read = waiting.read.max(marks.read);
        self.next = Some(self.next.map_or(slot.due, |next| next.min(slot.due)));
    }

    /// Returns when the next marks may be written.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Takes the marks that may be written `now`.
    pub(super) fn take_due(&mut self, now: Instant) -> Due {
        if self.next.is_none_or(|next| next > now) {
            return Due::new();
        }
        let mut due = Due::new();
        let mut next: Option<Instant> = None;
        self.slots.retain(|id, slot| {
            if slot.due > now {
                if slot.waiting.is_some() {
                    next = Some(next.map_or(slot.due, |next| next.min(slot.due)));
                }
                return true;
            }
            // A slot whose time is over and that holds nothing is not needed any more.
            let Some(marks) = slot.waiting.take() else {
                return false;
            };
            due.push((*id, marks));
            slot.due = now + PAUSE;
            true
        });
        self.next = next;
        due
    }

    /// Takes all marks, for nothing comes after them.
    pub(super) fn take_all(&mut self) -> Due {
        self.next = None;
        self.slots
            .drain()
            .filter_map(|(id, slot)| Some((id, slot.waiting?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(seq: u64) -> Marks {
        Marks {
            delivered: None,
            read: Some(seq),
        }
    }

    #[test]
    fn the_first_goes_at_once_and_the_rest_together_a_second_later() {
        let start = Instant::now();
        let id = ConversationId::new(1).unwrap();
        let mut pace = Pace::default();
        pace.add(id, &read(1), start);
        assert_eq!(pace.take_due(start), [(id, read(1))]);
        let soon = start + Duration::from_millis(10);
        pace.add(id, &read(3), soon);
        pace.add(id, &read(2), soon);
        assert_eq!(pace.take_due(soon), []);
        assert_eq!(pace.next(), Some(start + PAUSE));
        assert_eq!(pace.take_due(start + PAUSE), [(id, read(3))]);
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn conversations_do_not_wait_for_each_other_and_are_forgotten() {
        let start = Instant::now();
        let [one, two] = [1, 2].map(|id| ConversationId::new(id).unwrap());
        let mut pace = Pace::default();
        pace.add(one, &read(1), start);
        pace.take_due(start);
        pace.add(two, &read(1), start);
        assert_eq!(pace.take_due(start), [(two, read(1))]);
        pace.add(two, &read(2), start + PAUSE);
        pace.take_due(start + PAUSE);
        assert_eq!(pace.slots.len(), 1);
        pace.add(two, &read(3), start + PAUSE);
        assert_eq!(pace.take_all(), [(two, read(3))]);
    }
}
