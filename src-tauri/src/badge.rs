//! The number of unread messages on the app's icon in the dock or taskbar.

use tauri::AppHandle;
use tokio::sync::watch;

use crate::tray::Model;

/// What Linux desktops know the app by.
#[cfg(target_os = "linux")]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// The name of the file that describes the app, without its ending.
    pub(crate) entry: String,
    /// The name of its icon.
    pub(crate) icon: String,
}

#[cfg(target_os = "linux")]
impl Names {
    /// Returns those of this copy.
    pub(crate) fn here() -> Self {
        Self::of(std::env::var("FLATPAK_ID").ok())
    }

    /// A Flatpak has to name both after its own id.
    fn of(flatpak: Option<String>) -> Self {
        match flatpak.filter(|id| !id.is_empty()) {
            Some(id) => Self {
                entry: id.clone(),
                icon: id,
            },
            None => Self {
                entry: "Magpie".to_owned(),
                icon: "magpie".to_owned(),
            },
        }
    }
}

/// Shows the number from now on, as it changes.
pub(crate) fn follow(app: &AppHandle, mut model: watch::Receiver<Model>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let mut shown = None;
        loop {
            let unread = model.borrow_and_update().unread;
            if shown != Some(unread) {
                system::show(&app, unread).await;
                shown = Some(unread);
            }
            if model.changed().await.is_err() {
                return;
            }
        }
    });
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::HashMap;

    use tauri::AppHandle;
    use zbus::zvariant::Value;

    use super::Names;
    use crate::bus;

    /// Docks that know Unity's launcher interface listen to this: KDE's, Ubuntu's, and others.
    pub(super) async fn show(_app: &AppHandle, unread: u32) {
        if let Err(error) = emit(unread).await {
            tracing::debug!(%error, "the dock is not told what is unread");
        }
    }

    async fn emit(unread: u32) -> zbus::Result<()> {
        let bus = bus::session().await?;
        let properties = HashMap::from([
            ("count", Value::from(i64::from(unread))),
            ("count-visible", Value::from(unread > 0)),
        ]);
        bus.emit_signal(
            None::<&str>,
            "/chat/magpie/desktop",
            "com.canonical.Unity.LauncherEntry",
            "Update",
            &(
                format!("application://{}.desktop", Names::here().entry),
                properties,
            ),
        )
        .await
    }
}

#[cfg(target_os = "macos")]
mod system {
    use tauri::{AppHandle, Manager as _};

    use crate::windows::MAIN;

    pub(super) async fn show(app: &AppHandle, unread: u32) {
        let count = (unread > 0).then(|| i64::from(unread));
        if let Some(window) = app.get_webview_window(MAIN)
            && let Err(error) = window.set_badge_count(count)
        {
            tracing::debug!(%error, "the dock is not told what is unread");
        }
    }
}

#[cfg(windows)]
mod system {
    use tauri::{AppHandle, Manager as _, image::Image};

    use crate::{tray::badge_alone, windows::MAIN};

    pub(super) async fn show(app: &AppHandle, unread: u32) {
        let badge = (unread > 0).then(|| {
            let badge = badge_alone(32, unread);
            Image::new_owned(badge.rgba, badge.side, badge.side)
        });
        if let Some(window) = app.get_webview_window(MAIN)
            && let Err(error) = window.set_overlay_icon(badge)
        {
            tracing::debug!(%error, "the taskbar is not told what is unread");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_flatpak_has_names_of_its_own() {
        let names = |flatpak: Option<&str>| {
            let names = Names::of(flatpak.map(str::to_owned));
            (names.entry, names.icon)
        };
        let own = ("Magpie".to_owned(), "magpie".to_owned());
        assert_eq!(names(None), own);
        assert_eq!(names(Some("")), own);
        let id = "chat.magpie.desktop".to_owned();
        assert_eq!(names(Some(&id)), (id.clone(), id));
    }
}
