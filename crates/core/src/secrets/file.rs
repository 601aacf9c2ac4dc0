//! The file that stands in for a keychain.

use std::{collections::BTreeMap, path::PathBuf};

use magpie_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CoreError, home::files};

/// The file.
pub(super) struct SecretsFile {
    path: PathBuf,
    content: Content,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Content {
    /// The user knows that there is no keychain.
    told: bool,
    /// There was a keychain, which has what is not here.
    keychain: bool,
    secrets: BTreeMap<String, String>,
}

impl SecretsFile {
    /// Reads the file where there is one.
    pub(super) fn open(path: PathBuf, now: Timestamp) -> Result<Self, CoreError> {
        let content = files::read(&path, now)?;
        Ok(Self { path, content })
    }

    /// Returns a secret.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.content.secrets.get(name).cloned()
    }

    /// Returns all secrets.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let secrets = &self.content.secrets;
        secrets
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Keeps a secret.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), CoreError> {
        self.content
            .secrets
            .insert(name.to_owned(), value.to_owned());
        files::write(&self.path, &self.content)
    }

    /// Removes a secret.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), CoreError> {
        match self.content.secrets.remove(name) {
            Some(_) => files::write(&self.path, &self.content),
            None => Ok(()),
        }
    }

    /// Tells whether a keychain was there before.
    pub(super) fn had_keychain(&self) -> bool {
        self.content.keychain
    }

    /// Notes that there is a keychain.
    pub(super) fn note_keychain(&mut self) -> Result<(), CoreError> {
        if std::mem::replace(&mut self.content.keychain, true) {
            return Ok(());
        }
        files::write(&self.path, &self.content)
    }

    /// Notes that the user goes on without the keychain that was there.
    pub(super) fn do_without_keychain(&mut self) -> Result<(), CoreError> {
        self.content.keychain = false;
        self.content.told = true;
        files::write(&self.path, &self.content)
    }

    /// Tells whether the user is to be told that there is no keychain, which is so once.
    pub(super) fn tell_once(&mut self) -> Result<bool, CoreError> {
        if self.content.told {
            return Ok(false);
        }
        self.content.told = true;
        files::write(&self.path, &self.content)?;
        Ok(true)
    }
}
