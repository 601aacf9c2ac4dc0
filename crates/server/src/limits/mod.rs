//! How often somebody may try, and how much somebody may write.
//!
//! Each try counts, also one that succeeds: counting only failures would let many be made at the
//! same moment. Names that do not exist are counted as those that do.

mod limit;

use std::{hash::Hash, num::NonZeroU32, sync::Arc};

use governor::Quota;
use magpie_protocol::UserId;
use sha2::{Digest as _, Sha256};

use crate::{AppError, clock::Clock, config::Config, sessions::Caller};
use limit::Limit;

/// For how many seconds' worth of writing somebody may catch up at once.
const WRITES_AT_ONCE_SECONDS: u32 = 10;

/// All limits on trying and writing over HTTP. A socket has a budget of its own.
pub(crate) struct Limits {
    accounts: Limit<Account>,
    sign_ins: Limit<Caller>,
    registrations: Limit<Caller>,
    updates: Limit<Caller>,
    writes: Limit<UserId>,
    friend_requests: Limit<UserId>,
    profile_changes: Limit<UserId>,
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
        let writes = config.writes_per_user_and_second;
        let writes = Quota::per_second(positive(writes))
            .allow_burst(positive(writes.saturating_mul(WRITES_AT_ONCE_SECONDS)));
        Self {
            accounts: hourly(config.tries_per_account_and_hour, clock),
            sign_ins: hourly(config.sign_ins_per_address_and_hour, clock),
            registrations: hourly(config.registrations_per_address_and_hour, clock),
            updates: hourly(config.updates_per_address_and_hour, clock),
            writes: Limit::new(writes, clock),
            friend_requests: hourly(config.friend_requests_per_user_and_hour, clock),
            profile_changes: hourly(config.profile_changes_per_user_and_hour, clock),
        }
    }

    /// Counts a try to sign in as `login`, in the form in which it is looked up.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn sign_in(&self, caller: Caller, login: &str) -> Result<(), AppError> {
        self.sign_ins.take(&caller)?;
        self.accounts.take(&Account::new("sign in", login))
    }

    /// Counts a try to register `username`.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn registration(&self, caller: Caller, username: &str) -> Result<(), AppError> {
        self.registrations.take(&caller)?;
        self.accounts.take(&Account::new("register", username))
    }

    /// Counts a question for a newer version of the app, or for one of its packages.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn update(&self, caller: Caller) -> Result<(), AppError> {
        self.updates.take(&caller)
    }

    /// Counts a try to change a password.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn password_change(&self, user: UserId) -> Result<(), AppError> {
        self.accounts
            .take(&Account::new("change password", &user.to_string()))
    }

    /// Counts a request that writes, whatever it writes.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn write(&self, user: UserId) -> Result<(), AppError> {
        self.writes.take(&user)
    }

    /// Counts a friend request.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn friend_request(&self, user: UserId) -> Result<(), AppError> {
        self.friend_requests.take(&user)
    }

    /// Counts a change of a profile, which all who see it have to be told of.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(crate) fn profile_change(&self, user: UserId) -> Result<(), AppError> {
        self.profile_changes.take(&user)
    }
}

/// Allows each so many at once, and so many in each hour.
fn hourly<K: Hash + Eq + Clone>(count: u32, clock: &Arc<dyn Clock>) -> Limit<K> {
    Limit::new(Quota::per_hour(positive(count)), clock)
}

/// The settings let no 0 through; should one come, the least is allowed.
fn positive(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
