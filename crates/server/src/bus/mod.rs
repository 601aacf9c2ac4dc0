//! Carries what a transaction changed to the sockets that want to hear of it.
//!
//! A transaction says what changed with `tx.publish(…)`; after its commit, and in commit order, the
//! events come here. A [`Event::Changes`] is serialised once, whatever the number of its receivers.
//! Nothing here waits: a receiver that is too slow loses its pushes and is told to resync.

mod event;
mod hub;
mod outlet;

pub use event::Event;
pub use hub::{Bus, Registration};
pub use outlet::{Outlet, Taken};
