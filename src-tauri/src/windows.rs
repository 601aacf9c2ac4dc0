//! The app's windows.

use std::path::PathBuf;

use tauri::{AppHandle, WebviewUrl, WebviewWindowBuilder};

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
        .on_navigation(|url| {
            matches!(url.scheme(), "tauri") || url.host_str() == Some("tauri.localhost")
        })
        .disable_drag_drop_handler()
        .build()?;
    Ok(())
}
