//! Keys of Windows and macOS.

use tauri::{AppHandle, Manager as _, Wry};
use tauri_plugin_global_shortcut::{
    Builder, GlobalShortcut, GlobalShortcutExt as _, ShortcutState,
};

use super::ShortcutError;
use crate::windows;

/// Sets the library up. To be called on the main thread: on Windows keys belong to the thread that
/// asks for them, and that one has to take in what the system says.
pub(crate) fn set_up(app: &AppHandle) {
    if let Err(error) = app.plugin(Builder::new().build()) {
        tracing::warn!(%error, "there can be no global shortcut");
    }
}

/// The way to the system.
pub(super) struct Keys {
    app: AppHandle,
}

impl Keys {
    pub(super) fn open(app: &AppHandle) -> Result<Self, ShortcutError> {
        match app.try_state::<GlobalShortcut<Wry>>() {
            Some(_) => Ok(Self { app: app.clone() }),
            None => Err(ShortcutError::Unsupported("no way to the system".into())),
        }
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
            // The library has but a text for keys that others have: its own of Windows, and the
            // name of the call on macOS.
            let error = error.to_string();
            let taken = ["already registered", "RegisterEventHotKey"];
            match taken.iter().any(|words| error.contains(words)) {
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
