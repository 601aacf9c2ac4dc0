//! What one receiver got of one conversation, and what was wrong with it.

use std::collections::HashMap;

use super::Stamp;

/// Keeps count of what arrived.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By sender.
    senders: HashMap<u32, Arrived>,
    last_seq: Option<u64>,
    last_rev: Option<u64>,
    verdict: Verdict,
    digest: u64,
}

#[derive(Debug, Default)]
struct Arrived {
    /// How often each number came.
    times: Vec<u8>,
    /// Numbers below this have come, or were passed over.
    next: u32,
}

/// What was wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Messages that never came.
    pub(crate) lost: u64,
    /// Messages that came again.
    pub(crate) doubled: u64,
    /// Messages that came after a later one, or whose place did not follow the last one's.
    pub(crate) reordered: u64,
    /// Frames that did not begin where the one before ended.
    pub(crate) gaps: u64,
    /// Frames and texts that are not what they should be.
    pub(crate) strange: u64,
}

impl Verdict {
    /// Adds what was wrong elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.gaps += other.gaps;
        self.strange += other.strange;
    }
}

impl Ledger {
    /// Takes note of a message.
    pub(crate) fn take(&mut self, seq: u64, stamp: Stamp) {
        let arrived = self.senders.entry(stamp.sender).or_default();
        let number = stamp.number as usize;
        if arrived.times.len() <= number {
            arrived.times.resize(number + 1, 0);
        }
        let again = arrived.times.get_mut(number).is_some_and(|times| {
            *times = times.saturating_add(1);
            *times > 1
        });
        if again {
            self.verdict.doubled += 1;
            return;
        }
        let follows = self.last_seq.is_none_or(|last| seq == last + 1);
        if stamp.number < arrived.next || !follows {
            self.verdict.reordered += 1;
        }
        arrived.next = arrived.next.max(stamp.number + 1);
        self.last_seq = Some(self.last_seq.map_or(seq, |last| last.max(seq)));
        for part in [seq, u64::from(stamp.sender), u64::from(stamp.number)] {
            self.digest = (self.digest.rotate_left(5) ^ part).wrapping_mul(0x517C_C1B7_2722_0A95);
        }
    }

    /// Takes note of the revisions that a frame spans.
    pub(crate) fn span(&mut self, prev: Option<u64>, rev: Option<u64>) {
        if self.last_rev.is_some() && self.last_rev != prev {
            self.verdict.gaps += 1;
        }
        self.last_rev = rev;
    }

    /// Takes note of something that should not be.
    pub(crate) fn strange(&mut self) {
        self.verdict.strange += 1;
    }

    /// Returns how many different messages of this sender came.
    pub(crate) fn came(&self, sender: u32) -> u32 {
        let times = self.senders.get(&sender).map(|arrived| &arrived.times);
        let came = times.map_or(0, |times| times.iter().filter(|times| **times > 0).count());
        u32::try_from(came).unwrap_or(u32::MAX)
    }

    /// Returns a number that two receivers share who got the same messages in the same places and
    /// in the same order.
    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Returns what was wrong, where each of these senders has sent so many.
    pub(crate) fn judge(&self, sent: impl IntoIterator<Item = (u32, u32)>) -> Verdict {
        let mut verdict = self.verdict;
        for (sender, count) in sent {
            verdict.lost += u64::from(count.saturating_sub(self.came(sender)));
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(sender: u32, number: u32) -> Stamp {
        Stamp {
            sender,
            number,
            at: 0,
        }
    }

    fn ledger(arrivals: &[(u64, u32, u32)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (seq, sender, number) in arrivals {
            ledger.take(*seq, stamp(*sender, *number));
        }
        ledger
    }

    #[test]
    fn what_comes_as_it_should_is_right() {
        let right = ledger(&[(4, 1, 0), (5, 2, 0), (6, 1, 1), (7, 2, 1)]);
        assert_eq!(right.judge([(1, 2), (2, 2)]), Verdict::default());
        let other = ledger(&[(4, 1, 0), (5, 2, 0), (6, 2, 1), (7, 1, 1)]);
        assert_ne!(right.digest(), other.digest());
    }

    #[test]
    fn each_fault_is_found() {
        let lost = ledger(&[(1, 1, 0), (3, 1, 2)]).judge([(1, 4), (2, 1)]);
        assert_eq!((lost.lost, lost.reordered), (3, 1));
        let doubled = ledger(&[(1, 1, 0), (1, 1, 0), (2, 1, 1)]).judge([(1, 2)]);
        assert_eq!(
            doubled,
            Verdict {
                doubled: 1,
                ..Verdict::default()
            }
        );
        let swapped = ledger(&[(1, 1, 0), (3, 1, 2), (2, 1, 1)]).judge([(1, 3)]);
        assert_eq!(
            swapped,
            Verdict {
                reordered: 2,
                ..Verdict::default()
            }
        );
        let places = ledger(&[(1, 1, 0), (1, 1, 1)]).judge([(1, 2)]);
        assert_eq!(
            places,
            Verdict {
                reordered: 1,
                ..Verdict::default()
            }
        );
    }

    #[test]
    fn frames_must_follow_each_other() {
        let mut ledger = Ledger::default();
        ledger.span(Some(3), Some(5));
        ledger.span(Some(5), Some(6));
        ledger.span(Some(7), Some(8));
        assert_eq!(ledger.judge([]).gaps, 1);
    }
}
