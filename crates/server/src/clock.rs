//! Time and chance, which the server is given and never takes by itself.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use magpie_protocol::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time of day. It may jump, also backwards.
    fn now(&self) -> Timestamp;

    /// Returns the time since some moment. It never goes backwards.
    fn elapsed(&self) -> Duration;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A machine whose clock stands before 1970 gets 1970.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Gives bytes that nobody can foresee.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The generator of the `rand` crate, seeded by the operating system.
#[derive(Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::Rng::fill_bytes(&mut rand::rng(), bytes);
    }
}

/// Returns `N` bytes of `random`.
pub(crate) fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}
