//! The tray of Windows and macOS.

use magpie_core::settings::Pause;
use tauri::{
    AppHandle,
    image::Image,
    menu::{Menu, MenuBuilder, MenuItemBuilder},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};
use tokio::sync::watch;

use super::{Action, Entry, Model, chosen, picture};

/// The size in points of the screen; both systems make it smaller where they have to.
const SIDE: u32 = 64;

const ALL: [Action; 7] = [
    Action::Open,
    Action::Quiet(None),
    Action::Quiet(Some(Pause::Hour)),
    Action::Quiet(Some(Pause::EightHours)),
    Action::Quiet(Some(Pause::Tomorrow)),
    Action::Settings,
    Action::Quit,
];

/// Begins the name of the line of an account; its key follows.
const ACCOUNT: &str = "account ";

/// Returns what an entry is called by the system. The menu may change while it is open, so it is not
/// its place.
fn name(action: &Action) -> String {
    match action {
        Action::Account(key) => format!("{ACCOUNT}{key}"),
        other => format!("{other:?}"),
    }
}

/// Returns what was chosen by its name.
fn named(id: &str) -> Option<Action> {
    match id.strip_prefix(ACCOUNT) {
        Some(key) => Some(Action::Account(key.to_owned())),
        None => ALL.into_iter().find(|action| name(action) == id),
    }
}

pub(super) fn start(app: &AppHandle, mut model: watch::Receiver<Model>, seen: watch::Sender<bool>) {
    let icon = match build(app, &model.borrow_and_update()) {
        Ok(icon) => icon,
        Err(error) => {
            tracing::warn!(%error, "there is no tray");
            return;
        }
    };
    seen.send_replace(true);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // As long as this lives, the icon is there; and whoever waits for `seen` can.
        let _seen = seen;
        while model.changed().await.is_ok() {
            let now = model.borrow_and_update().clone();
            if let Err(error) = update(&app, &icon, &now) {
                tracing::warn!(%error, "the tray could not be changed");
            }
        }
    });
}

fn build(app: &AppHandle, model: &Model) -> tauri::Result<TrayIcon> {
    TrayIconBuilder::new()
        .icon(image(model))
        .tooltip(tooltip(model))
        .menu(&menu(app, model)?)
        // On Windows the left button opens the window, and the menu is on the right one.
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(|app, event| {
            if let Some(action) = named(event.id().as_ref()) {
                chosen(app, action, None);
            }
        })
        .on_tray_icon_event(|icon, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
                && cfg!(windows)
            {
                chosen(icon.app_handle(), Action::Open, None);
            }
        })
        .build(app)
}

fn update(app: &AppHandle, icon: &TrayIcon, model: &Model) -> tauri::Result<()> {
    icon.set_icon(Some(image(model)))?;
    icon.set_tooltip(Some(tooltip(model)))?;
    icon.set_menu(Some(menu(app, model)?))
}

fn menu(app: &AppHandle, model: &Model) -> tauri::Result<Menu<tauri::Wry>> {
    let mut builder = MenuBuilder::new(app);
    for entry in model.menu() {
        builder = match entry {
            Entry::Line => builder.separator(),
            Entry::Action { action, label } => {
                let label = label.replace('&', "&&");
                builder.item(&MenuItemBuilder::with_id(name(&action), label).build(app)?)
            }
        };
    }
    builder.build()
}

fn image(model: &Model) -> Image<'static> {
    let icon = picture::icon(SIDE, model.unread, model.quiet);
    Image::new_owned(icon.rgba, icon.side, icon.side)
}

fn tooltip(model: &Model) -> String {
    format!("{}\n{}", model.title(), model.tooltip())
}
