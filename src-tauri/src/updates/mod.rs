//! Newer versions of the app: looked for, fetched, checked and installed.
//!
//! The library fetches and verifies. A package must be signed with the key that is in this program,
//! and its signature must name the version as which it is announced, so that nobody can pass an
//! older one off as new. What it is fetched from is trusted with nothing else than the notes, which
//! are shown as text.
//!
//! A package waits in memory until the app is started anew, or ends. It is never installed while
//! messages wait to be sent.

mod background;
mod fetch;
mod install;
mod look;
mod place;
mod refusal;
mod relaunch;
mod source;
mod state;
#[cfg(debug_assertions)]
mod trailer;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use magpie_core::{CoreError, Failure, LocalCode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tauri::{AppHandle, Context, Manager as _};
use tauri_plugin_updater::Update;

use crate::{autostart, desktop::Desktop, told::ShellEvent};
use place::Place;

pub(crate) use background::keep_looking;
pub(crate) use state::{UpdateRefusal, UpdateState};

/// No notes are longer, in characters.
const NOTES_CHARS: usize = 10_000;

/// Sets the library up. To be called before the app is built.
pub(crate) fn configure(context: &mut Context) {
    let config = json!({
        "pubkey": source::key().unwrap_or_default(),
        "requireSignedVersion": true,
        // The server of an account may be one in the local network, which speaks plain HTTP. What
        // comes from it is held against the signature all the same.
        "dangerousInsecureTransportProtocol": true,
    });
    let plugins = &mut context.config_mut().plugins.0;
    plugins.insert("updater".to_owned(), config);
    #[cfg(debug_assertions)]
    if let Some(version) = trailer::version().and_then(|version| version.parse().ok()) {
        context.package_info_mut().version = version;
    }
}

/// What is known of newer versions.
pub(crate) struct Updates {
    app: AppHandle,
    /// How this copy can be replaced.
    place: Place,
    /// This copy, as it is found again once it has been replaced.
    program: Option<PathBuf>,
    state: Mutex<UpdateState>,
    found: Mutex<Option<Found>>,
    /// Held by whoever looks, fetches or installs.
    work: tokio::sync::Mutex<()>,
    /// Whether the app is to be started again when it has ended.
    again: AtomicBool,
}

/// A newer version.
#[derive(Clone)]
struct Found {
    update: Update,
    /// The package, once it is here and was found good.
    package: Option<Arc<Vec<u8>>>,
}

impl Found {
    fn notes(&self) -> String {
        plain(self.update.body.as_deref().unwrap_or_default())
    }

    /// Returns the package's size, where the manifest says it.
    fn size(&self) -> Option<u64> {
        let platforms = self.update.raw_json.get("platforms")?.as_object()?;
        let url = self.update.download_url.as_str();
        let is_it = |one: &&Value| one.get("url").and_then(Value::as_str) == Some(url);
        platforms.values().find(is_it)?.get("size")?.as_u64()
    }

    fn available(&self) -> UpdateState {
        UpdateState::Available {
            version: self.update.version.clone(),
            notes: self.notes(),
            size: self.size(),
        }
    }

    fn ready(&self) -> UpdateState {
        UpdateState::Ready {
            version: self.update.version.clone(),
            notes: self.notes(),
        }
    }
}

impl Updates {
    /// Begins, knowing of nothing.
    pub(crate) fn new(app: &AppHandle) -> Self {
        Self {
            app: app.clone(),
            place: Place::here(),
            program: autostart::program().ok(),
            state: Mutex::new(UpdateState::Unknown),
            found: Mutex::new(None),
            work: tokio::sync::Mutex::default(),
            again: AtomicBool::new(false),
        }
    }

    /// Returns how it stands.
    pub(crate) fn state(&self) -> UpdateState {
        self.state.lock().clone()
    }

    /// Notes how it stands, tells the pages, and returns it.
    fn tell(&self, update: UpdateState) -> UpdateState {
        *self.state.lock() = update.clone();
        let desktop = self.app.state::<Desktop>();
        let event = ShellEvent::Update {
            update: update.clone(),
        };
        match desktop.told().is_heard() {
            true => desktop.told().tell_all(event),
            // It waits until the page listens.
            false => desktop.told().tell(event),
        }
        update
    }

    /// Notes that an update was refused, and forgets it.
    fn refuse(&self, reason: UpdateRefusal) {
        *self.found.lock() = None;
        self.tell(refused(reason));
    }

    fn refusal(&self, error: &tauri_plugin_updater::Error) -> UpdateRefusal {
        refusal::of(error, &self.app.package_info().version)
    }

    /// Returns the newer version whose package is here.
    fn package(&self) -> Option<(Found, Arc<Vec<u8>>)> {
        let found = self.found.lock().clone()?;
        let package = found.package.clone()?;
        Some((found, package))
    }

    fn start_again_after_the_end(&self) {
        self.again.store(true, Ordering::Release);
    }
}

const fn refused(reason: UpdateRefusal) -> UpdateState {
    UpdateState::Refused { reason }
}

/// Returns what can be shown of notes.
fn plain(notes: &str) -> String {
    let shown = |sign: &char| !sign.is_control() || *sign == '\n';
    notes.chars().filter(shown).take(NOTES_CHARS).collect()
}

fn nothing_there() -> Failure {
    CoreError::local(LocalCode::Internal, "there is no update to go on with").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_text_and_not_endless() {
        assert_eq!(plain("a\r\n\u{1b}[31mb\u{7}"), "a\n[31mb");
        assert_eq!(plain(&"喜".repeat(20_000)).chars().count(), NOTES_CHARS);
    }
}
