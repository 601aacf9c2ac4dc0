//! Newer versions of the app.

use magpie_core::Failure;
use tauri::State;

use crate::updates::{UpdateState, Updates};

/// Returns how updating stands.
#[tauri::command]
#[specta::specta]
pub(crate) async fn update_state(updates: State<'_, Updates>) -> Result<UpdateState, Failure> {
    Ok(updates.state())
}

/// Looks for a newer version, and returns what came of it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn check_update(updates: State<'_, Updates>) -> Result<UpdateState, Failure> {
    Ok(updates.check().await)
}

/// Fetches the newer version that was found. It is installed when the app is started anew.
#[tauri::command]
#[specta::specta]
pub(crate) async fn install_update(updates: State<'_, Updates>) -> Result<(), Failure> {
    updates.fetch().await
}

/// Installs the newer version that was fetched, and starts the app anew.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restart_to_update(updates: State<'_, Updates>) -> Result<(), Failure> {
    updates.restart().await
}
