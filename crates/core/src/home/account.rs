//! Signing in, out, and opening what is on the disk.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::PathBuf,
    sync::Arc,
};

use magpie_protocol::{
    Timestamp, UserId,
    accounts::{Account, Gender, Register, User},
    limits::DEVICE_NAME_CHARS,
    sessions::{NewDevice, SignIn, SignedIn},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{
    ACCOUNTS, Credentials, Home, Registration, RememberedAccount, ServerCheck, address, check,
    files,
};
use crate::{
    Core, CoreError, FailureCode, LocalCode,
    api::{Api, Http},
    client::Parts,
    notify,
    secrets::AccountSecrets,
    session::{Pair, Session, digest, digest_of_new},
    socket::LinkState,
    store::{self, DatabaseKey, Store, WeakStore, table},
    this_platform,
};

/// The file of an account's database, in its folder.
pub(super) const DATABASE: &str = "cache.db";

/// The databases that are open, by account. An account that is opened again, because its session
/// ended and somebody signs in anew, takes its database over from the [`Core`] that is left behind.
#[derive(Default)]
pub(super) struct OpenStores {
    open: HashMap<String, WeakStore>,
    /// Accounts whose users were told that the keychain keeps the key of their database. Whoever
    /// signs in all the same does without what is in it: nobody is locked out.
    told: HashSet<String>,
}

impl OpenStores {
    async fn close(&mut self, key: &str) {
        if let Some(store) = self.open.remove(key).and_then(|store| store.upgrade()) {
            store.close().await;
        }
    }

    /// Closes all, of whose accounts no handle may be left.
    pub(super) async fn close_all(&mut self) {
        for (_, store) in std::mem::take(&mut self.open) {
            if let Some(store) = store.upgrade() {
                store.close().await;
            }
        }
    }
}

impl Home {
    /// Makes an account and signs in.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn register(&self, registration: Registration) -> Result<Core, CoreError> {
        let password = digest_of_new(&registration.password)?;
        let mut stores = self.0.stores.lock().await;
        self.check_unlocked()?;
        let server =
            check::check(&address::canonical(&registration.server_url)?, self.way()).await?;
        let http = Http::new(&server.url, self.way())?;
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let email = given(registration.email);
        let invitation = given(registration.invitation).map(|code| code.trim().to_owned());
        let signed_in = http
            .register(&Register {
                username: registration.username,
                nickname: registration.nickname,
                email,
                password,
                device: self.device(),
                invitation,
            })
            .await?;
        self.enter(&mut stores, server, http, signed_in).await
    }

    /// Signs in.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked. [`LocalCode::Keychain`] when
    /// this account has chats here whose key the keychain does not give now: trying again after it
    /// was unlocked brings them back, and trying again without moves them aside.
    pub async fn sign_in(&self, credentials: Credentials) -> Result<Core, CoreError> {
        let mut stores = self.0.stores.lock().await;
        self.check_unlocked()?;
        let server =
            check::check(&address::canonical(&credentials.server_url)?, self.way()).await?;
        let http = Http::new(&server.url, self.way())?;
        let signed_in = http
            .sign_in(&SignIn {
                login: credentials.login.trim().to_owned(),
                password: digest(&credentials.password),
                device: self.device(),
            })
            .await?;
        self.enter(&mut stores, server, http, signed_in).await
    }

    /// Opens the account that was used last, without asking the server; `None` when nobody is
    /// signed in here, or when the keychain does not give what is needed.
    ///
    /// # Errors
    /// [`LocalCode::Locked`] while the app is locked, [`crate::LocalCode::Storage`] when its database
    /// can neither be opened nor replaced.
    pub async fn resume(&self) -> Result<Option<Core>, CoreError> {
        let mut stores = self.0.stores.lock().await;
        self.check_unlocked()?;
        match self.remembered().into_iter().next() {
            Some(account) => self.resume_account(&mut stores, account, true).await,
            None => Ok(None),
        }
    }

    /// Opens an account where somebody is signed in to it, and remembers that it was used where it
    /// is to be shown.
    pub(super) async fn resume_account(
        &self,
        stores: &mut OpenStores,
        mut remembered: RememberedAccount,
        shown: bool,
    ) -> Result<Option<Core>, CoreError> {
        let secrets = self.0.secrets.account(&remembered.key);
        let pair = match secrets.tokens().await {
            Ok(Some(pair)) => pair,
            Ok(None) => return Ok(None),
            Err(error) => {
                // Signing in again helps, and an error here would not.
                tracing::warn!(%error, "the tokens cannot be read");
                return Ok(None);
            }
        };
        let store = match self.open_store(stores, &remembered.key, &secrets).await {
            Err(error) if is_keychain(&error) => {
                // Signing in tries again, and says what is wrong.
                tracing::warn!(%error, "the key of the database cannot be read");
                return Ok(None);
            }
            outcome => outcome?,
        };
        let account = match store.read(table::account::get).await? {
            Some(account) => account,
            None => placeholder(&remembered),
        };
        remembered.username.clone_from(&account.user.username);
        remembered.nickname.clone_from(&account.user.nickname);
        let http = Http::new(&remembered.server_url, self.way())?;
        let core = self
            .start(http, secrets, pair, store, account, &remembered)
            .await?;
        if shown {
            remembered.last_used_at = self.now();
            if let Err(error) = self.remember(remembered) {
                // A full disk must not keep anybody from reading.
                tracing::warn!(%error, "when the account was last used cannot be written down");
            }
        }
        Ok(Some(core))
    }

    /// Signs out: ends the session on the server where it can be reached, and forgets the tokens.
    /// Chats stay on the disk, encrypted, for the next sign-in.
    ///
    /// # Errors
    /// [`crate::LocalCode::Keychain`] when the tokens could not be removed.
    pub async fn sign_out(&self, core: &Core) -> Result<(), CoreError> {
        let mut stores = self.0.stores.lock().await;
        // Closed first, so that nobody is told that the session ended against their will.
        core.close().await;
        stores.close(core.key()).await;
        core.shared.set_link(LinkState::SignedOut);
        core.shared.session.sign_out().await
    }

    /// Forgets a signed-out account and removes what is on the disk of it. One that is not
    /// remembered here is forgotten already.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`].
    pub async fn forget(&self, key: &str) -> Result<(), CoreError> {
        let mut stores = self.0.stores.lock().await;
        if !self.remembered().iter().any(|account| account.key == key) {
            return Ok(());
        }
        stores.close(key).await;
        if let Err(error) = self.0.secrets.account(key).forget().await {
            // What is encrypted with them goes, so they are of no use to anybody.
            tracing::warn!(%error, "the secrets of a forgotten account could not be removed");
        }
        let folder = self.account_folder(key);
        blocking(move || match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(files::failure(&error)),
            _ => Ok(()),
        })
        .await?;
        self.unremember(key)
    }

    /// Opens what is on the disk of somebody who has just signed in. Where that fails, the server
    /// need not keep the session.
    async fn enter(
        &self,
        stores: &mut OpenStores,
        server: ServerCheck,
        http: Http,
        signed_in: SignedIn,
    ) -> Result<Core, CoreError> {
        let (asked, token) = (http.clone(), signed_in.tokens.access_token.clone());
        let entered = self.open_account(stores, server, http, signed_in).await;
        if entered.is_err()
            && let Err(error) = asked.end_session(&token).await
        {
            tracing::info!(%error, "the server keeps a session that nobody uses");
        }
        entered
    }

    pub(super) async fn open_account(
        &self,
        stores: &mut OpenStores,
        server: ServerCheck,
        http: Http,
        signed_in: SignedIn,
    ) -> Result<Core, CoreError> {
        let account = signed_in.account;
        let key = key_of(account.user.id, &server.url)?;
        let secrets = self.0.secrets.account(&key);
        let opened = self.open_store(stores, &key, &secrets).await;
        if opened.as_ref().is_err_and(is_keychain) {
            stores.told.insert(key.clone());
        }
        let mut store = opened?;
        let before = store.read(table::account::get).await?;
        if before.is_some_and(|before| !is_same(&before, &account)) {
            // The server was set up anew, and its numbers begin from one again.
            tracing::warn!("the database belongs to an account that is no more; it is moved aside");
            stores.close(&key).await;
            self.move_aside(&key).await?;
            store = self.open_store(stores, &key, &secrets).await?;
        }
        let stored = account.clone();
        store
            .write(move |tx| table::account::set(tx, &stored))
            .await?;
        let pair = Pair::new(signed_in.tokens, signed_in.device.id, self.now());
        if let Err(error) = secrets.save_tokens(&pair).await {
            // The next start has to sign in again; this one need not fail for it.
            tracing::error!(%error, "the tokens could not be saved");
        }
        let remembered = RememberedAccount {
            key,
            server_url: server.url,
            server_name: server.info.name,
            user_id: account.user.id,
            username: account.user.username.clone(),
            nickname: account.user.nickname.clone(),
            last_used_at: self.now(),
        };
        self.remember(remembered.clone())?;
        self.start(http, secrets, pair, store, account, &remembered)
            .await
    }

    async fn start(
        &self,
        http: Http,
        secrets: AccountSecrets,
        pair: Pair,
        store: Store,
        account: Account,
        remembered: &RememberedAccount,
    ) -> Result<Core, CoreError> {
        let (me, now) = (account.user.id, self.now());
        let known = store.read(move |db| notify::known(db, me, now)).await?;
        let clock = Arc::clone(&self.0.options.clock);
        let session = Session::new(http.clone(), secrets, Arc::clone(&clock), pair);
        let core = Core::start(Parts {
            key: remembered.key.clone(),
            server_url: remembered.server_url.clone(),
            account,
            store,
            api: Api::new(http, session.clone()),
            session,
            clock,
            rng: StdRng::from_rng(&mut *self.0.rng.lock()),
            settings: self.0.settings.subscribe(),
            troubles: self.troubles().clone(),
            known,
        });
        self.note_open(&core);
        Ok(core)
    }

    /// Opens an account's database. One that cannot be read is replaced, and the user is told.
    async fn open_store(
        &self,
        stores: &mut OpenStores,
        key: &str,
        secrets: &AccountSecrets,
    ) -> Result<Store, CoreError> {
        stores.close(key).await;
        let (path, now) = (self.account_folder(key).join(DATABASE), self.now());
        let must_fit = path.exists() && !stores.told.contains(key);
        let database_key = self.database_key(secrets, must_fit).await?;
        let folder = self.account_folder(key);
        let opened = blocking(move || {
            files::make_folder(&folder)?;
            Ok(store::open(&path, &database_key, now)?)
        })
        .await?;
        self.0.notices.lock().extend(opened.notice);
        let open = opened.store.downgrade();
        stores.open.insert(key.to_owned(), open);
        Ok(opened.store)
    }

    /// Returns the key of an account's database, a new one where there is none. One that only cannot
    /// be read now is an error where it `must_fit` what is on the disk: a new key would cost
    /// everything that was not sent.
    async fn database_key(
        &self,
        secrets: &AccountSecrets,
        must_fit: bool,
    ) -> Result<DatabaseKey, CoreError> {
        match secrets.database_key().await {
            Ok(Some(key)) => return Ok(key),
            Ok(None) => {}
            Err(error) if must_fit => return Err(error),
            Err(error) => tracing::warn!(%error, "the key of the database cannot be read"),
        }
        let mut bytes = [0; 32];
        self.0.rng.lock().fill_bytes(&mut bytes);
        let key = DatabaseKey::new(bytes);
        secrets.save_database_key(&key).await?;
        Ok(key)
    }

    async fn move_aside(&self, key: &str) -> Result<(), CoreError> {
        let from = self.account_folder(key);
        let to = self
            .folder()
            .join(ACCOUNTS)
            .join(format!("{key}.former-{}", self.now().0));
        blocking(move || fs::rename(from, to).map_err(|error| files::failure(&error))).await
    }

    pub(super) fn account_folder(&self, key: &str) -> PathBuf {
        self.folder().join(ACCOUNTS).join(key)
    }

    fn device(&self) -> NewDevice {
        let name = self.0.options.device_name.trim();
        NewDevice {
            name: name.chars().take(DEVICE_NAME_CHARS).collect(),
            platform: this_platform(),
        }
    }
}

/// Runs what waits for the disk where waiting disturbs nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CoreError> + Send + 'static,
) -> Result<T, CoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| CoreError::local(LocalCode::Internal, "the disk's thread broke off"))?
}

/// Returns the key of an account: the same for the same number at the same server.
fn key_of(id: UserId, server_url: &str) -> Result<String, CoreError> {
    Ok(format!("{id}@{}", address::host_and_port(server_url)?))
}

fn is_keychain(error: &CoreError) -> bool {
    error.code() == FailureCode::Local(LocalCode::Keychain)
}

/// Tells whether two accounts of one number are one: neither the name nor the beginning changes.
fn is_same(before: &Account, now: &Account) -> bool {
    before.user.username == now.user.username && before.created_at == now.created_at
}

/// What is known of an account whose database had to be made anew, until the server is heard.
fn placeholder(remembered: &RememberedAccount) -> Account {
    Account {
        user: User {
            id: remembered.user_id,
            username: remembered.username.clone(),
            nickname: remembered.nickname.clone(),
            signature: String::new(),
            gender: Gender::Unspecified,
            region: String::new(),
        },
        email: None,
        birthday: None,
        created_at: Timestamp(0),
    }
}
