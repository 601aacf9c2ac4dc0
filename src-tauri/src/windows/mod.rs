//! The app's windows: the main one, and conversations in windows of their own.

mod close;
mod place;
mod present;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use magpie_core::protocol::ConversationId;
use tauri::{
    AppHandle, Manager as _, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    webview::PageLoadEvent,
};
use tokio::time::sleep;

pub(crate) use self::{
    close::{close_answered, main_is_closing},
    place::{Places, save_places_soon},
    present::{make_reachable, present, present_main, toggle},
};
use crate::{desktop::Desktop, engine};

/// The label of the main window; its capability names it too.
pub(crate) const MAIN: &str = "main";
/// What the labels of conversations' windows begin with; their capability names it too.
const CONVERSATION: &str = "conversation-";

const MAIN_SIZE: (f64, f64) = (1080.0, 720.0);
const MAIN_LEAST: (f64, f64) = (720.0, 480.0);
const CONVERSATION_SIZE: (f64, f64) = (520.0, 640.0);
const CONVERSATION_LEAST: (f64, f64) = (360.0, 320.0);

/// How long a window waits for its page before it is shown without one.
const PATIENCE: Duration = Duration::from_secs(3);

/// What all windows of this copy of the app have in common.
pub(crate) struct Look {
    /// The profile's name where it is not the usual one.
    pub(crate) profile: Option<String>,
    /// Where the engine keeps what belongs to the page; each profile has its own.
    pub(crate) page_data: PathBuf,
}

impl Look {
    /// Returns a window's title.
    fn title(&self, name: &str) -> String {
        match &self.profile {
            Some(profile) => format!("{name} – {profile}"),
            None => name.to_owned(),
        }
    }
}

/// Opens the main window, hidden or not.
pub(crate) fn open_main(app: &AppHandle, hidden: bool) -> Result<(), tauri::Error> {
    let builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default());
    open(app, builder, MAIN, "Magpie", MAIN_SIZE, MAIN_LEAST, hidden)?;
    Ok(())
}

/// Opens a conversation in a window of its own, or shows that window.
pub(crate) fn pop_out(
    app: &AppHandle,
    conversation_id: ConversationId,
    title: &str,
) -> Result<(), tauri::Error> {
    let label = format!("{CONVERSATION}{conversation_id}");
    if let Some(window) = app.get_webview_window(&label) {
        present(&window, None);
        return Ok(());
    }
    let page = WebviewUrl::App(format!("index.html#/window/{conversation_id}").into());
    let builder = WebviewWindowBuilder::new(app, &label, page);
    let (size, least) = (CONVERSATION_SIZE, CONVERSATION_LEAST);
    match open(app, builder, &label, title, size, least, false) {
        // Asked for twice at the same time: the other was faster.
        Err(
            tauri::Error::WindowLabelAlreadyExists(_) | tauri::Error::WebviewLabelAlreadyExists(_),
        ) => {
            if let Some(window) = app.get_webview_window(&label) {
                present(&window, None);
            }
            Ok(())
        }
        opened => opened.map(drop),
    }
}

/// Closes all windows of conversations: they belong to an account that is not in view any more.
pub(crate) fn close_conversations(app: &AppHandle) {
    for (label, window) in app.webview_windows() {
        if label.starts_with(CONVERSATION)
            && let Err(error) = window.destroy()
        {
            tracing::warn!(%error, "a conversation's window stays open");
        }
    }
}

fn open<'a>(
    app: &'a AppHandle,
    mut builder: WebviewWindowBuilder<'a, tauri::Wry, AppHandle>,
    label: &str,
    name: &str,
    size: (f64, f64),
    least: (f64, f64),
    hidden: bool,
) -> Result<WebviewWindow, tauri::Error> {
    let desktop = app.state::<Desktop>();
    let place = desktop.places().get(app, label, least);
    let shown = Arc::new(AtomicBool::new(hidden));
    let late = Arc::clone(&shown);
    let (width, height) = place.map_or(size, |place| (place.width, place.height));
    builder = builder
        .title(desktop.look().title(name))
        .inner_size(width, height)
        .min_inner_size(least.0, least.1)
        .maximized(place.is_some_and(|place| place.maximized))
        // It is shown once its page is there, so that nobody sees an empty one first. Besides, WebKitGTK
        // draws a window that is shown before by waiting up to half a second for the page, which may
        // be waiting for the window's process just then.
        .visible(false)
        .zoom_hotkeys_enabled(false)
        .data_directory(desktop.look().page_data.clone())
        // The page is the app's own; nothing may lead it elsewhere.
        .on_navigation(is_own)
        .disable_drag_drop_handler()
        .on_page_load(move |window, load| match load.event() {
            PageLoadEvent::Started if window.label() == MAIN => {
                window.state::<Desktop>().told().page_is_loading();
            }
            PageLoadEvent::Started => {}
            PageLoadEvent::Finished => show_once(&window, &shown),
        });
    if let Some((x, y)) = place.and_then(|place| place.corner) {
        builder = builder.position(x, y);
    }
    let window = builder.build()?;
    engine::set_up(&window, desktop.engine());
    let one = window.clone();
    tauri::async_runtime::spawn(async move {
        sleep(PATIENCE).await;
        show_once(&one, &late);
    });
    Ok(window)
}

/// Shows a window, unless that was done; later it may have been put away again.
fn show_once(window: &WebviewWindow, shown: &AtomicBool) {
    if !shown.swap(true, Ordering::Relaxed)
        && let Err(error) = window.show()
    {
        tracing::warn!(%error, "a window cannot be shown");
    }
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

    #[test]
    fn a_profile_is_named_in_the_title() {
        let look = |profile: Option<&str>| Look {
            profile: profile.map(str::to_owned),
            page_data: PathBuf::new(),
        };
        assert_eq!(look(None).title("Magpie"), "Magpie");
        assert_eq!(look(Some("bob")).title("Magpie"), "Magpie – bob");
    }
}
