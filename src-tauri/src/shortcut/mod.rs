//! Keys that show and put away the window from anywhere. There are none unless the user chose some.
//!
//! On X11 we ask the server for them ourselves: the usual library looks for events twenty times a
//! second, and here a thread sleeps until there is one. Wayland gives no keys to programs.

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod x11;

use magpie_core::{CoreError, LocalCode};
use parking_lot::Mutex;
use tauri::AppHandle;

#[cfg(not(target_os = "linux"))]
use self::other::Keys;
#[cfg(target_os = "linux")]
use self::x11::Keys;

#[cfg(not(target_os = "linux"))]
pub(crate) use self::other::set_up;

/// Why keys cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum ShortcutError {
    #[error("another program has these keys")]
    Taken,
    #[error("these keys cannot be had: {0}")]
    Unsupported(String),
}

impl From<ShortcutError> for CoreError {
    fn from(error: ShortcutError) -> Self {
        let code = match error {
            ShortcutError::Taken => LocalCode::ShortcutTaken,
            ShortcutError::Unsupported(_) => LocalCode::ShortcutUnsupported,
        };
        Self::local(code, error.to_string())
    }
}

/// The keys that this copy of the app has.
#[derive(Default)]
pub(crate) struct Shortcut {
    had: Mutex<Had>,
}

#[derive(Default)]
struct Had {
    /// The way to the system; made when keys are first asked for.
    keys: Option<Keys>,
    written: Option<String>,
}

impl Shortcut {
    /// Takes other keys, written as `Ctrl+Alt+M`, or none. Where they cannot be had, those before are
    /// kept.
    ///
    /// # Errors
    /// [`LocalCode::ShortcutTaken`] or [`LocalCode::ShortcutUnsupported`].
    pub(crate) fn set(&self, app: &AppHandle, written: Option<&str>) -> Result<(), CoreError> {
        let mut had = self.had.lock();
        if had.written.as_deref() == written {
            return Ok(());
        }
        let Had { keys, written: old } = &mut *had;
        if let Some(new) = written {
            let keys = match keys {
                Some(keys) => keys,
                None => keys.insert(Keys::open(app)?),
            };
            keys.take(new)?;
        }
        if let (Some(keys), Some(old)) = (keys, old.take()) {
            keys.leave(&old);
        }
        *old = written.map(str::to_owned);
        Ok(())
    }
}
