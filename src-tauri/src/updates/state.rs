//! How updating stands, as the page is told.

use magpie_core::protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// How updating stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum UpdateState {
    /// Nobody looked yet.
    Unknown,
    /// There is nowhere to look: neither the account's server nor the makers of this build offer any.
    Off,
    /// Somebody looks.
    Checking,
    /// This is the newest version.
    None {
        /// When that was so.
        checked_at: Timestamp,
    },
    /// There is a newer version.
    Available {
        /// Which.
        version: String,
        /// What is new.
        notes: String,
        /// Its size in bytes.
        size: Option<u64>,
    },
    /// It is being fetched.
    Downloading {
        /// Which.
        version: String,
        /// How many bytes are here.
        done: u64,
        /// Of how many.
        total: Option<u64>,
    },
    /// It is here, and was found good. It is installed when the app is started anew.
    Ready {
        /// Which.
        version: String,
        /// What is new.
        notes: String,
    },
    /// It was refused.
    Refused {
        /// Why.
        reason: UpdateRefusal,
    },
}

/// Why an update was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UpdateRefusal {
    /// Where updates come from cannot be reached, or does not answer as it should.
    Unreachable,
    /// The signature is not that of the app's makers.
    Signature,
    /// It is not what the app's makers signed: it was changed, or did not arrive whole.
    Damaged,
    /// It is older than this version.
    Older,
    /// Messages wait to be sent. It is kept until they have left.
    UnsentMessages,
    /// The app was installed in a way that updates it otherwise.
    NotPossible,
    /// It could not be installed.
    Failed,
}
