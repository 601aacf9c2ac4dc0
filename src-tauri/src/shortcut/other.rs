//! Keys of Windows and macOS.

use tauri::AppHandle;
use tauri_plugin_global_shortcut::{GlobalShortcutExt as _, ShortcutState};

use super::ShortcutError;
use crate::windows;

/// The way to the system.
pub(super) struct Keys {
    app: AppHandle,
}

impl Keys {
    pub(super) fn open(app: &AppHandle) -> Result<Self, ShortcutError> {
        app.plugin(tauri_plugin_global_shortcut::Builder::new().build())
            .map_err(|error| ShortcutError::Unsupported(error.to_string()))?;
        Ok(Self { app: app.clone() })
    }

    pub(super) fn take(&self, written: &str) -> Result<(), ShortcutError> {
        let taken = self
            .app
            .global_shortcut()
            .on_shortcut(written, |app, _, event| {
                if event.state == ShortcutState::Pressed {
                    windows::toggle(app);
                }
            });
        taken.map_err(|error| {
            // The library has but a text for it: what cannot be registered is what others have.
            let error = error.to_string();
            match error.contains("register") {
                true => ShortcutError::Taken,
                false => ShortcutError::Unsupported(error),
            }
        })
    }

    pub(super) fn leave(&self, written: &str) {
        if let Err(error) = self.app.global_shortcut().unregister(written) {
            tracing::warn!(%error, "keys could not be given back");
        }
    }
}
