//! What the account takes on the disk, and what is needed to help somebody.

use magpie_core::{
    CoreError, Failure, LocalCode,
    diagnostics::DiagnosticsHost,
    storage::{FreeingProgress, StorageUsed},
};
use tauri::{AppHandle, Manager as _, State};
use tauri_plugin_opener::OpenerExt as _;

use crate::{desktop::Desktop, shell::Shell, told::ShellEvent};

/// Returns what the account takes on the disk.
#[tauri::command]
#[specta::specta]
pub(crate) async fn storage_used(shell: State<'_, Shell>) -> Result<StorageUsed, Failure> {
    Ok(shell.core().await?.storage_used().await?)
}

/// Removes old messages as the settings say, and gives the space back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn free_space(
    app: AppHandle,
    shell: State<'_, Shell>,
) -> Result<StorageUsed, Failure> {
    let core = shell.core().await?;
    let tell = |FreeingProgress { done, total }| {
        let told = app.state::<Desktop>();
        told.told().tell_all(ShellEvent::Storage { done, total });
    };
    Ok(core.free_space(tell).await?)
}

/// Returns a text for whoever helps, without anything personal.
#[tauri::command]
#[specta::specta]
pub(crate) async fn diagnostics(
    app: AppHandle,
    desktop: State<'_, Desktop>,
    shell: State<'_, Shell>,
) -> Result<String, Failure> {
    let host = DiagnosticsHost {
        version: app.package_info().version.to_string(),
        system: system(),
        webview: tauri::webview_version().unwrap_or_default(),
        more: desktop.described(),
    };
    Ok(shell.home().await.diagnostics(&host).await)
}

/// Opens the folder with the logs.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_log_folder(
    app: AppHandle,
    desktop: State<'_, Desktop>,
) -> Result<(), Failure> {
    let folder = desktop.log_folder().to_string_lossy().into_owned();
    app.opener()
        .open_path(folder, None::<&str>)
        .map_err(|error| CoreError::local(LocalCode::Internal, error.to_string()).into())
}

/// Returns the system's name, as it calls itself.
fn system() -> String {
    let described = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = described
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map(|name| name.trim_matches('"').to_owned());
    name.unwrap_or_else(|| std::env::consts::OS.to_owned())
}
