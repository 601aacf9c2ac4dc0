//! The app lock.

use super::Home;
use crate::{
    CoreError, LocalCode,
    secrets::{LockState, Secrets},
};

/// The shortest passphrase: a PIN of four digits.
const SHORTEST: usize = 4;
/// The longest passphrase.
const LONGEST: usize = 256;

impl Home {
    /// Returns how the app lock stands.
    #[must_use]
    pub fn lock_state(&self) -> LockState {
        self.0.secrets.lock_state()
    }

    /// Sets the app lock, or changes its passphrase where it is open. From now on tokens and database
    /// keys lie sealed in the keychain, and the app starts locked.
    ///
    /// # Errors
    /// [`LocalCode::PasswordLength`] outside of 4 to 256 characters, [`LocalCode::Locked`] while it
    /// is locked, or what keeps secrets from being written.
    pub async fn set_lock(&self, passphrase: &str) -> Result<(), CoreError> {
        if !(SHORTEST..=LONGEST).contains(&passphrase.chars().count()) {
            let message = "a passphrase has 4 to 256 characters";
            return Err(CoreError::local(LocalCode::PasswordLength, message));
        }
        let _stores = self.0.stores.lock().await;
        let names = self.secret_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.0.secrets.set_lock(passphrase, &names).await
    }

    /// Takes the app lock away. Where it was locked, it is open then.
    ///
    /// # Errors
    /// [`LocalCode::WrongPassphrase`] and when to try again, or what keeps secrets from being
    /// written.
    pub async fn remove_lock(&self, passphrase: &str) -> Result<(), CoreError> {
        let _stores = self.0.stores.lock().await;
        let names = self.secret_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let now = self.now();
        self.0.secrets.remove_lock(passphrase, &names, now).await
    }

    /// Locks the app: closes all accounts and their databases, and forgets the keys. Without an app
    /// lock nothing happens. The handles of the accounts are of no use any more, and are to be
    /// dropped.
    pub async fn lock(&self) {
        let mut stores = self.0.stores.lock().await;
        if self.lock_state() != LockState::Unlocked {
            return;
        }
        for core in self.open_cores() {
            core.close().await;
        }
        stores.close_all().await;
        self.0.secrets.lock();
    }

    /// Unlocks the app; [`Home::resume_all`] opens the accounts again. Without an app lock, or an
    /// open one, the passphrase is not looked at or only compared.
    ///
    /// # Errors
    /// [`LocalCode::WrongPassphrase`], and when to try again: after three wrong ones it takes five
    /// seconds, and twice as long with each more, up to a quarter of an hour.
    pub async fn unlock(&self, passphrase: &str) -> Result<(), CoreError> {
        let _stores = self.0.stores.lock().await;
        self.0.secrets.unlock(passphrase, self.now()).await
    }

    /// Begins anew for somebody who does not know the passphrase any more: removes the accounts and
    /// what is on the disk of them, unsent messages too, and the lock. What the server has comes back
    /// with the next sign-in.
    ///
    /// # Errors
    /// [`LocalCode::Storage`] or [`LocalCode::Keychain`].
    pub async fn forget_lock(&self) -> Result<(), CoreError> {
        for account in self.remembered() {
            self.forget(&account.key).await?;
        }
        self.0.secrets.forget_lock().await
    }

    /// # Errors
    /// [`LocalCode::Locked`] while the app is locked.
    pub(super) fn check_unlocked(&self) -> Result<(), CoreError> {
        match self.lock_state() {
            LockState::Locked => Err(CoreError::local(LocalCode::Locked, "the app is locked")),
            LockState::Off | LockState::Unlocked => Ok(()),
        }
    }

    fn secret_names(&self) -> Vec<String> {
        let secrets: &Secrets = &self.0.secrets;
        self.remembered()
            .iter()
            .flat_map(|account| secrets.account(&account.key).names().map(str::to_owned))
            .collect()
    }
}
