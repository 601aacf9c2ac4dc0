//! The one WebSocket to the server.
//!
//! Exactly one task owns it. It goes to the node that the server names, says how the link stands in
//! one value, hands what arrives to sync in the order in which it came, and connects again, after
//! pauses that double with chance in them, for as long as this device is signed in. A frame that was
//! handed to it may be lost with it: whoever sends something keeps it until it is answered.

mod backoff;
mod connect;
mod route;
mod run;
mod wire;

use magpie_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::FailureCode;

pub(crate) use backoff::Backoff;
use run::goodbye;
pub(crate) use run::{follow_way, run};
pub(crate) use wire::{Answer, Connection, Generation, Incoming, Wire};

/// How the link to the server stands: one value, shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LinkState {
    /// Trying for the first time, or again.
    Connecting {
        /// Since when there has been no link; absent at the first try.
        since: Option<Timestamp>,
    },
    /// Connected; what was missed is being fetched.
    Syncing,
    /// Connected, and up to date.
    Online,
    /// No link; the next try comes by itself.
    Offline {
        /// Since when.
        since: Timestamp,
        /// When the next try comes.
        retry_at: Timestamp,
        /// Why the last try failed.
        reason: FailureCode,
    },
    /// This device is not signed in any more.
    SignedOut,
}
