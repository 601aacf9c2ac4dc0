//! The accounts that were used in a home.

use std::path::Path;

use magpie_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Home, RememberedAccount, files};
use crate::CoreError;

const FILE: &str = "accounts.json";

/// The file. Each entry is read by itself, so that one that cannot be understood costs no other.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Content {
    accounts: Vec<Value>,
}

/// Reads the accounts, the latest first.
pub(super) fn read(folder: &Path, now: Timestamp) -> Result<Vec<RememberedAccount>, CoreError> {
    let content: Content = files::read(&folder.join(FILE), now)?;
    let mut accounts: Vec<RememberedAccount> = content
        .accounts
        .into_iter()
        .filter_map(|entry| serde_json::from_value(entry).ok())
        // A key names a folder, and this file can be edited by anybody.
        .filter(|account: &RememberedAccount| is_key(&account.key))
        .collect();
    accounts.sort_by_key(|account| std::cmp::Reverse(account.last_used_at));
    Ok(accounts)
}

/// Tells whether a text has the form of a key.
fn is_key(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_'))
}

impl Home {
    /// Remembers an account as the one that was used last. It is the one in view: of the others,
    /// nobody looks at anything.
    pub(super) fn remember(&self, account: RememberedAccount) -> Result<(), CoreError> {
        for core in self.open_cores() {
            if core.key() != account.key {
                core.shared.hub.drop_views();
            }
        }
        self.change_accounts(|accounts| {
            accounts.retain(|other| other.key != account.key);
            accounts.insert(0, account);
        })
    }

    /// Removes an account from the remembered ones.
    pub(super) fn unremember(&self, key: &str) -> Result<(), CoreError> {
        self.change_accounts(|accounts| accounts.retain(|other| other.key != key))
    }

    fn change_accounts(
        &self,
        change: impl FnOnce(&mut Vec<RememberedAccount>),
    ) -> Result<(), CoreError> {
        let mut held = self.0.accounts.lock();
        let mut accounts = held.clone();
        change(&mut accounts);
        #[derive(Serialize)]
        struct Written<'a> {
            accounts: &'a [RememberedAccount],
        }
        let written = Written {
            accounts: &accounts,
        };
        files::write(&self.folder().join(FILE), &written)?;
        *held = accounts;
        Ok(())
    }
}
