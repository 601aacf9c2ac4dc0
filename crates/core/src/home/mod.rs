//! The data folder of one profile of the app.
//!
//! ```text
//! lock            taken by the process that has the folder open
//! settings.json   what the user has chosen
//! accounts.json   the accounts that were used here
//! secrets.json    whether there is a keychain; secrets, where there is none
//! accounts/<key>/cache.db
//! ```

mod account;
mod accounts;
mod address;
mod check;
pub(crate) mod files;
mod lock;
mod open;
#[cfg(feature = "testing")]
mod testing;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use magpie_protocol::{Timestamp, UserId, server::ServerInfo};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    Clock, CoreError, LocalCode, Notice,
    api::Way,
    client::WeakCore,
    diagnostics::Troubles,
    secrets::{SecretStorage, Secrets},
    settings::{Pause, Settings},
};
use account::OpenStores;
pub(crate) use account::blocking;
pub use open::AccountLine;

/// The folder of the accounts' folders.
const ACCOUNTS: &str = "accounts";
/// The file of settings.
const SETTINGS: &str = "settings.json";
const SECRETS: &str = "secrets.json";

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
    settings: watch::Sender<Settings>,
    /// Held while settings are written, so that the file and the memory agree on which is the last.
    writing: Mutex<()>,
    accounts: Mutex<Vec<RememberedAccount>>,
    secrets: Secrets,
    notices: Mutex<Vec<Notice>>,
    /// What went wrong lately.
    troubles: Troubles,
    rng: Mutex<StdRng>,
    /// Held while somebody signs in or out, so that these do not meet; and which databases are
    /// open, so that none is opened twice.
    stores: tokio::sync::Mutex<OpenStores>,
    /// The accounts that are open.
    open: Mutex<BTreeMap<String, WeakCore>>,
    /// Let go, another process can take the folder.
    _lock: File,
}

impl Home {
    /// Makes the folder of a home where it is missing, so that only this user can enter it. To be
    /// called by whoever puts something else into it, which must not be there first.
    ///
    /// # Errors
    /// [`crate::LocalCode::DiskFull`] or [`crate::LocalCode::Storage`].
    pub fn make_folder(folder: &Path) -> Result<(), CoreError> {
        files::make_folder(folder)
    }

    /// Opens the folder.
    ///
    /// # Errors
    /// [`crate::LocalCode::FolderInUse`] when another process has it open,
    /// [`crate::LocalCode::Storage`] when it cannot be made or read, and
    /// [`crate::LocalCode::Keychain`] when the keychain has its secrets and does not work, perhaps
    /// because it is locked.
    pub async fn open(options: HomeOptions) -> Result<Self, CoreError> {
        let (folder, now) = (&options.folder, options.clock.now());
        files::make_folder(&folder.join(ACCOUNTS))?;
        let lock = files::lock(&folder.join("lock"))?;
        let settings = files::read(&folder.join(SETTINGS), now)?;
        let accounts = accounts::read(folder, now)?;
        let service = options
            .keychain
            .then_some(options.keychain_service.as_str());
        let opened = Secrets::open(folder.join(SECRETS), service, now).await?;
        let notices = opened.tell.then_some(Notice::SecretsInFile);
        Ok(Self(Arc::new(Inner {
            settings: watch::Sender::new(Settings::tidied(settings)),
            writing: Mutex::default(),
            accounts: Mutex::new(accounts),
            secrets: opened.secrets,
            notices: Mutex::new(notices.into_iter().collect()),
            troubles: Troubles::new(Arc::clone(&options.clock)),
            rng: Mutex::new(rand::make_rng()),
            stores: tokio::sync::Mutex::default(),
            open: Mutex::default(),
            _lock: lock,
            options,
        })))
    }

    /// Has a folder, which is not open, opened next time although the keychain that has its secrets
    /// does not work: everybody has to sign in again.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`].
    pub fn do_without_keychain(folder: &Path, now: Timestamp) -> Result<(), CoreError> {
        Secrets::do_without_keychain(folder.join(SECRETS), now)
    }

    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.0.settings.borrow().clone()
    }

    /// Follows the settings, whoever changes them.
    #[must_use]
    pub fn settings_changes(&self) -> watch::Receiver<Settings> {
        self.0.settings.subscribe()
    }

    /// Stores the settings and returns them as stored: what lies outside of its bounds is brought
    /// back into them, and emoji beyond the 32 used last are dropped. What follows them, follows at
    /// once: the way to the network, and what is notified of.
    ///
    /// # Errors
    /// [`crate::LocalCode::ProxyFailed`] for another proxy whose address cannot be one, and
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`].
    pub async fn set_settings(&self, settings: Settings) -> Result<Settings, CoreError> {
        self.change_settings(move |held| *held = settings).await
    }

    /// Tells of nothing for a while, or does again, and returns the settings as stored. Quiet hours
    /// are kept besides.
    ///
    /// # Errors
    /// As [`Home::set_settings`].
    pub async fn set_quiet(&self, pause: Option<Pause>) -> Result<Settings, CoreError> {
        let until = pause.map(|pause| pause.until(&*self.0.options.clock));
        self.change_settings(move |held| held.quiet_until = until)
            .await
    }

    /// Changes the settings as they are now, so that two who change different ones do not undo
    /// each other's.
    ///
    /// # Errors
    /// As [`Home::set_settings`].
    pub async fn change_settings(
        &self,
        change: impl FnOnce(&mut Settings) + Send + 'static,
    ) -> Result<Settings, CoreError> {
        let home = self.clone();
        account::blocking(move || {
            let _writing = home.0.writing.lock();
            let held = home.settings();
            let mut settings = held.clone();
            change(&mut settings);
            let settings = settings.tidied();
            // One that was read from the disk is no reason to refuse what else is changed.
            if settings.proxy != held.proxy && !settings.proxy.is_usable() {
                return Err(CoreError::local(
                    LocalCode::ProxyFailed,
                    "the proxy's address cannot be one",
                ));
            }
            files::write(&home.folder().join(SETTINGS), &settings)?;
            home.0.settings.send_if_modified(|held| {
                let news = *held != settings;
                held.clone_from(&settings);
                news
            });
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

    /// Returns what went wrong lately.
    pub(crate) fn troubles(&self) -> &Troubles {
        &self.0.troubles
    }

    pub(crate) fn way(&self) -> Way {
        Way::new(self.0.settings.subscribe())
    }

    fn folder(&self) -> &Path {
        &self.0.options.folder
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.options.clock.now()
    }
}

#[cfg(test)]
mod tests;
