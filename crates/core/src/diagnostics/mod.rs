//! A text for whoever helps: how the app stands, without anything personal.
//!
//! What goes in is chosen piece by piece: counts, codes and words of this program. Nothing that a
//! person or a server wrote goes in: no message, no name, no address, no token.

mod troubles;

use std::fmt::Write as _;

use magpie_protocol::{Timestamp, server::PROTOCOL_VERSION};
use serde::Serialize;

use crate::{Core, CoreError, Home, settings::Settings, socket::LinkState, store::table::counts};

pub(crate) use troubles::Troubles;

/// What only the shell knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiagnosticsHost {
    /// The app's version.
    pub version: String,
    /// The system, such as `Debian GNU/Linux 13`.
    pub system: String,
    /// What draws the page, and its version.
    pub webview: String,
    /// More lines, each what it is about and how that stands. Nothing personal may be in them.
    pub more: Vec<(String, String)>,
}

impl Home {
    /// Returns a text for whoever helps, in English: versions, settings without secrets, how the
    /// links stand, counts, and the codes of the last failures. It holds no message, name, address
    /// or token, so that it can be given to anybody.
    pub async fn diagnostics(&self, host: &DiagnosticsHost) -> String {
        let mut text = Text::default();
        text.title("Magpie");
        text.line("version", &host.version);
        text.line("protocol", PROTOCOL_VERSION);
        text.line("time", self.now());
        text.line(
            "system",
            format!(
                "{} ({} {})",
                host.system,
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
        );
        text.line("webview", &host.webview);
        text.line("secrets", word(&self.secret_storage()));
        text.line("app lock", word(&self.lock_state()));
        text.line("accounts remembered", self.remembered().len());
        for (what, how) in &host.more {
            text.line(what, how);
        }
        text.title("Settings");
        settings(&mut text, &self.settings());
        for (number, core) in self.open_cores().iter().enumerate() {
            text.title(&format!("Account {}", number + 1));
            account(&mut text, core).await;
        }
        text.title("Last failures");
        let now = self.now();
        for trouble in self.troubles().list() {
            let ago = now.0.saturating_sub(trouble.at.0) / 1_000;
            text.line(
                trouble.place,
                format!("{} ({ago} s ago)", word(&trouble.code)),
            );
        }
        text.0
    }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn title(&mut self, title: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.0, "{gap}{title}");
    }

    fn line(&mut self, what: &str, how: impl ToText) {
        let _ = writeln!(self.0, "  {what}: {}", how.to_text());
    }
}

/// What can stand in the text, on one line.
trait ToText {
    fn to_text(&self) -> String;
}

impl ToText for Timestamp {
    fn to_text(&self) -> String {
        format!("{} ms", self.0)
    }
}

macro_rules! to_text {
    ($($shown:ty),*) => {$(
        impl ToText for $shown {
            fn to_text(&self) -> String {
                self.to_string().replace(['\n', '\r'], " ")
            }
        }
    )*};
}
to_text!(&str, &String, String, u32, u64, usize, u16, bool);

/// Returns the plain word that a value of one of our enumerations is; nothing of what it holds.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "?".to_owned(),
    }
}

/// Everything but what was typed in.
fn settings(text: &mut Text, settings: &Settings) {
    let maybe = |number: Option<u32>| number.map_or_else(|| "none".to_owned(), |n| n.to_string());
    text.line("theme", word(&settings.theme));
    text.line("language", word(&settings.language));
    text.line("density", word(&settings.density));
    text.line("font size", settings.font_size);
    text.line("zoom", settings.zoom);
    text.line("spell check", settings.spell_check);
    text.line("enter", word(&settings.enter));
    text.line("keep days", maybe(settings.keep_days));
    text.line("notify", settings.notify);
    text.line("notify preview", settings.notify_preview);
    text.line("notify sound", settings.notify_sound);
    text.line("quiet until set", settings.quiet_until.is_some());
    text.line("quiet hours", settings.quiet_hours.enabled);
    text.line("close", word(&settings.close));
    text.line("start at login", settings.start_at_login);
    text.line("start hidden", settings.start_hidden);
    text.line("shortcut set", settings.shortcut.is_some());
    text.line("proxy", settings.proxy.name());
    text.line("lock after minutes", maybe(settings.lock_after_minutes));
    text.line("built-in server on", settings.host_enabled);
    text.line("built-in server shared", settings.host_shared);
}

async fn account(text: &mut Text, core: &Core) {
    let secure = core.server_url().starts_with("https:");
    text.line("server", if secure { "https" } else { "http" });
    text.line("link", link(core));
    match core.shared.store.read(counts::read).await {
        Ok(counts) => {
            text.line("SQLite", &counts.sqlite);
            text.line("SQLCipher", &counts.sqlcipher);
            text.line("database bytes in use", counts.bytes_used);
            text.line("database bytes on disk", core.shared.store.size_on_disk());
            text.line("conversations", counts.conversations);
            text.line("messages", counts.messages);
            text.line("unread", counts.unread);
            text.line("unsent", counts.unsent);
            text.line("refused", counts.refused);
            text.line("friends", counts.friends);
            text.line("conversations with holes", counts.holes);
        }
        Err(error) => {
            let error: CoreError = error.into();
            text.line("database", word(&error.code()));
        }
    }
}

fn link(core: &Core) -> String {
    match core.link() {
        LinkState::Connecting { .. } => "connecting".to_owned(),
        LinkState::Syncing => "syncing".to_owned(),
        LinkState::Online => "online".to_owned(),
        LinkState::Offline { reason, .. } => format!("offline, {}", word(&reason)),
        LinkState::SignedOut => "signed out".to_owned(),
    }
}
