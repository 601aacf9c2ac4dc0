//! One limit, for each of many.

use std::{hash::Hash, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter, clock::Clock as GovernorClock, middleware::NoOpMiddleware, nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use magpie_protocol::ErrorCode;
use parking_lot::Mutex;

use crate::{AppError, clock::Clock};

/// The most callers, accounts or people that are remembered at the same time.
const REMEMBERED: usize = 200_000;

/// How often those who have not tried for long are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// Counts what each does, and refuses what is too much.
pub(super) struct Limit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Ticks, NoOpMiddleware<Nanos>>,
    clock: Ticks,
    swept: Mutex<Duration>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    /// Allows each so much.
    pub(super) fn new(quota: Quota, clock: &Arc<dyn Clock>) -> Self {
        let clock = Ticks(Arc::clone(clock));
        Self {
            limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            clock,
            swept: Mutex::default(),
        }
    }

    /// Counts something that `key` does.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`], also when nobody else can be remembered.
    pub(super) fn take(&self, key: &K) -> Result<(), AppError> {
        self.sweep();
        if self.limiter.len() >= REMEMBERED {
            return Err(AppError::wait(ErrorCode::RateLimited, 1_000));
        }
        self.limiter.check_key(key).map_err(|refusal| {
            let wait = refusal.wait_time_from(self.clock.now());
            let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            AppError::wait(ErrorCode::RateLimited, millis.saturating_add(1))
        })
    }

    fn sweep(&self) {
        let now = self.clock.0.elapsed();
        {
            let mut swept = self.swept.lock();
            if now.saturating_sub(*swept) < SWEEP {
                return;
            }
            *swept = now;
        }
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// Our clock, as the limiter reads it.
#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

impl GovernorClock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}
