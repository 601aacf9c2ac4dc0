//! The accounts that are open at the same time.

use magpie_protocol::UserId;
use serde::{Deserialize, Serialize};

use super::{Home, RememberedAccount};
use crate::{
    Core, CoreError, LocalCode, client::WeakCore, conversations::count, socket::LinkState,
    store::table::conversations,
};

/// An account of this profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct AccountLine {
    /// Names the account within this profile.
    pub key: String,
    /// The server's address.
    pub server_url: String,
    /// What the server calls itself.
    pub server_name: String,
    /// The person's number.
    pub user_id: UserId,
    /// The person's user name.
    pub username: String,
    /// The name that is shown.
    pub nickname: String,
    /// Unread messages, without those of muted conversations.
    pub unread: u32,
    /// It is signed in.
    pub signed_in: bool,
    /// It is the one on the screen.
    pub current: bool,
}

impl Home {
    /// Opens all accounts that are signed in, without asking their servers; the one that was shown
    /// last comes first, and is the one to be shown. An account that cannot be opened costs no other.
    ///
    /// # Errors
    /// [`LocalCode::Locked`] while the app is locked, or why not one could be opened.
    pub async fn resume_all(&self) -> Result<Vec<Core>, CoreError> {
        let mut stores = self.0.stores.lock().await;
        self.check_unlocked()?;
        let mut cores = Vec::new();
        let mut failure = None;
        for account in self.remembered() {
            if let Some(core) = self.open_core(&account.key) {
                cores.push(core);
                continue;
            }
            let is_first = cores.is_empty();
            match self.resume_account(&mut stores, account, is_first).await {
                Ok(core) => cores.extend(core),
                Err(error) => {
                    tracing::error!(%error, "an account cannot be opened");
                    failure = failure.or(Some(error));
                }
            }
        }
        match failure {
            Some(error) if cores.is_empty() => Err(error),
            _ => Ok(cores),
        }
    }

    /// Returns the accounts of this profile, signed in or not, in an order that stays.
    ///
    /// # Errors
    /// [`LocalCode::Storage`].
    pub async fn accounts(&self) -> Result<Vec<AccountLine>, CoreError> {
        let mut remembered = self.remembered();
        let current = remembered
            .iter()
            .find(|account| self.signed_in(&account.key).is_some())
            .map(|account| account.key.clone());
        remembered.sort_by(|a, b| a.key.cmp(&b.key));
        let mut lines = Vec::with_capacity(remembered.len());
        for account in remembered {
            let core = self.signed_in(&account.key);
            let unread = match &core {
                Some(core) => unread(core).await?,
                None => 0,
            };
            lines.push(line(account, unread, core.as_ref(), current.as_deref()));
        }
        Ok(lines)
    }

    /// Makes an account the one that is shown, opening it where it is signed in and not open. No
    /// other is signed out or closed. None when nobody is signed in to it.
    ///
    /// # Errors
    /// [`LocalCode::Locked`] while the app is locked, [`LocalCode::NotSignedIn`] when it was never
    /// used here, [`LocalCode::Storage`].
    pub async fn show(&self, key: &str) -> Result<Option<Core>, CoreError> {
        let mut stores = self.0.stores.lock().await;
        self.check_unlocked()?;
        let mut found = self.remembered().into_iter();
        let Some(mut account) = found.find(|account| account.key == key) else {
            let message = "this account was not used here";
            return Err(CoreError::local(LocalCode::NotSignedIn, message));
        };
        let Some(core) = self.signed_in(key) else {
            return self.resume_account(&mut stores, account, true).await;
        };
        account.last_used_at = self.now();
        self.remember(account)?;
        Ok(Some(core))
    }

    /// Notes that an account is open. A handle is not kept: it ends with the last one out there.
    pub(super) fn note_open(&self, core: &Core) {
        let mut open = self.0.open.lock();
        open.insert(core.key().to_owned(), core.downgrade());
    }

    /// Returns the accounts that are open.
    pub(crate) fn open_cores(&self) -> Vec<Core> {
        let mut open = self.0.open.lock();
        open.retain(|_, core| core.upgrade().is_some());
        open.values().filter_map(WeakCore::upgrade).collect()
    }

    fn open_core(&self, key: &str) -> Option<Core> {
        let core = self.0.open.lock().get(key).and_then(WeakCore::upgrade);
        core.filter(|core| !core.shared.store.is_closed())
    }

    fn signed_in(&self, key: &str) -> Option<Core> {
        self.open_core(key)
            .filter(|core| core.link() != LinkState::SignedOut)
    }
}

/// One that is closed meanwhile has nothing unread.
async fn unread(core: &Core) -> Result<u32, CoreError> {
    let now = core.shared.clock.now();
    let read = core
        .shared
        .store
        .read(move |db| conversations::unread_loud(db, now));
    match read.await.map_err(CoreError::from) {
        Ok(unread) => Ok(count(unread)),
        Err(_) if core.shared.store.is_closed() => Ok(0),
        Err(error) => Err(error),
    }
}

fn line(
    account: RememberedAccount,
    unread: u32,
    core: Option<&Core>,
    current: Option<&str>,
) -> AccountLine {
    AccountLine {
        unread,
        signed_in: core.is_some(),
        current: current == Some(account.key.as_str()),
        // As last heard, where there is somebody to ask.
        nickname: core.map_or(account.nickname, |core| core.account().user.nickname),
        key: account.key,
        server_url: account.server_url,
        server_name: account.server_name,
        user_id: account.user_id,
        username: account.username,
    }
}
