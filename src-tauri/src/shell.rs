//! What lives as long as the app does: the profile's [`Home`], the open account, the built-in
//! server.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use magpie_core::{Core, CoreError, CoreEvent, Failure, Home, HomeOptions, LocalCode, SystemClock};
use tauri::{AppHandle, async_runtime::JoinHandle};
use tauri_specta::Event as _;
use tokio::sync::Mutex;

use crate::{bindings::CoreMessage, host::Host};

/// The state behind all commands.
pub(crate) struct Shell {
    app: AppHandle,
    home: Home,
    host: Host,
    account: Mutex<Option<OpenAccount>>,
    page_data: PathBuf,
}

/// The account whose chats are on the screen, and the task that passes its events to the page.
struct OpenAccount {
    core: Core,
    events: JoinHandle<()>,
}

impl Shell {
    /// Opens the profile under `folder`, starts the built-in server where it was left on, and
    /// resumes the account that was used last.
    pub(crate) async fn open(
        app: AppHandle,
        folder: &Path,
        profile: &str,
    ) -> Result<Self, CoreError> {
        let profile_folder = folder.join("profiles").join(profile);
        let home = Home::open(HomeOptions {
            folder: profile_folder.clone(),
            keychain_service: format!("chat.magpie.desktop/{profile}"),
            keychain: true,
            device_name: gethostname::gethostname().to_string_lossy().into_owned(),
            clock: Arc::new(SystemClock),
        })
        .await?;
        let shell = Self {
            app,
            home,
            host: Host::new(folder.join("server")),
            account: Mutex::new(None),
            page_data: profile_folder.join("page"),
        };
        let settings = shell.home.settings();
        if settings.host_enabled
            && let Err(error) = shell.host.start(&shell.home, settings.host_shared).await
        {
            tracing::warn!(%error, "the built-in server did not start");
        }
        if let Some(core) = shell.home.resume().await? {
            shell.set_account(core).await;
        }
        Ok(shell)
    }

    /// Returns the profile's settings and accounts.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Returns the built-in server.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Returns where the engine keeps what belongs to the page.
    pub(crate) fn page_data_folder(&self) -> &Path {
        &self.page_data
    }

    /// Returns the open account, if there is one.
    pub(crate) async fn open_account(&self) -> Option<Core> {
        self.account
            .lock()
            .await
            .as_ref()
            .map(|open| open.core.clone())
    }

    /// Returns the open account.
    ///
    /// # Errors
    /// [`LocalCode::NotSignedIn`].
    pub(crate) async fn core(&self) -> Result<Core, Failure> {
        self.open_account()
            .await
            .ok_or_else(|| CoreError::local(LocalCode::NotSignedIn, "nobody is signed in").into())
    }

    /// Makes this the open account, closing the one before.
    pub(crate) async fn set_account(&self, core: Core) {
        let mut stream = core.events();
        let app = self.app.clone();
        let events = tauri::async_runtime::spawn(async move {
            while let Some(event) = stream.next().await {
                emit(&app, event);
            }
        });
        let before = self
            .account
            .lock()
            .await
            .replace(OpenAccount { core, events });
        close(before).await;
    }

    /// Closes the open account and returns it.
    pub(crate) async fn take_account(&self) -> Option<Core> {
        let open = self.account.lock().await.take()?;
        open.events.abort();
        Some(open.core)
    }

    /// Ends everything in order: the account first, since it may talk to the built-in server.
    pub(crate) async fn close(&self) {
        let open = self.account.lock().await.take();
        close(open).await;
        self.host.stop().await;
    }
}

async fn close(open: Option<OpenAccount>) {
    if let Some(open) = open {
        open.events.abort();
        open.core.close().await;
    }
}

fn emit(app: &AppHandle, event: CoreEvent) {
    if let Err(error) = CoreMessage(event).emit(app) {
        tracing::warn!(%error, "an event did not reach the page");
    }
}
