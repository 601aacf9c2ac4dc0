//! Time, as a parameter.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{Local, MappedLocalTime, TimeZone as _};
use magpie_protocol::Timestamp;

/// Where the core reads the wall clock. Tests pass one that they move themselves.
pub trait Clock: Send + Sync + 'static {
    /// Returns the present time.
    fn now(&self) -> Timestamp;

    /// Returns how many minutes local time is ahead of UTC at a moment.
    fn offset_minutes(&self, _at: Timestamp) -> i32 {
        0
    }
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

    fn offset_minutes(&self, at: Timestamp) -> i32 {
        match Local.timestamp_millis_opt(at.0) {
            MappedLocalTime::Single(time) => time.offset().local_minus_utc() / 60,
            _ => 0,
        }
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
