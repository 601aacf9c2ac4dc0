//! What the user has chosen, for one profile of the app.

use serde::{Deserialize, Serialize};

/// How many emoji are remembered.
const RECENT_EMOJI: usize = 32;
/// The darkest of Unicode's skin tones.
const LAST_SKIN_TONE: u8 = 5;

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

/// All settings. Unknown fields of a newer version are dropped, missing ones have their default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[derive(Default)]
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
}

impl Settings {
    /// Returns the settings with what cannot be brought in order.
    pub(crate) fn tidied(mut self) -> Self {
        self.recent_emoji.truncate(RECENT_EMOJI);
        if self.skin_tone > LAST_SKIN_TONE {
            self.skin_tone = 0;
        }
        self
    }
}
