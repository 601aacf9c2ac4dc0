//! The figures of a test, for those who want to know what it has seen.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use magpie_core::timeline::MessageView;
use magpie_protocol::MessageId;

use crate::record::Entry;

/// What was sent, and what became of it on all devices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that cores took for sending, refused ones not counted.
    pub sent: usize,
    /// Messages whose `ack` has passed the wire to their sender.
    pub acknowledged: usize,
    /// Devices that were looked at.
    pub devices: usize,
    /// Messages that stand in a device's timeline, each device counted.
    pub delivered: usize,
    /// Messages that should stand there and do not.
    pub lost: usize,
    /// Messages that stand there more than once.
    pub doubled: usize,
    /// Messages that stand before an earlier one of the same device, or elsewhere than on the server.
    pub out_of_order: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sent,
            acknowledged,
            devices,
            delivered,
            lost,
            doubled,
            out_of_order,
        } = self;
        write!(
            f,
            "{sent} sent, {acknowledged} acknowledged, {devices} devices, {delivered} delivered, \
             {lost} lost, {doubled} doubled, {out_of_order} out of order"
        )
    }
}

impl Tally {
    /// Counts what a device shows of a conversation, to which `entries` were sent.
    pub(super) fn count(&mut self, shown: &[MessageView], entries: &[Entry]) {
        let stored = shown.iter().filter(|view| view.seq.is_some());
        let mut places: HashMap<MessageId, usize> = HashMap::new();
        let mut seen = HashSet::new();
        let mut highest = 0;
        for (place, view) in stored.enumerate() {
            let seq = view.seq.unwrap_or(0);
            if !seen.insert(view.id) {
                self.doubled += 1;
            } else if seq <= highest {
                self.out_of_order += 1;
            }
            highest = highest.max(seq);
            places.entry(view.id).or_insert(place);
            self.delivered += usize::from(view.sender_id.is_some());
        }
        let mut latest: HashMap<&str, usize> = HashMap::new();
        for entry in entries {
            let Some(place) = places.get(&entry.id) else {
                self.lost += 1;
                continue;
            };
            let before = latest.insert(&entry.device, *place);
            self.out_of_order += usize::from(before > Some(*place));
        }
    }
}

#[cfg(test)]
mod tests {
    use magpie_core::timeline::SendStatus;
    use magpie_protocol::{
        ConversationId, Timestamp, UserId,
        messages::{Body, Text},
    };

    use super::*;

    fn view(n: u8, seq: u64) -> MessageView {
        MessageView {
            id: MessageId::from_parts(1, [n; 10]),
            seq: Some(seq),
            queue_order: None,
            sender_id: UserId::new(1).ok(),
            mine: true,
            body: Body::Text(Text {
                text: n.to_string(),
            }),
            created_at: Timestamp(1),
            status: SendStatus::Stored,
        }
    }

    fn entry(n: u8) -> Entry {
        Entry {
            device: "alice-1".to_owned(),
            sender: UserId::new(1).unwrap(),
            conversation_id: ConversationId::new(5).unwrap(),
            id: MessageId::from_parts(1, [n; 10]),
            text: n.to_string(),
        }
    }

    #[test]
    fn every_fault_is_counted() {
        let entries = [entry(1), entry(2), entry(3)];
        let count = |shown: &[(u8, u64)]| {
            let mut tally = Tally::default();
            let shown: Vec<_> = shown.iter().map(|(n, seq)| view(*n, *seq)).collect();
            tally.count(&shown, &entries);
            (
                tally.delivered,
                tally.lost,
                tally.doubled,
                tally.out_of_order,
            )
        };
        assert_eq!(count(&[(1, 1), (2, 2), (3, 3)]), (3, 0, 0, 0));
        assert_eq!(count(&[(1, 1), (3, 3)]), (2, 1, 0, 0));
        assert_eq!(count(&[(1, 1), (2, 2), (2, 3), (3, 4)]), (4, 0, 1, 0));
        assert_eq!(count(&[(1, 1), (3, 2), (2, 3)]), (3, 0, 0, 1));
        assert_eq!(count(&[(1, 1), (2, 3), (3, 2)]), (3, 0, 0, 1));
    }
}
