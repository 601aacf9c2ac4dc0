//! What is said on the bus.

use magpie_protocol::{
    ConversationId, DeviceId, UserId,
    sync::{Change, Scope},
};

/// Something that was committed and concerns connected sockets.
#[derive(Debug, Clone)]
pub enum Event {
    /// Rows of a scope changed.
    Changes {
        /// Where.
        scope: Scope,
        /// The scope's revision before.
        prev: u64,
        /// The scope's revision after.
        rev: u64,
        /// The rows, in revision order.
        changes: Vec<Change>,
    },
    /// A user is in a conversation from now on: their sockets hear of it. Published before the
    /// changes that they shall hear of.
    Subscribe {
        /// The user.
        user: UserId,
        /// The conversation.
        conversation: ConversationId,
    },
    /// Rows of a scope may have changed, and nobody can say which: its sockets ask.
    Resync {
        /// Where.
        scope: Scope,
    },
    /// A device's session was ended: its socket is closed.
    EndDevice {
        /// The device.
        device: DeviceId,
    },
}
