//! A clock that tests move, for server and cores alike.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use magpie_protocol::Timestamp;

/// The computer's clock, put forward by as much as the test wants. Clones share one time.
#[derive(Debug, Clone)]
pub struct TestClock {
    ahead_millis: Arc<AtomicI64>,
    started: Instant,
}

impl Default for TestClock {
    fn default() -> Self {
        Self {
            ahead_millis: Arc::default(),
            started: Instant::now(),
        }
    }
}

impl TestClock {
    /// Puts the clock forward.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn ahead(&self) -> i64 {
        self.ahead_millis.load(Ordering::SeqCst)
    }
}

impl magpie_core::Clock for TestClock {
    fn now(&self) -> Timestamp {
        magpie_core::Clock::now(&magpie_core::SystemClock).plus_millis(self.ahead())
    }
}

impl magpie_server::clock::Clock for TestClock {
    fn now(&self) -> Timestamp {
        magpie_core::Clock::now(self)
    }

    fn elapsed(&self) -> Duration {
        let ahead = u64::try_from(self.ahead()).unwrap_or(0);
        self.started.elapsed() + Duration::from_millis(ahead)
    }
}
