//! What the user has chosen, for one profile of the app.

mod proxy;
mod quiet;

use magpie_protocol::Timestamp;
use serde::{Deserialize, Serialize};

pub use proxy::Proxy;
pub use quiet::{Pause, QuietHours};

/// How many emoji are remembered.
const RECENT_EMOJI: usize = 32;
/// The darkest of Unicode's skin tones.
const LAST_SKIN_TONE: u8 = 5;
/// The smallest and the largest size of text, in percent.
const FONT: (u16, u16) = (80, 150);
/// The smallest and the largest zoom of a window, in percent.
const ZOOM: (u16, u16) = (50, 200);
/// The shortest and the longest time that messages are kept here, in days.
const KEEP: (u32, u32) = (7, 3650);
/// The longest time without use before the app locks itself, in minutes.
const LOCK_AFTER: u32 = 24 * 60;
/// The longest shortcut.
const SHORTCUT_CHARS: usize = 64;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[derive(Default)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system is.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The language of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[derive(Default)]
pub enum Language {
    /// As the system is.
    #[default]
    #[serde(rename = "system")]
    System,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// How close lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[derive(Default)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    /// With air.
    #[default]
    Comfortable,
    /// Close.
    Compact,
}

/// What Enter does in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[derive(Default)]
#[serde(rename_all = "snake_case")]
pub enum EnterKey {
    /// It sends; Shift+Enter breaks the line.
    #[default]
    Sends,
    /// It breaks the line; Ctrl+Enter sends.
    BreaksLine,
}

/// What closing the window does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[derive(Default)]
#[serde(rename_all = "snake_case")]
pub enum CloseBehaviour {
    /// Ask.
    #[default]
    Ask,
    /// Go on in the tray.
    Tray,
    /// End the app.
    Quit,
}

/// All settings. Unknown fields of a newer version are dropped, missing ones have their default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// The language.
    pub language: Language,
    /// Emoji used last, the latest first; at most 32.
    pub recent_emoji: Vec<String>,
    /// The skin tone for emoji that have one: 0 for none, 1 (light) to 5 (dark).
    pub skin_tone: u8,
    /// Whether the built-in server can be reached from the local network.
    pub host_shared: bool,
    /// Whether the built-in server runs when the app does.
    pub host_enabled: bool,
    /// How close lines stand.
    pub density: Density,
    /// The size of letters in percent, 80 to 150.
    pub font_size: u16,
    /// The size of everything in percent, 50 to 200.
    pub zoom: u16,
    /// Whether words are checked where the system has a dictionary.
    pub spell_check: bool,
    /// What Enter does in a message.
    pub enter: EnterKey,
    /// How many days messages are kept on this device, 7 to 3650; none for ever. The server keeps
    /// them.
    pub keep_days: Option<u32>,
    /// Whether new messages are told of.
    pub notify: bool,
    /// Whether a notification shows what was written.
    pub notify_preview: bool,
    /// Whether a notification can be heard.
    pub notify_sound: bool,
    /// Nothing is told of until then; see [`crate::Home::set_quiet`].
    pub quiet_until: Option<Timestamp>,
    /// When nothing is told of, every week.
    pub quiet_hours: QuietHours,
    /// What closing the window does.
    pub close: CloseBehaviour,
    /// Whether the app starts when the user signs in to the system.
    pub start_at_login: bool,
    /// Whether it starts without a window then.
    pub start_hidden: bool,
    /// Keys that show and hide the window from anywhere; none for none.
    pub shortcut: Option<String>,
    /// The way to the network.
    pub proxy: Proxy,
    /// After how many minutes without use the app locks, at most a day; 0 when its window is left,
    /// none by hand only.
    pub lock_after_minutes: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            language: Language::default(),
            recent_emoji: Vec::new(),
            skin_tone: 0,
            host_shared: false,
            host_enabled: false,
            density: Density::default(),
            font_size: 100,
            zoom: 100,
            spell_check: true,
            enter: EnterKey::default(),
            keep_days: None,
            notify: true,
            notify_preview: true,
            notify_sound: true,
            quiet_until: None,
            quiet_hours: QuietHours::default(),
            close: CloseBehaviour::default(),
            start_at_login: false,
            start_hidden: true,
            shortcut: None,
            proxy: Proxy::default(),
            lock_after_minutes: None,
        }
    }
}

impl Settings {
    /// Returns the settings with what cannot be brought in order.
    pub(crate) fn tidied(mut self) -> Self {
        self.recent_emoji.truncate(RECENT_EMOJI);
        if self.skin_tone > LAST_SKIN_TONE {
            self.skin_tone = 0;
        }
        self.font_size = self.font_size.clamp(FONT.0, FONT.1);
        self.zoom = self.zoom.clamp(ZOOM.0, ZOOM.1);
        self.keep_days = self.keep_days.map(|days| days.clamp(KEEP.0, KEEP.1));
        self.quiet_hours = self.quiet_hours.tidied();
        self.lock_after_minutes = self.lock_after_minutes.map(|many| many.min(LOCK_AFTER));
        self.shortcut = self
            .shortcut
            .map(|keys| keys.trim().to_owned())
            .filter(|keys| !keys.is_empty() && keys.chars().count() <= SHORTCUT_CHARS);
        self.proxy = self.proxy.tidied();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_brought_in_order() {
        let wild = Settings {
            font_size: 10,
            zoom: 1_000,
            keep_days: Some(0),
            lock_after_minutes: Some(u32::MAX),
            shortcut: Some("  ".to_owned()),
            skin_tone: 9,
            ..Settings::default()
        };
        let tidy = wild.tidied();
        assert_eq!((tidy.font_size, tidy.zoom), (80, 200));
        assert_eq!(tidy.keep_days, Some(7));
        assert_eq!(tidy.lock_after_minutes, Some(1_440));
        assert_eq!((tidy.shortcut.as_deref(), tidy.skin_tone), (None, 0));
        assert_eq!(Settings::default().tidied(), Settings::default());
    }

    #[test]
    fn settings_of_an_older_version_get_the_defaults_of_what_is_new() {
        let old = r#"{"theme": "dark", "notify_sound": false, "gone": 1}"#;
        let read: Settings = serde_json::from_str(old).unwrap();
        let expected = Settings {
            theme: Theme::Dark,
            notify_sound: false,
            ..Settings::default()
        };
        assert_eq!(read, expected);
        assert!(read.notify && read.spell_check);
    }
}
