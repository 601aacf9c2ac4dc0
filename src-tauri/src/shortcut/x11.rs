//! Keys of an X server.

use std::{env, sync::Arc, thread};

use tauri::AppHandle;
use x11rb::{
    connection::Connection as _,
    errors::ReplyError,
    protocol::{
        ErrorKind, Event,
        xproto::{ConnectionExt as _, GrabMode, Keycode, ModMask, Window},
    },
    rust_connection::RustConnection,
};

use super::ShortcutError;
use crate::windows;

/// A key that is held repeats itself faster than this, in milliseconds.
const HELD: u32 = 700;
/// Locks are modifiers for the server: keys are asked for with and without them.
const LOCKS: [u16; 4] = [0, CAPS_LOCK, NUM_LOCK, CAPS_LOCK | NUM_LOCK];
const CAPS_LOCK: u16 = 1 << 1;
const NUM_LOCK: u16 = 1 << 4;

/// A modifier mask, and a key by what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Combination {
    modifiers: u16,
    keysym: u32,
}

/// The connection to the server, and the thread that waits for keys.
pub(super) struct Keys {
    connection: Arc<RustConnection>,
    root: Window,
}

impl Keys {
    pub(super) fn open(app: &AppHandle) -> Result<Self, ShortcutError> {
        let has = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let on_x11 = env::var("GDK_BACKEND").is_ok_and(|backend| backend.starts_with("x11"));
        if has("WAYLAND_DISPLAY") && !on_x11 {
            let message = "Wayland gives no keys to programs".to_owned();
            return Err(ShortcutError::Unsupported(message));
        }
        let (connection, number) = x11rb::connect(None).map_err(unsupported)?;
        let screen = connection.setup().roots.get(number);
        let root = screen.map(|screen| screen.root).unwrap_or_default();
        let connection = Arc::new(connection);
        let (listening, app) = (Arc::clone(&connection), app.clone());
        thread::Builder::new()
            .name("shortcut".to_owned())
            .spawn(move || listen(&listening, &app))
            .map_err(unsupported)?;
        Ok(Self { connection, root })
    }

    pub(super) fn take(&self, written: &str) -> Result<(), ShortcutError> {
        let (code, modifiers) = self.find(written)?;
        for locks in LOCKS {
            let asked = self.connection.grab_key(
                false,
                self.root,
                ModMask::from(modifiers | locks),
                code,
                GrabMode::ASYNC,
                GrabMode::ASYNC,
            );
            match asked.map_err(unsupported)?.check() {
                Ok(()) => {}
                Err(ReplyError::X11Error(error)) if error.error_kind == ErrorKind::Access => {
                    self.leave(written);
                    return Err(ShortcutError::Taken);
                }
                Err(error) => {
                    self.leave(written);
                    return Err(unsupported(error));
                }
            }
        }
        Ok(())
    }

    pub(super) fn leave(&self, written: &str) {
        let Ok((code, modifiers)) = self.find(written) else {
            return;
        };
        for locks in LOCKS {
            let modifiers = ModMask::from(modifiers | locks);
            // Those that others have stay theirs.
            if let Ok(asked) = self.connection.ungrab_key(code, self.root, modifiers) {
                asked.ignore_error();
            }
        }
        let _ = self.connection.flush();
    }

    /// Finds the key that writes what is wanted on this keyboard.
    fn find(&self, written: &str) -> Result<(Keycode, u16), ShortcutError> {
        let unknown = || ShortcutError::Unsupported(format!("no key is called {written:?}"));
        let wanted = read(written).ok_or_else(unknown)?;
        let setup = self.connection.setup();
        let (first, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = self
            .connection
            .get_keyboard_mapping(first, last - first + 1)
            .map_err(unsupported)?
            .reply()
            .map_err(unsupported)?;
        let per_key = usize::from(mapping.keysyms_per_keycode).max(1);
        let mut keys = (first..=last).zip(mapping.keysyms.chunks(per_key));
        keys.find(|(_, keysyms)| keysyms.contains(&wanted.keysym))
            .map(|(code, _)| (code, wanted.modifiers))
            .ok_or_else(unknown)
    }
}

/// Waits for the keys until the display is gone.
fn listen(connection: &RustConnection, app: &AppHandle) {
    let mut last: Option<u32> = None;
    loop {
        match connection.wait_for_event() {
            Ok(Event::KeyPress(event)) => {
                let held = last.is_some_and(|last| event.time.wrapping_sub(last) < HELD);
                last = Some(event.time);
                if !held {
                    windows::toggle(app);
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::info!(%error, "the display says no more of keys");
                return;
            }
        }
    }
}

/// Reads keys as the page writes them: modifiers, and one key by what stands on it.
fn read(written: &str) -> Option<Combination> {
    let mut names = written.split('+').rev();
    let keysym = keysym(names.next()?)?;
    let modifiers = names.try_fold(0, |mask, name| {
        Some(
            mask | match name {
                "Shift" => 1,
                "Ctrl" => 1 << 2,
                "Alt" => 1 << 3,
                "Super" => 1 << 6,
                _ => return None,
            },
        )
    })?;
    Some(Combination { modifiers, keysym })
}

/// Returns the server's number for what a key writes.
fn keysym(name: &str) -> Option<u32> {
    let mut signs = name.chars();
    if let (Some(sign), None) = (signs.next(), signs.next()) {
        let plain = sign.is_ascii_alphanumeric();
        return plain.then(|| u32::from(sign.to_ascii_lowercase()));
    }
    if let Some(number) = name.strip_prefix('F') {
        let number: u32 = number.parse().ok()?;
        return (1..=24).contains(&number).then(|| 0xffbd + number);
    }
    Some(match name {
        "Space" => 0x20,
        "Home" => 0xff50,
        "ArrowLeft" => 0xff51,
        "ArrowUp" => 0xff52,
        "ArrowRight" => 0xff53,
        "ArrowDown" => 0xff54,
        "PageUp" => 0xff55,
        "PageDown" => 0xff56,
        "End" => 0xff57,
        "Insert" => 0xff63,
        _ => return None,
    })
}

fn unsupported(error: impl ToString) -> ShortcutError {
    ShortcutError::Unsupported(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_the_page_writes_them() {
        let keys = |modifiers, keysym| Some(Combination { modifiers, keysym });
        assert_eq!(read("Ctrl+Alt+M"), keys(0b1100, u32::from(b'm')));
        assert_eq!(read("Super+Shift+7"), keys(0b100_0001, u32::from(b'7')));
        assert_eq!(read("F12"), keys(0, 0xffc9));
        assert_eq!(read("Alt+Space"), keys(0b1000, 0x20));
        for bad in [
            "",
            "Ctrl+",
            "Hyper+A",
            "Ctrl+Ä",
            "F25",
            "Ctrl+Enter",
            "A+Ctrl",
        ] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
