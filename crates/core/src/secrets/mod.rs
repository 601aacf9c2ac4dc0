//! Where tokens and the database key lie.
//!
//! In the system's keychain where there is one that works, which is tried out when the home is
//! opened, and otherwise in a file that only this user can read. Where there was one and it does not
//! work any more, the home stays closed until it does, or until the user goes on without it. A
//! keychain that breaks later costs at most a new sign-in: what it does not take goes to the file,
//! and what the file holds is the newer. What lies in a keychain that cannot be asked is not missing: reading it is an error. Where
//! the user has set an app lock, all of it is sealed besides, and cannot be read while the app is
//! locked.

mod account;
mod file;
mod keychain;
mod lock;
mod vault;

use std::{path::PathBuf, sync::Arc};

use magpie_protocol::Timestamp;
use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::{CoreError, LocalCode};

pub(crate) use account::AccountSecrets;
use file::SecretsFile;
use keychain::Keychain;
pub use lock::LockState;
use lock::Vault;

/// Where secrets lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SecretStorage {
    /// In the system's keychain.
    Keychain,
    /// In a file that only this user can read, because there is no keychain.
    File,
}

/// The secrets of one home. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<Inner>);

struct Inner {
    /// The name under which secrets lie in the keychain; none when it is not to be used.
    service: Option<String>,
    /// Present once it was seen working.
    keychain: RwLock<Option<Arc<Keychain>>>,
    /// Taken for as long as a secret is being read or changed, so that none is changed twice at
    /// once.
    file: tokio::sync::Mutex<SecretsFile>,
    /// The app lock.
    vault: RwLock<Vault>,
    rng: Mutex<StdRng>,
}

/// What [`Secrets::open`] found.
pub(crate) struct OpenedSecrets {
    /// The secrets.
    pub(crate) secrets: Secrets,
    /// There is no keychain, and the user was not told before.
    pub(crate) tell: bool,
}

impl Secrets {
    /// Finds out where secrets lie: in the keychain under `service`, where one is given and it
    /// works, or else in a file.
    ///
    /// # Errors
    /// [`LocalCode::Keychain`] when there was a keychain and it does not work now: it may only have
    /// to be unlocked. [`LocalCode::Storage`] when the file is there and cannot be read.
    pub(crate) async fn open(
        file: PathBuf,
        service: Option<&str>,
        now: Timestamp,
    ) -> Result<OpenedSecrets, CoreError> {
        let mut file = SecretsFile::open(file, now)?;
        let keychain = match service {
            Some(service) => Keychain::probe(service).await,
            None => None,
        };
        if service.is_some() && keychain.is_none() && file.had_keychain() {
            return Err(CoreError::local(
                LocalCode::Keychain,
                "the keychain that has the secrets does not work",
            ));
        }
        let tell = service.is_some() && keychain.is_none() && file.tell_once()?;
        if let Some(keychain) = &keychain {
            file.note_keychain()?;
            // They were put there while the keychain was away.
            for (name, value) in file.all() {
                if keychain.set(&name, &value).await.is_ok() {
                    file.remove(&name)?;
                }
            }
        }
        let secrets = Self(Arc::new(Inner {
            service: service.map(str::to_owned),
            keychain: RwLock::new(keychain.map(Arc::new)),
            file: tokio::sync::Mutex::new(file),
            vault: RwLock::default(),
            rng: Mutex::new(rand::make_rng()),
        }));
        secrets.find_lock().await;
        Ok(OpenedSecrets { secrets, tell })
    }

    /// Notes that the secrets are to be opened without the keychain that has them, until that works
    /// again. To be called where they are not open.
    ///
    /// # Errors
    /// [`LocalCode::Storage`] or [`LocalCode::DiskFull`].
    pub(crate) fn do_without_keychain(file: PathBuf, now: Timestamp) -> Result<(), CoreError> {
        SecretsFile::open(file, now)?.do_without_keychain()
    }

    /// Tries a keychain once more that did not work before, for it may have been unlocked since.
    /// Tells whether it works now.
    async fn try_keychain_again(&self) -> bool {
        let (Some(service), None) = (&self.0.service, self.keychain()) else {
            return false;
        };
        let keychain = Keychain::probe(service).await;
        let works = keychain.is_some();
        if works && let Err(error) = self.0.file.lock().await.note_keychain() {
            tracing::warn!(%error, "that there is a keychain is not written down");
        }
        *self.0.keychain.write() = keychain.map(Arc::new);
        if works {
            self.find_lock().await;
        }
        works
    }

    /// Returns where secrets lie.
    pub(crate) fn storage(&self) -> SecretStorage {
        match self.keychain() {
            Some(_) => SecretStorage::Keychain,
            None => SecretStorage::File,
        }
    }

    /// Returns the secrets of one account.
    pub(crate) fn account(&self, key: &str) -> AccountSecrets {
        AccountSecrets::new(self.clone(), key)
    }

    fn keychain(&self) -> Option<Arc<Keychain>> {
        self.0.keychain.read().clone()
    }

    async fn get(&self, name: &str) -> Result<Option<String>, CoreError> {
        let file = self.0.file.lock().await;
        match self.read(&file, name).await? {
            Some(text) => self.unsealed(name, text).map(Some),
            None => Ok(None),
        }
    }

    async fn set(&self, name: &str, value: &str) -> Result<(), CoreError> {
        let mut file = self.0.file.lock().await;
        let value = self.sealed(name, value)?;
        self.write(&mut file, name, &value).await
    }

    async fn write(
        &self,
        file: &mut SecretsFile,
        name: &str,
        value: &str,
    ) -> Result<(), CoreError> {
        if let Some(keychain) = self.keychain() {
            match keychain.set(name, value).await {
                Ok(()) => return file.remove(name),
                Err(error) => {
                    tracing::warn!(%error, "the keychain does not take a secret; it goes to the file");
                }
            }
        }
        file.set(name, value)
    }

    /// Removes a secret, where it is the one that `matches` knows.
    async fn remove(&self, name: &str, matches: impl Fn(&str) -> bool) -> Result<(), CoreError> {
        let mut file = self.0.file.lock().await;
        let read = self.read(&file, name).await;
        let read = read.and_then(|text| text.map(|text| self.unsealed(name, text)).transpose());
        match read {
            Ok(Some(value)) if !matches(&value) => return Ok(()),
            Ok(None) => return Ok(()),
            // What cannot be read may still be removed.
            Ok(Some(_)) | Err(_) => {}
        }
        file.remove(name)?;
        match self.keychain() {
            Some(keychain) => keychain.remove(name).await,
            None => Ok(()),
        }
    }

    async fn read(&self, file: &SecretsFile, name: &str) -> Result<Option<String>, CoreError> {
        if let Some(value) = file.get(name) {
            return Ok(Some(value));
        }
        match (self.keychain(), &self.0.service) {
            (Some(keychain), _) => keychain.get(name).await,
            (None, None) => Ok(None),
            // It may lie in the keychain, from a time when that worked.
            (None, Some(_)) => Err(CoreError::local(
                LocalCode::Keychain,
                "the keychain cannot be asked",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
