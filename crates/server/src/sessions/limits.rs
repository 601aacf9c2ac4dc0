//! How often somebody may try.
//!
//! Each try counts, also one that succeeds: counting only failures would let many be made at the
//! same moment. Names that do not exist are counted as those that do.

use std::{hash::Hash, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter, clock::Clock as GovernorClock, middleware::NoOpMiddleware, nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use magpie_protocol::{ErrorCode, UserId};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::Caller;
use crate::{AppError, clock::Clock, config::Config};

/// The most callers or accounts that are remembered at the same time.
const REMEMBERED: usize = 200_000;

/// How often those who have not tried for long are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// All limits on trying.
pub(crate) struct Limits {
    accounts: Limit<Account>,
    sign_ins: Limit<Caller>,
    registrations: Limit<Caller>,
}

/// What is tried: as a digest, so that each takes the same room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Account([u8; 16]);

impl Account {
    fn new(what: &str, name: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(what)
            .chain_update([0])
            .chain_update(name)
            .finalize();
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(key)
    }
}

impl Limits {
    pub(crate) fn new(config: &Config, clock: &Arc<dyn Clock>) -> Self {
        Self {
            accounts: Limit::new(config.tries_per_account_and_hour, clock),
            sign_ins: Limit::new(config.sign_ins_per_address_and_hour, clock),
            registrations: Limit::new(config.registrations_per_address_and_hour, clock),
        }
    }

    /// Counts a try to sign in as `login`, in the form in which it is looked up.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`].
    pub(crate) fn sign_in(&self, caller: Caller, login: &str) -> Result<(), AppError> {
        self.sign_ins.take(&caller)?;
        self.accounts.take(&Account::new("sign in", login))
    }

    /// Counts a try to register `username`.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`].
    pub(crate) fn registration(&self, caller: Caller, username: &str) -> Result<(), AppError> {
        self.registrations.take(&caller)?;
        self.accounts.take(&Account::new("register", username))
    }

    /// Counts a try to change a password.
    ///
    /// # Errors
    /// [`ErrorCode::RateLimited`].
    pub(crate) fn password_change(&self, user: UserId) -> Result<(), AppError> {
        self.accounts
            .take(&Account::new("change password", &user.to_string()))
    }
}

struct Limit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, Ticks, NoOpMiddleware<Nanos>>,
    clock: Ticks,
    swept: Mutex<Duration>,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    /// Allows so many tries at once, and so many in each hour.
    fn new(per_hour: u32, clock: &Arc<dyn Clock>) -> Self {
        let per_hour = NonZeroU32::new(per_hour).unwrap_or(NonZeroU32::MIN);
        let clock = Ticks(Arc::clone(clock));
        Self {
            limiter: RateLimiter::new(
                Quota::per_hour(per_hour),
                DashMapStateStore::default(),
                clock.clone(),
            ),
            clock,
            swept: Mutex::default(),
        }
    }

    fn take(&self, key: &K) -> Result<(), AppError> {
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
