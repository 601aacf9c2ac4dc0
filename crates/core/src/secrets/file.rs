//! The file that stands in for a keychain.

use std::{collections::BTreeMap, path::PathBuf};

use magpie_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CoreError, home::files};

/// The file. It is there only when it is needed.
pub(super) struct SecretsFile {
    path: PathBuf,
    content: Content,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Content {
    /// The user knows that there is no keychain.
    told: bool,
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
