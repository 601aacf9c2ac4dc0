//! The app itself: how it stands at the start, settings, servers.

use magpie_core::{
    CoreError, Failure, LocalCode, Notice,
    home::{RememberedAccount, ServerCheck},
    protocol::accounts::{Account, Platform},
    secrets::{LockState, SecretStorage},
    settings::Settings,
    socket::LinkState,
};
use serde::Serialize;
use tauri::{AppHandle, Manager as _, State};
use tauri_plugin_opener::OpenerExt as _;

use crate::{desktop::Desktop, host::HostState, shell::Shell};

/// All that the page needs to draw its first view.
#[derive(Debug, Clone, Serialize, specta::Type)]
pub(crate) struct AppState {
    /// Who is signed in.
    account: Option<Account>,
    /// The signed-in account's key among `remembered`.
    account_key: Option<String>,
    /// The address of the account's server.
    server_url: Option<String>,
    /// How the link to it stands.
    link: Option<LinkState>,
    /// What the user has chosen.
    settings: Settings,
    /// Accounts that were used here, the latest first.
    remembered: Vec<RememberedAccount>,
    /// Where secrets lie.
    secret_storage: SecretStorage,
    /// The built-in server.
    host: HostState,
    /// What the user should know and has not been told yet.
    notices: Vec<Notice>,
    /// What this computer runs.
    platform: Platform,
    /// The app's version.
    version: String,
    /// The system's language as a BCP 47 tag, where it says one.
    locale: Option<String>,
    /// How the app lock stands.
    lock: LockState,
    /// Whether there is a tray to go to.
    tray: bool,
}

/// Returns how the app stands. What has kept the profile from being opened is tried again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn app_state(
    app: AppHandle,
    shell: State<'_, Shell>,
) -> Result<AppState, Failure> {
    let home = shell.opened().await?;
    let core = shell.open_account().await;
    Ok(AppState {
        account: core.as_ref().map(magpie_core::Core::account),
        account_key: core.as_ref().map(|core| core.key().to_owned()),
        server_url: core.as_ref().map(|core| core.server_url().to_owned()),
        link: core.as_ref().map(magpie_core::Core::link),
        settings: home.settings(),
        remembered: home.remembered(),
        secret_storage: home.secret_storage(),
        host: shell.host().state().await,
        notices: home.take_notices(),
        platform: magpie_core::this_platform(),
        version: app.package_info().version.to_string(),
        locale: sys_locale::get_locale(),
        lock: home.lock_state(),
        tray: app.state::<Desktop>().tray().is_present(),
    })
}

/// Has the profile opened next time although the keychain that has its secrets does not work:
/// everybody has to sign in again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn do_without_keychain(shell: State<'_, Shell>) -> Result<(), Failure> {
    Ok(shell.do_without_keychain()?)
}

/// Stores the settings and returns them as stored.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_settings(
    settings: Settings,
    app: AppHandle,
    desktop: State<'_, Desktop>,
    shell: State<'_, Shell>,
) -> Result<Settings, Failure> {
    let home = shell.home().await;
    let before = home.settings();
    desktop.prepare(&app, &before, &settings)?;
    let stored = home.set_settings(settings.clone()).await;
    if stored.is_err()
        && let Err(failure) = desktop.prepare(&app, &settings, &before)
    {
        tracing::warn!(
            message = failure.message,
            "the system keeps what was not stored"
        );
    }
    Ok(stored?)
}

/// Asks a server what it is.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_server(
    address: String,
    shell: State<'_, Shell>,
) -> Result<ServerCheck, Failure> {
    Ok(shell.home().await.check_server(&address).await?)
}

/// Starts the built-in server, or starts it again when `shared` changed, and keeps it for the next
/// start of the app. `shared` lets others on the local network reach it; where the server of another
/// copy of the app is used, that one decides, and what it does is kept.
#[tauri::command]
#[specta::specta]
pub(crate) async fn host_start(
    shared: bool,
    shell: State<'_, Shell>,
) -> Result<HostState, Failure> {
    let state = shell.host().start(shell.home().await, shared).await?;
    remember_host(&shell, true, state.is_shared()).await?;
    Ok(state)
}

/// Stops the built-in server, also for the next start of the app.
#[tauri::command]
#[specta::specta]
pub(crate) async fn host_stop(shell: State<'_, Shell>) -> Result<HostState, Failure> {
    shell.host().stop().await;
    remember_host(&shell, false, shell.home().await.settings().host_shared).await?;
    Ok(shell.host().state().await)
}

async fn remember_host(shell: &Shell, enabled: bool, shared: bool) -> Result<(), CoreError> {
    let remember = move |settings: &mut Settings| {
        settings.host_enabled = enabled;
        settings.host_shared = shared;
    };
    shell.home().await.change_settings(remember).await?;
    Ok(())
}

/// Opens a link of a message in the program that the system has for it. Only web pages and mail
/// addresses are opened.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_link(app: AppHandle, url: String) -> Result<(), Failure> {
    let scheme = url
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "https" | "mailto")) {
        return Err(CoreError::local(LocalCode::InvalidAddress, "not a link to open").into());
    }
    app.opener()
        .open_url(url, None::<&str>)
        .map_err(|error| CoreError::local(LocalCode::Internal, error.to_string()).into())
}
