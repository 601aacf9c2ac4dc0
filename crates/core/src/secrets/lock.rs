//! Locking and unlocking what [`Secrets`] holds.

use magpie_protocol::Timestamp;
use rand::Rng as _;
use ring::aead::NONCE_LEN;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Secrets, SecretsFile,
    vault::{Dice, Record, Seal, Tried, is_sealed},
};
use crate::{CoreError, LocalCode, home::blocking};

/// Under which name the lock lies among the secrets. It holds no account's `@`.
const RECORD: &str = "lock";

/// How the app lock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    /// There is none.
    Off,
    /// It is open.
    Unlocked,
    /// It is closed.
    Locked,
}

/// The app lock, as far as this process knows it.
#[derive(Default)]
pub(super) enum Vault {
    /// There is none.
    #[default]
    Off,
    /// It is closed.
    Locked(Record),
    /// It is open: the key is in memory.
    Unlocked(Record, Seal),
}

impl Secrets {
    /// Returns how the app lock stands.
    pub(crate) fn lock_state(&self) -> LockState {
        match *self.0.vault.read() {
            Vault::Off => LockState::Off,
            Vault::Locked(_) => LockState::Locked,
            Vault::Unlocked(..) => LockState::Unlocked,
        }
    }

    /// Looks for a lock that was set before, where none is known.
    pub(super) async fn find_lock(&self) {
        if self.lock_state() != LockState::Off {
            return;
        }
        let file = self.0.file.lock().await;
        match self.read(&file, RECORD).await {
            Ok(Some(text)) => match serde_json::from_str(&text) {
                Ok(record) => *self.0.vault.write() = Vault::Locked(record),
                // What it sealed is lost, and reading it says so.
                Err(error) => tracing::error!(line = error.line(), "the lock cannot be read"),
            },
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "whether there is a lock is not known"),
        }
    }

    /// Sets a lock, and seals these secrets; or changes the passphrase of the lock that is open.
    ///
    /// # Errors
    /// [`LocalCode::Locked`], or what keeps the file from being written.
    pub(crate) async fn set_lock(&self, passphrase: &str, names: &[&str]) -> Result<(), CoreError> {
        let mut file = self.0.file.lock().await;
        let known = match &*self.0.vault.read() {
            Vault::Off => None,
            Vault::Locked(_) => return Err(locked()),
            Vault::Unlocked(_, seal) => Some(seal.clone()),
        };
        let is_new = known.is_none();
        let seal = known.unwrap_or_else(|| Seal::new(Zeroizing::new(self.random())));
        let dice = Dice {
            salt: self.random(),
            nonce: self.random(),
        };
        let (inner, passphrase) = (seal.clone(), Zeroizing::new(passphrase.to_owned()));
        let record = blocking(move || Record::new(&inner, &passphrase, &dice)).await?;
        self.save(&mut file, &record).await?;
        *self.0.vault.write() = Vault::Unlocked(record, seal);
        if is_new {
            for name in names {
                if let Some(text) = self.read(&file, name).await? {
                    let sealed = self.sealed(name, &text)?;
                    self.write(&mut file, name, &sealed).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes the lock away, and opens these secrets.
    ///
    /// # Errors
    /// [`LocalCode::WrongPassphrase`], or what keeps the file from being written.
    pub(crate) async fn remove_lock(
        &self,
        passphrase: &str,
        names: &[&str],
        now: Timestamp,
    ) -> Result<(), CoreError> {
        let mut file = self.0.file.lock().await;
        self.enter(&mut file, passphrase, now).await?;
        for name in names {
            if let Some(text) = self.read(&file, name).await? {
                let open = self.unsealed(name, text)?;
                self.write(&mut file, name, &open).await?;
            }
        }
        self.drop_record(&mut file).await
    }

    /// Forgets the lock, and that there was one. What it sealed is lost.
    ///
    /// # Errors
    /// What keeps the file from being written, or [`LocalCode::Keychain`].
    pub(crate) async fn forget_lock(&self) -> Result<(), CoreError> {
        let mut file = self.0.file.lock().await;
        self.drop_record(&mut file).await
    }

    /// Closes the lock: the key leaves the memory. Without a lock nothing happens.
    pub(crate) fn lock(&self) {
        let mut vault = self.0.vault.write();
        *vault = match std::mem::take(&mut *vault) {
            Vault::Unlocked(record, _) => Vault::Locked(record),
            other => other,
        };
    }

    /// Opens the lock. Without a lock nothing happens.
    ///
    /// # Errors
    /// [`LocalCode::WrongPassphrase`], and when to try again.
    pub(crate) async fn unlock(&self, passphrase: &str, now: Timestamp) -> Result<(), CoreError> {
        let mut file = self.0.file.lock().await;
        self.enter(&mut file, passphrase, now).await
    }

    /// Tries a passphrase, unless it is too soon, and counts the wrong ones.
    async fn enter(
        &self,
        file: &mut SecretsFile,
        passphrase: &str,
        now: Timestamp,
    ) -> Result<(), CoreError> {
        let record = match &*self.0.vault.read() {
            Vault::Off => return Ok(()),
            Vault::Locked(record) | Vault::Unlocked(record, _) => record.clone(),
        };
        if let Some(wait) = record.wait_ms(now) {
            return Err(CoreError::WrongPassphrase {
                retry_after_ms: Some(wait),
            });
        }
        let (tried, passphrase) = (record.clone(), Zeroizing::new(passphrase.to_owned()));
        match blocking(move || tried.try_out(&passphrase, now)).await? {
            Tried::Fits(seal, forgiven) => {
                if let Some(record) = &forgiven {
                    self.save(file, record).await?;
                }
                *self.0.vault.write() = Vault::Unlocked(forgiven.unwrap_or(record), seal);
                Ok(())
            }
            Tried::Wrong(record) => {
                // Counted where a new start finds it, before anybody hears of it.
                self.save(file, &record).await?;
                let retry_after_ms = record.wait_ms(now);
                let mut vault = self.0.vault.write();
                *vault = match std::mem::take(&mut *vault) {
                    Vault::Unlocked(_, seal) => Vault::Unlocked(record, seal),
                    _ => Vault::Locked(record),
                };
                Err(CoreError::WrongPassphrase { retry_after_ms })
            }
        }
    }

    async fn save(&self, file: &mut SecretsFile, record: &Record) -> Result<(), CoreError> {
        let text = serde_json::to_string(record)
            .map_err(|_| CoreError::local(LocalCode::Internal, "the lock is not JSON"))?;
        self.write(file, RECORD, &text).await
    }

    async fn drop_record(&self, file: &mut SecretsFile) -> Result<(), CoreError> {
        file.remove(RECORD)?;
        if let Some(keychain) = self.keychain() {
            keychain.remove(RECORD).await?;
        }
        *self.0.vault.write() = Vault::Off;
        Ok(())
    }

    /// Returns a secret as it is to be kept.
    pub(super) fn sealed(&self, name: &str, text: &str) -> Result<String, CoreError> {
        let nonce: [u8; NONCE_LEN] = self.random();
        match &*self.0.vault.read() {
            Vault::Off => Ok(text.to_owned()),
            Vault::Locked(_) => Err(locked()),
            Vault::Unlocked(_, seal) => seal.close(name, text, nonce),
        }
    }

    /// Returns a secret as it was before it was sealed.
    pub(super) fn unsealed(&self, name: &str, text: String) -> Result<String, CoreError> {
        if !is_sealed(&text) {
            return Ok(text);
        }
        let lost = || CoreError::local(LocalCode::Keychain, "a secret's lock is gone");
        match &*self.0.vault.read() {
            Vault::Off => Err(lost()),
            Vault::Locked(_) => Err(locked()),
            Vault::Unlocked(_, seal) => seal.open(name, &text).ok_or_else(lost),
        }
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.rng.lock().fill_bytes(&mut bytes);
        bytes
    }
}

fn locked() -> CoreError {
    CoreError::local(LocalCode::Locked, "the app is locked")
}
