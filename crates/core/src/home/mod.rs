//! The data folder of one profile of the app.
//!
//! ```text
//! lock            taken by the process that has the folder open
//! settings.json   what the user has chosen
//! accounts.json   the accounts that were used here
//! secrets.json    secrets, where there is no keychain
//! accounts/<key>/cache.db
//! ```

mod account;
mod accounts;
mod address;
mod check;
pub(crate) mod files;
#[cfg(feature = "testing")]
mod testing;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use magpie_protocol::{Timestamp, UserId, server::ServerInfo};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::{
    Clock, CoreError, Notice,
    secrets::{SecretStorage, Secrets},
    settings::Settings,
};
use account::OpenStores;

/// The folder of the accounts' folders.
const ACCOUNTS: &str = "accounts";
/// The file of settings.
const SETTINGS: &str = "settings.json";

/// How to open a [`Home`].
#[derive(Clone)]
pub struct HomeOptions {
    /// The folder; made where it is missing.
    pub folder: PathBuf,
    /// The name under which secrets lie in the keychain: one per profile, so that two profiles
    /// never see each other's.
    pub keychain_service: String,
    /// Whether the keychain is used at all; tests of other things keep secrets in the file.
    pub keychain: bool,
    /// What this device calls itself when it signs in.
    pub device_name: String,
    /// Where the core reads the time.
    pub clock: Arc<dyn Clock>,
}

/// An account that was used here before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct RememberedAccount {
    /// Names the account within this home, and its data folder.
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
    /// When it was last used.
    pub last_used_at: Timestamp,
}

/// A server that answered as it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct ServerCheck {
    /// Its address in canonical form, to be passed on to register and sign in.
    pub url: String,
    /// What it says of itself.
    pub info: ServerInfo,
}

/// What somebody enters to make an account.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Registration {
    /// The server, as [`ServerCheck::url`] gave it.
    pub server_url: String,
    /// The wished user name.
    pub username: String,
    /// The name that is shown.
    pub nickname: String,
    /// May be left out.
    pub email: Option<String>,
    /// The password. It does not leave this process.
    pub password: String,
    /// The code of an invitation, where the server asks for one.
    pub invitation: Option<String>,
}

/// What somebody enters to sign in.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Credentials {
    /// The server, as [`ServerCheck::url`] gave it.
    pub server_url: String,
    /// User name, number or e-mail address.
    pub login: String,
    /// The password. It does not leave this process.
    pub password: String,
}

/// The data folder of one profile of the app: settings, and the accounts used in it. Cheap to
/// clone. Only one process can hold a folder at a time.
#[derive(Clone)]
pub struct Home(Arc<Inner>);

struct Inner {
    options: HomeOptions,
    settings: Mutex<Settings>,
    accounts: Mutex<Vec<RememberedAccount>>,
    secrets: Secrets,
    notices: Mutex<Vec<Notice>>,
    rng: Mutex<StdRng>,
    /// Held while somebody signs in or out, so that these do not meet; and which databases are
    /// open, so that none is opened twice.
    stores: tokio::sync::Mutex<OpenStores>,
    /// Let go, another process can take the folder.
    _lock: File,
}

impl Home {
    /// Opens the folder.
    ///
    /// # Errors
    /// [`crate::LocalCode::FolderInUse`] when another process has it open,
    /// [`crate::LocalCode::Storage`] when it cannot be made or read.
    pub async fn open(options: HomeOptions) -> Result<Self, CoreError> {
        let (folder, now) = (&options.folder, options.clock.now());
        files::make_folder(&folder.join(ACCOUNTS))?;
        let lock = files::lock(&folder.join("lock"))?;
        let settings = files::read(&folder.join(SETTINGS), now)?;
        let accounts = accounts::read(folder, now)?;
        let service = options
            .keychain
            .then_some(options.keychain_service.as_str());
        let opened = Secrets::open(folder.join("secrets.json"), service, now).await?;
        let notices = opened.tell.then_some(Notice::SecretsInFile);
        Ok(Self(Arc::new(Inner {
            settings: Mutex::new(settings),
            accounts: Mutex::new(accounts),
            secrets: opened.secrets,
            notices: Mutex::new(notices.into_iter().collect()),
            rng: Mutex::new(rand::make_rng()),
            stores: tokio::sync::Mutex::default(),
            _lock: lock,
            options,
        })))
    }

    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.0.settings.lock().clone()
    }

    /// Stores the settings and returns them as stored: emoji beyond the 32 used last are dropped,
    /// and a skin tone that does not exist is none.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`].
    pub async fn set_settings(&self, settings: Settings) -> Result<Settings, CoreError> {
        let home = self.clone();
        account::blocking(move || {
            let settings = settings.tidied();
            // Written under the lock, so that the file and the memory agree on which is the last.
            let mut held = home.0.settings.lock();
            files::write(&home.folder().join(SETTINGS), &settings)?;
            held.clone_from(&settings);
            Ok(settings)
        })
        .await
    }

    /// Returns the accounts that were used here, the latest first.
    #[must_use]
    pub fn remembered(&self) -> Vec<RememberedAccount> {
        self.0.accounts.lock().clone()
    }

    /// Returns where secrets lie.
    #[must_use]
    pub fn secret_storage(&self) -> SecretStorage {
        self.0.secrets.storage()
    }

    /// Returns what the user should know and has not been told yet: what happened before anybody
    /// could listen to events.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.0.notices.lock())
    }

    fn folder(&self) -> &Path {
        &self.0.options.folder
    }

    fn now(&self) -> Timestamp {
        self.0.options.clock.now()
    }
}

#[cfg(test)]
mod tests;
