//! Carries what a transaction changed to the sockets that want to hear of it.
//!
//! A transaction says what changed with `tx.publish(…)`; after its commit, and in commit order, the
//! events come here. A [`Event::Changes`] is serialised once, whatever the number of its receivers.
//! Nothing here waits: a receiver that is too slow loses its pushes and is told to resync.
//!
//! Where several nodes serve together, events travel between them through Redis (`remote`).

mod address;
mod event;
mod hub;
mod outlet;
mod remote;

pub use address::{BusAddress, InvalidBusAddress};
pub use event::Event;
pub use hub::{Bus, Registration};
pub use outlet::{Outlet, Taken};
pub use remote::{Figures, Link, LinkState, NodeId};
pub(crate) use {
    hub::{resync, text},
    remote::{Remote, RemoteError, jittered},
};
