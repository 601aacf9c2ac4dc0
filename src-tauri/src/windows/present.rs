//! Bringing windows to the front and putting them away.

use tauri::{AppHandle, Manager as _, WebviewWindow};

use super::MAIN;
use crate::desktop::Desktop;

/// Shows a window and brings it to the front. The token lets it, where the desktop asks for one.
pub(crate) fn present(window: &WebviewWindow, token: Option<String>) {
    if let Err(error) = try_present(window, token) {
        tracing::warn!(%error, "a window does not come to the front");
    }
}

fn try_present(window: &WebviewWindow, token: Option<String>) -> tauri::Result<()> {
    if window.is_minimized()? {
        window.unminimize()?;
    }
    window.show()?;
    #[cfg(target_os = "linux")]
    if let Some(token) = token {
        use gtk::prelude::GtkWindowExt as _;

        let own = window.clone();
        return window.run_on_main_thread(move || match own.gtk_window() {
            Ok(window) => {
                // GTK takes the token of the desktop for the id of a start.
                window.set_startup_id(&token);
                window.present();
            }
            Err(error) => tracing::warn!(%error, "a window does not come to the front"),
        });
    }
    #[cfg(not(target_os = "linux"))]
    drop(token);
    window.set_focus()
}

/// Shows the main window and brings it to the front.
pub(crate) fn present_main(app: &AppHandle, token: Option<String>) {
    if let Some(window) = app.get_webview_window(MAIN) {
        present(&window, token);
    }
}

/// Puts the main window away: into the tray, or where there is none, where windows that are minimised
/// go. It can always be reached again.
pub(crate) fn put_away(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    let desktop = app.state::<Desktop>();
    desktop.places().note(&window.as_ref().window());
    desktop.places().save();
    let done = match desktop.tray().is_present() {
        true => window.hide(),
        false => window.minimize(),
    };
    if let Err(error) = done {
        tracing::warn!(%error, "the window does not go away");
    }
}

/// Puts the main window away where it has the focus, and brings it to the front otherwise.
pub(crate) fn toggle(app: &AppHandle) {
    let in_front = app.get_webview_window(MAIN).is_some_and(|window| {
        window.is_visible().unwrap_or(false) && window.is_focused().unwrap_or(false)
    });
    if in_front {
        put_away(app);
    } else {
        present_main(app, None);
    }
}

/// Shows a hidden main window among those that are minimised, so that it can be reached.
pub(crate) fn make_reachable(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else {
        return;
    };
    if window.is_visible().unwrap_or(true) {
        return;
    }
    tracing::info!("there is no tray: the window is minimised instead of hidden");
    if let Err(error) = window.minimize().and_then(|()| window.show()) {
        tracing::warn!(%error, "the window cannot be shown");
    }
}
