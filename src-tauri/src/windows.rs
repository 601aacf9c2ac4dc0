//! The app's windows.

use std::path::PathBuf;

use tauri::{AppHandle, Url, WebviewUrl, WebviewWindowBuilder};

/// The label of the main window; its capability names it too.
pub(crate) const MAIN: &str = "main";

/// Opens the main window. `page_data` is where the engine keeps what belongs to the page; each
/// profile has its own.
pub(crate) fn open_main(
    app: &AppHandle,
    profile: &str,
    page_data: PathBuf,
) -> Result<(), tauri::Error> {
    let title = if profile == "default" {
        "Magpie".to_owned()
    } else {
        format!("Magpie – {profile}")
    };
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title(title)
        .inner_size(1080.0, 720.0)
        .min_inner_size(720.0, 480.0)
        .data_directory(page_data)
        // The page is the app's own; nothing may lead it elsewhere.
        .on_navigation(is_own)
        .disable_drag_drop_handler()
        .build()?;
    Ok(())
}

/// Tells whether an address is that of the app's own page. Windows has no schemes of an app's own,
/// so there the page has a host; elsewhere somebody else might answer for that.
fn is_own(url: &Url) -> bool {
    if cfg!(windows) {
        matches!(url.scheme(), "http" | "https") && url.host_str() == Some("tauri.localhost")
    } else {
        url.scheme() == "tauri"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(url: &str) -> bool {
        is_own(&url.parse().unwrap())
    }

    #[test]
    fn only_the_own_page_is_shown() {
        assert_eq!(goes("tauri://localhost/index.html"), !cfg!(windows));
        assert_eq!(goes("http://tauri.localhost/index.html"), cfg!(windows));
        for elsewhere in [
            "https://example.org/",
            "http://localhost:1420/",
            "file:///etc/passwd",
            "data:text/html,hello",
            "ftp://tauri.localhost/",
        ] {
            assert!(!goes(elsewhere), "{elsewhere}");
        }
    }
}
