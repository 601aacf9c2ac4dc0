//! What the web engine needs to be told about a window's page: how large it is, whether words are
//! checked, and that input methods write into the text.

use magpie_core::settings::Settings;
use tauri::WebviewWindow;

/// What is chosen about the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Engine {
    zoom_percent: u16,
    spell_check: bool,
}

impl Engine {
    /// Returns what the settings choose.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            zoom_percent: settings.zoom,
            spell_check: settings.spell_check,
        }
    }
}

/// Sets a new window's page up, all but [`check_spelling`].
pub(crate) fn set_up(window: &WebviewWindow, engine: Engine) {
    #[cfg(target_os = "linux")]
    linux::set_up(window);
    zoom(window, engine);
}

/// Tells a window's page what is chosen now.
pub(crate) fn apply(window: &WebviewWindow, engine: Engine) {
    zoom(window, engine);
    check_spelling(window, engine);
}

fn zoom(window: &WebviewWindow, engine: Engine) {
    if let Err(error) = window.set_zoom(f64::from(engine.zoom_percent) / 100.0) {
        tracing::warn!(%error, "a page does not change its size");
    }
}

/// Has words checked, or not, in all windows. It reads the dictionaries, for which the start of the
/// page need not wait.
pub(crate) fn check_spelling(window: &WebviewWindow, engine: Engine) {
    // The other systems check words as their own settings say.
    #[cfg(target_os = "linux")]
    linux::check_spelling(window, engine.spell_check);
    #[cfg(not(target_os = "linux"))]
    let _ = (window, engine.spell_check);
}

#[cfg(target_os = "linux")]
mod linux {
    use tauri::{WebviewWindow, webview::PlatformWebview};
    use webkit2gtk::{InputMethodContextExt as _, WebContextExt as _, WebViewExt as _};

    pub(super) fn set_up(window: &WebviewWindow) {
        with(window, |page| {
            // The library around the engine switches this off: what is being composed would be shown
            // in a little window beside the text instead of in it.
            if let Some(context) = page.inner().input_method_context() {
                context.set_enable_preedit(true);
            }
        });
    }

    pub(super) fn check_spelling(window: &WebviewWindow, enabled: bool) {
        with(window, move |page| {
            let Some(context) = page.inner().context() else {
                return;
            };
            context.set_spell_checking_enabled(enabled);
            if enabled {
                let languages = languages(sys_locale::get_locales());
                let languages: Vec<&str> = languages.iter().map(String::as_str).collect();
                // Those without a dictionary are left out by the engine.
                context.set_spell_checking_languages(&languages);
            }
        });
    }

    /// Returns the user's languages as dictionaries are named, and English, which most people mix in.
    fn languages(locales: impl Iterator<Item = String>) -> Vec<String> {
        let mut languages: Vec<String> = Vec::new();
        let named = locales.filter_map(|locale| {
            let mut parts = locale.split(['-', '_', '.', '@']);
            let language = parts
                .next()
                .filter(|part| part.len() == 2 || part.len() == 3)?;
            let region = parts.next().filter(|part| part.len() == 2);
            Some(match region {
                Some(region) => format!("{language}_{}", region.to_ascii_uppercase()),
                None => language.to_owned(),
            })
        });
        for language in named.chain(["en_US".to_owned()]) {
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
        languages
    }

    fn with(window: &WebviewWindow, act: impl FnOnce(PlatformWebview) + Send + 'static) {
        if let Err(error) = window.with_webview(act) {
            tracing::warn!(%error, "the engine cannot be told");
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn dictionaries_are_named_as_they_are_on_the_disk() {
            let of = |locales: &[&str]| languages(locales.iter().map(ToString::to_string));
            assert_eq!(of(&["de-AT", "fr"]), ["de_AT", "fr", "en_US"]);
            assert_eq!(of(&["en-US", "en_GB.UTF-8"]), ["en_US", "en_GB"]);
            assert_eq!(of(&["C", "zh-Hans-CN"]), ["zh", "en_US"]);
        }
    }
}
