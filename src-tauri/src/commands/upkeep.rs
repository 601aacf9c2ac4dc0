//! What the account takes on the disk, and what is needed to help somebody.

use magpie_core::{
    CoreError, Failure, LocalCode,
    diagnostics::DiagnosticsHost,
    storage::{FreeingProgress, StorageUsed},
};
use serde::Serialize;
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

/// A crate that the app is made of.
#[derive(Debug, Clone, Serialize, specta::Type)]
pub(crate) struct CrateLine {
    /// Its name.
    name: &'static str,
    /// Its version.
    version: &'static str,
    /// Its licence, as it names it.
    licence: &'static str,
    /// Where its sources are, where it says so.
    address: &'static str,
}

/// Name, version, licence and address of each; the build script writes them.
const CRATES: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/crates.rs"));

/// Returns the crates that the app is made of, by name.
#[tauri::command]
#[specta::specta]
pub(crate) async fn crates() -> Vec<CrateLine> {
    lines()
}

fn lines() -> Vec<CrateLine> {
    let line = |&(name, version, licence, address)| CrateLine {
        name,
        version,
        licence,
        address,
    };
    CRATES.iter().map(line).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_of_the_app_are_named_with_their_licences() {
        let crates = lines();
        let tauri = crates.iter().find(|one| one.name == "tauri").unwrap();
        assert!(tauri.version.starts_with("2.") && tauri.licence.contains("MIT"));
        assert!(tauri.address.starts_with("https://"));
        assert!(!crates.iter().any(|one| one.name.starts_with("magpie")));
        // What only builds or tests it is no part of it.
        assert!(!crates.iter().any(|one| one.name == "tauri-build"));
        for one in &crates {
            assert!(
                !one.version.is_empty() && !one.licence.is_empty(),
                "{one:?}"
            );
        }
    }
}
