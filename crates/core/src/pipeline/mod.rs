//! What happens to a message on its way in and on its way out: a chain of small steps, each its own
//! type, in the order that stands in [`incoming::STEPS`] and [`outgoing::STEPS`] and nowhere else.

mod incoming;
mod outgoing;

pub(crate) use incoming::take;
pub(crate) use outgoing::queue;
