//! Which messages are under way.

use std::collections::HashSet;

use magpie_protocol::MessageId;
use parking_lot::Mutex;

/// Messages that were handed to the present socket, and those that were taken back before. A
/// message that may have left can no longer be deleted here, for the server may have it already.
#[derive(Debug, Default)]
pub(crate) struct Flight(Mutex<Sets>);

#[derive(Debug, Default)]
struct Sets {
    under_way: HashSet<MessageId>,
    withdrawn: HashSet<MessageId>,
}

impl Flight {
    /// Says that a message leaves. Returns `false` when it was taken back, and must not.
    pub(super) fn depart(&self, id: MessageId) -> bool {
        let mut sets = self.0.lock();
        let leaves = !sets.withdrawn.contains(&id);
        if leaves {
            sets.under_way.insert(id);
        }
        leaves
    }

    /// Takes a message back. Returns `false` when it has left.
    pub(super) fn withdraw(&self, id: MessageId) -> bool {
        let mut sets = self.0.lock();
        let stays = !sets.under_way.contains(&id);
        if stays {
            sets.withdrawn.insert(id);
        }
        stays
    }

    /// Lets a message leave again that was taken back.
    pub(super) fn release(&self, id: MessageId) {
        self.0.lock().withdrawn.remove(&id);
    }

    /// Says that a message's answer is in the database, or that it is to be sent again.
    pub(crate) fn land(&self, id: MessageId) {
        self.0.lock().under_way.remove(&id);
    }

    /// Says that the socket is gone, and with it every answer.
    pub(super) fn clear(&self) {
        self.0.lock().under_way.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_leaves_or_is_taken_back_but_never_both() {
        let flight = Flight::default();
        let (first, second) = (
            MessageId::from_parts(1, [0; 10]),
            MessageId::from_parts(2, [0; 10]),
        );
        assert!(flight.depart(first));
        assert!(!flight.withdraw(first));
        assert!(flight.withdraw(second));
        assert!(!flight.depart(second));
        flight.release(second);
        assert!(flight.depart(second));
        flight.land(first);
        assert!(flight.withdraw(first));
    }
}
