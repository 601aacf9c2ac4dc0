//! The system's keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service on
//! Linux.
//!
//! It may take its time, ask the user for a password, or never answer. So each call has a thread of
//! its own, which is left alone when it takes too long: the runtime would wait for one of its own
//! threads when it ends.

use std::time::Duration;

use keyring::{Entry, Error};
use tokio::{sync::oneshot, time::timeout};

use crate::{CoreError, LocalCode};

/// How long the keychain may take; it may be waiting for the user to unlock it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The entry by which the keychain is tried out.
const PROBE: &str = "probe";

/// A keychain that works, and the name under which our secrets lie in it.
pub(super) struct Keychain {
    service: String,
}

impl Keychain {
    /// Tries the keychain out by writing, reading and removing an entry. Returns none when any of
    /// it fails.
    pub(super) async fn probe(service: &str) -> Option<Self> {
        let keychain = Self {
            service: service.to_owned(),
        };
        match keychain.try_out().await {
            Ok(()) => Some(keychain),
            Err(error) => {
                tracing::warn!(%error, "there is no keychain; secrets go to a file");
                None
            }
        }
    }

    async fn try_out(&self) -> Result<(), CoreError> {
        self.set(PROBE, PROBE).await?;
        let read = self.get(PROBE).await?;
        self.remove(PROBE).await?;
        match read.as_deref() {
            Some(PROBE) => Ok(()),
            _ => Err(refused("it does not keep what it is given")),
        }
    }

    /// Returns a secret.
    pub(super) async fn get(&self, name: &str) -> Result<Option<String>, CoreError> {
        self.with(name, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Keeps a secret.
    pub(super) async fn set(&self, name: &str, value: &str) -> Result<(), CoreError> {
        let value = value.to_owned();
        // As bytes, for Windows stores a text in twice the size, and sets a limit.
        self.with(name, move |entry| entry.set_secret(value.as_bytes()))
            .await
    }

    /// Removes a secret, where there is one.
    pub(super) async fn remove(&self, name: &str) -> Result<(), CoreError> {
        self.with(name, |entry| match entry.delete_credential() {
            Err(Error::NoEntry) => Ok(()),
            outcome => outcome,
        })
        .await
    }

    async fn with<T, F>(&self, name: &str, work: F) -> Result<T, CoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Entry) -> keyring::Result<T> + Send + 'static,
    {
        let (service, name) = (self.service.clone(), name.to_owned());
        let (reply, answer) = oneshot::channel();
        std::thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || {
                let outcome = Entry::new(&service, &name).and_then(|entry| work(&entry));
                // Nobody may be waiting any more.
                let _ = reply.send(outcome);
            })
            .map_err(|error| refused(&error.to_string()))?;
        timeout(PATIENCE, answer)
            .await
            .map_err(|_| refused("it does not answer"))?
            .map_err(|_| refused("it broke off"))?
            .map_err(|error| refused(&error.to_string()))
    }
}

fn refused(why: &str) -> CoreError {
    CoreError::local(LocalCode::Keychain, format!("the keychain failed: {why}"))
}
