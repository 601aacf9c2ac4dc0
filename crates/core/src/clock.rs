//! Time, as a parameter.

use std::time::{SystemTime, UNIX_EPOCH};

use magpie_protocol::Timestamp;

/// Where the core reads the wall clock. Tests pass one that they move themselves.
pub trait Clock: Send + Sync + 'static {
    /// Returns the present time.
    fn now(&self) -> Timestamp;
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(_) => 0,
        };
        Timestamp(millis)
    }
}

/// Returns what this computer runs.
#[must_use]
pub const fn this_platform() -> magpie_protocol::accounts::Platform {
    use magpie_protocol::accounts::Platform;
    if cfg!(target_os = "linux") {
        Platform::Linux
    } else if cfg!(target_os = "macos") {
        Platform::Macos
    } else if cfg!(target_os = "windows") {
        Platform::Windows
    } else {
        Platform::Other
    }
}
