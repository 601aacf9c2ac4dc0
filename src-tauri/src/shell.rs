//! What lives as long as the app does: the profile's [`Home`], the open accounts, the built-in
//! server.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use magpie_core::{
    Clock as _, Core, CoreError, CoreEvent, Failure, Home, HomeOptions, LocalCode, SystemClock,
    home::AccountLine, notify::NotifyEvent, secrets::LockState, socket::LinkState,
};
use parking_lot::RwLock;
use tauri::{AppHandle, Manager as _, async_runtime::JoinHandle};
use tauri_specta::Event as _;
use tokio::{
    sync::{Mutex, Notify, SetOnce, watch},
    time::sleep,
};

use crate::{
    bindings::CoreMessage, desktop::Desktop, host::Host, told::ShellEvent, tray::Account,
    updates::Updates, windows,
};

/// What is unread is counted again at most so often.
const BREATH: Duration = Duration::from_millis(250);

/// The state behind all commands. It is there before the profile is open, so that the window need
/// not wait for the keychain and the disk: whoever needs the profile waits for it here.
pub(crate) struct Shell {
    app: AppHandle,
    /// Set once what was left open is open again.
    home: SetOnce<Home>,
    /// What keeps it from being opened, until somebody asks again.
    trouble: watch::Sender<Option<CoreError>>,
    host: Host,
    /// The accounts that are open, by key.
    accounts: Mutex<BTreeMap<String, OpenAccount>>,
    /// The key of the one in view.
    shown: RwLock<Option<String>>,
    /// All accounts, as last counted.
    lines: RwLock<Vec<AccountLine>>,
    /// Something about an account changed.
    recount: Notify,
    profile: String,
    folder: PathBuf,
}

/// An account that is open, and the tasks that pass on what it says.
struct OpenAccount {
    core: Core,
    events: JoinHandle<()>,
    notices: JoinHandle<()>,
}

impl OpenAccount {
    fn stop_listening(self) -> Core {
        self.events.abort();
        self.notices.abort();
        self.core
    }
}

impl Shell {
    /// Returns the shell of the profile in `folder`, which is not open yet. The built-in server, which
    /// all profiles share, keeps its data in `host`.
    pub(crate) fn new(app: AppHandle, folder: &Path, profile: &str, host: PathBuf) -> Self {
        Self {
            app,
            home: SetOnce::new(),
            trouble: watch::Sender::default(),
            host: Host::new(host),
            accounts: Mutex::default(),
            shown: RwLock::default(),
            lines: RwLock::default(),
            recount: Notify::new(),
            profile: profile.to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// Opens the profile, starts the built-in server where it was left on, and resumes the accounts
    /// that are signed in. What does not succeed is tried again whenever the page asks. To be called
    /// once.
    pub(crate) async fn open(&self) {
        let home = self.insist(|| Home::open(self.options())).await;
        let settings = home.settings();
        if settings.host_enabled
            && let Err(error) = self.host.start(&home, settings.host_shared).await
        {
            tracing::warn!(%error, "the built-in server did not start");
        }
        self.insist(|| self.resume(&home)).await;
        // It is set only here.
        let _ = self.home.set(home);
    }

    fn options(&self) -> HomeOptions {
        HomeOptions {
            folder: self.folder.clone(),
            keychain_service: format!("chat.magpie.desktop/{}", self.profile),
            keychain: true,
            device_name: gethostname::gethostname().to_string_lossy().into_owned(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Does something until it succeeds: at once, and then each time somebody asks for the profile.
    async fn insist<T, F>(&self, attempt: impl Fn() -> F) -> T
    where
        F: Future<Output = Result<T, CoreError>>,
    {
        loop {
            let error = match attempt().await {
                Ok(done) => return done,
                Err(error) => error,
            };
            tracing::error!(%error, "the profile cannot be opened");
            let mut trouble = self.trouble.subscribe();
            self.trouble.send_replace(Some(error));
            // It fails only without a sender, and that is this.
            let _ = trouble.wait_for(Option::is_none).await;
        }
    }

    /// Opens all accounts that are signed in and shows the one that was shown last. While the app is
    /// locked there are none.
    async fn resume(&self, home: &Home) -> Result<(), CoreError> {
        let cores = match home.resume_all().await {
            Err(CoreError::Local {
                code: LocalCode::Locked,
                ..
            }) => Vec::new(),
            cores => cores?,
        };
        let shown = cores.first().map(|core| core.key().to_owned());
        for core in cores {
            self.listen_to(core).await;
        }
        *self.shown.write() = shown;
        self.recount.notify_one();
        Ok(())
    }

    /// Returns the profile's settings and accounts, once they are open.
    pub(crate) async fn home(&self) -> &Home {
        self.home.wait().await
    }

    /// Returns the profile's settings and accounts as soon as they are open. What has kept them from
    /// being opened is tried again.
    ///
    /// # Errors
    /// What keeps them from being opened.
    pub(crate) async fn opened(&self) -> Result<&Home, Failure> {
        let mut trouble = self.trouble.subscribe();
        self.trouble
            .send_if_modified(|trouble| trouble.take().is_some());
        let found = async move {
            // It fails only without a sender, and that is this.
            let found = trouble.wait_for(Option::is_some).await;
            found.ok().and_then(|error| error.clone())
        };
        tokio::select! {
            home = self.home.wait() => Ok(home),
            Some(error) = found => Err(error.into()),
        }
    }

    /// Has the profile opened although the keychain that has its secrets does not work.
    ///
    /// # Errors
    /// What keeps that from being written down.
    pub(crate) fn do_without_keychain(&self) -> Result<(), CoreError> {
        // Where it is open, or about to be, the keychain does work.
        if self.trouble.borrow().is_none() {
            return Ok(());
        }
        Home::do_without_keychain(&self.folder, SystemClock.now())
    }

    /// Returns the built-in server.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the account in view, if there is one.
    pub(crate) async fn open_account(&self) -> Option<Core> {
        self.home().await;
        let shown = self.shown.read().clone()?;
        self.account(&shown).await
    }

    /// Returns an account that is open.
    pub(crate) async fn account(&self, key: &str) -> Option<Core> {
        let accounts = self.accounts.lock().await;
        accounts.get(key).map(|open| open.core.clone())
    }

    /// Returns the key of the account in view.
    pub(crate) fn shown(&self) -> Option<String> {
        self.shown.read().clone()
    }

    /// Returns the account in view.
    ///
    /// # Errors
    /// [`LocalCode::NotSignedIn`].
    pub(crate) async fn core(&self) -> Result<Core, Failure> {
        self.open_account().await.ok_or_else(not_signed_in)
    }

    /// Opens an account that was just signed in to, and shows it. The others stay open.
    pub(crate) async fn set_account(&self, core: Core) {
        let key = core.key().to_owned();
        self.listen_to(core).await;
        self.turn_to(Some(key));
    }

    /// Shows another account. None is signed out.
    ///
    /// # Errors
    /// [`LocalCode::NotSignedIn`], [`LocalCode::Locked`], and what keeps it from being opened.
    pub(crate) async fn show_account(&self, key: &str) -> Result<(), Failure> {
        if self.shown.read().as_deref() == Some(key) {
            return Ok(());
        }
        let core = self.home().await.show(key).await?;
        let core = core.ok_or_else(not_signed_in)?;
        if self.account(key).await.is_none() {
            self.listen_to(core).await;
        }
        self.turn_to(Some(key.to_owned()));
        Ok(())
    }

    /// Signs the account in view out, and shows another one that is signed in, if there is one.
    pub(crate) async fn sign_out(&self) -> Result<(), Failure> {
        let home = self.home().await;
        let shown = self.shown.read().clone();
        let Some(key) = shown else {
            return Ok(());
        };
        let open = self.accounts.lock().await.remove(&key);
        let Some(core) = open.map(OpenAccount::stop_listening) else {
            return Ok(());
        };
        self.desktop().notifications().withdraw_of(&key);
        let ended = home.sign_out(&core).await;
        core.close().await;
        let next = self.accounts.lock().await.keys().next().cloned();
        let turned = match &next {
            Some(next) => home.show(next).await.map(drop),
            None => Ok(()),
        };
        // Whatever came of that, the one that was signed out is not in view any more.
        self.turn_to(next);
        Ok(ended.and(turned)?)
    }

    /// Tells whether messages of any account wait to be sent. While the app is locked, or not open
    /// yet, nobody knows, and it is taken for so.
    pub(crate) async fn has_unsent(&self) -> bool {
        let Some(home) = self.home.get() else {
            return true;
        };
        if home.lock_state() == LockState::Locked {
            return true;
        }
        for open in self.accounts.lock().await.values() {
            match open.core.unsent().await {
                Ok(0) => {}
                Ok(_) => return true,
                Err(error) => {
                    tracing::warn!(%error, "nobody knows whether messages wait to be sent");
                    return true;
                }
            }
        }
        false
    }

    /// Has all accounts try to connect at once.
    #[cfg(target_os = "linux")]
    pub(crate) async fn reconnect(&self) {
        for open in self.accounts.lock().await.values() {
            open.core.reconnect();
        }
    }

    /// Locks the app: no account is open after that. Without an app lock nothing happens.
    pub(crate) async fn lock(&self) {
        let home = self.home().await;
        home.lock().await;
        if home.lock_state() != LockState::Locked {
            return;
        }
        self.let_go().await;
        self.turn_to(None);
        // Behind the lock nothing is shown; what comes meanwhile is told after it.
        self.desktop().told().page_is_loading();
        self.tell_lock(home);
    }

    /// Unlocks the app, and opens what was open.
    pub(crate) async fn unlock(&self, passphrase: &str) -> Result<(), Failure> {
        let home = self.home().await;
        let was_locked = home.lock_state() == LockState::Locked;
        home.unlock(passphrase).await?;
        if was_locked {
            // An account that was just being opened when the lock fell was closed under our hands.
            self.let_go().await;
            self.resume(home).await?;
        }
        self.tell_lock(home);
        Ok(())
    }

    /// Tells the pages how the lock stands.
    pub(crate) fn tell_lock(&self, home: &Home) {
        let lock = home.lock_state();
        self.recount.notify_one();
        self.desktop().told().tell_all(ShellEvent::Lock { lock });
    }

    /// Ends everything in order: the accounts first, since they may talk to the built-in server.
    pub(crate) async fn close(&self) {
        self.let_go().await;
        self.host.stop().await;
    }

    /// Closes all accounts.
    async fn let_go(&self) {
        let open = std::mem::take(&mut *self.accounts.lock().await);
        for (key, account) in open {
            self.desktop().notifications().withdraw_of(&key);
            account.stop_listening().close().await;
        }
    }

    fn desktop(&self) -> tauri::State<'_, Desktop> {
        self.app.state()
    }

    /// Changes which account is in view. What belongs to the one before goes with it.
    fn turn_to(&self, key: Option<String>) {
        let before = std::mem::replace(&mut *self.shown.write(), key.clone());
        if before != key {
            windows::close_conversations(&self.app);
        }
        self.recount.notify_one();
    }

    async fn listen_to(&self, core: Core) {
        let key = core.key().to_owned();
        let (mut events, mut notices) = (core.events(), core.notices());
        let (app, own) = (self.app.clone(), key.clone());
        let events = tauri::async_runtime::spawn(async move {
            while let Some(event) = events.next().await {
                app.state::<Self>().heard(&own, event);
            }
        });
        let (app, own) = (self.app.clone(), key.clone());
        let notices = tauri::async_runtime::spawn(async move {
            while let Some(notice) = notices.next().await {
                app.state::<Self>().noticed(&own, notice);
            }
        });
        let account = OpenAccount {
            core,
            events,
            notices,
        };
        let before = self.accounts.lock().await.insert(key, account);
        if let Some(before) = before {
            before.stop_listening().close().await;
        }
    }

    /// Passes on what an account says: to the page where it is the one in view.
    fn heard(&self, key: &str, event: CoreEvent) {
        let counts = matches!(
            event,
            CoreEvent::Conversations { .. }
                | CoreEvent::Account { .. }
                | CoreEvent::Link { .. }
                | CoreEvent::SignedOut { .. }
                | CoreEvent::Resync
        );
        if counts {
            self.recount.notify_one();
        }
        if matches!(event, CoreEvent::Timeline { .. }) {
            self.app.state::<Updates>().message_moved();
        }
        if self.shown.read().as_deref() == Some(key)
            && let Err(error) = CoreMessage(event).emit(&self.app)
        {
            tracing::warn!(%error, "an event did not reach the page");
        }
    }

    fn noticed(&self, key: &str, notice: NotifyEvent) {
        let desktop = self.desktop();
        let notifications = desktop.notifications();
        match notice {
            NotifyEvent::Show { notification } => {
                let account = self.name_among_others(key);
                notifications.show(notification, desktop.words(), account.as_deref());
            }
            NotifyEvent::Withdraw { key } => notifications.withdraw(key),
            NotifyEvent::WithdrawAll => notifications.withdraw_of(key),
        }
    }

    /// Returns what tells an account from the others; nothing where it is the only one.
    fn name_among_others(&self, key: &str) -> Option<String> {
        let lines = self.lines.read();
        let mut signed_in = lines.iter().filter(|line| line.signed_in);
        let own = signed_in.clone().find(|line| line.key == key)?;
        let is_alone = signed_in.all(|line| line.key == key);
        (!is_alone).then(|| name_of(own))
    }

    /// Counts what is unread in all accounts again, and tells the pages and the tray.
    async fn count(&self) {
        let home = self.home().await;
        let lines = match home.accounts().await {
            Ok(lines) => lines,
            Err(error) => {
                tracing::warn!(%error, "the accounts cannot be counted");
                return;
            }
        };
        let accounts = self.standing(&lines).await;
        let locked = home.lock_state() == LockState::Locked;
        let unread = lines
            .iter()
            .fold(0, |sum: u32, line| sum.saturating_add(line.unread));
        let desktop = self.desktop();
        desktop.tray().change(|model| {
            model.unread = unread;
            model.accounts = accounts;
            model.locked = locked;
        });
        let before = std::mem::replace(&mut *self.lines.write(), lines.clone());
        if before != lines {
            let accounts = lines;
            desktop.told().tell_all(ShellEvent::Accounts { accounts });
        }
    }

    /// Returns how the accounts stand that are open, for the tray.
    async fn standing(&self, lines: &[AccountLine]) -> Vec<Account> {
        let open = self.accounts.lock().await;
        let lines = lines.iter().filter_map(|line| {
            let core = &open.get(&line.key)?.core;
            Some((line, matches!(core.link(), LinkState::Online)))
        });
        lines
            .map(|(line, online)| Account {
                key: line.key.clone(),
                name: match open.len() {
                    1 => line.nickname.clone(),
                    _ => name_of(line),
                },
                online,
                unread: line.unread,
            })
            .collect()
    }
}

/// Returns what tells an account from others.
fn name_of(line: &AccountLine) -> String {
    format!("{} ({})", line.nickname, line.server_name)
}

/// Counts what is unread whenever that may have changed.
pub(crate) fn keep_counting(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        loop {
            shell.count().await;
            sleep(BREATH).await;
            shell.recount.notified().await;
        }
    });
}

fn not_signed_in() -> Failure {
    CoreError::local(LocalCode::NotSignedIn, "nobody is signed in").into()
}
