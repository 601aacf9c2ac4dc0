//! The load generator's end of a socket: cheap, so that it takes little from the server beside it,
//! and strict: every frame is read and checked.

mod frame;
mod ledger;
mod socket;
mod text;

pub(crate) use frame::Frame;
pub(crate) use ledger::{Ledger, Verdict};
pub(crate) use socket::{Socket, connect, connect_all, set_up};
pub(crate) use text::{Stamp, fresh, write_send};

use std::{sync::LazyLock, time::Instant};

/// Returns how many nanoseconds this program has run.
pub(crate) fn nanos() -> u64 {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGIN.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
