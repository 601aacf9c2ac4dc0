//! The shell: windows, commands and the built-in server around [`magpie_core`].
//!
//! Nothing here knows SQL, HTTP or how syncing works. A command is one call into the core and one
//! conversion of its error.

mod autostart;
mod badge;
mod bindings;
#[cfg(target_os = "linux")]
mod bus;
mod commands;
mod desktop;
mod engine;
#[cfg(target_os = "linux")]
mod graphics;
mod host;
mod instance;
mod links;
mod log;
mod notifications;
mod shell;
mod shortcut;
#[cfg(target_os = "linux")]
mod system;
mod told;
mod tray;
mod updates;
mod windows;
mod words;

use std::{
    env,
    ffi::OsString,
    io,
    path::{self, PathBuf},
};

use tauri::{Manager as _, RunEvent, Window, WindowEvent};

use crate::{
    desktop::{Desktop, StartedAs},
    instance::{InstanceError, Request, Start},
    shell::Shell,
    updates::Updates,
};

/// A chat of your own.
#[derive(Debug, clap::Parser)]
#[command(version, about)]
pub struct Options {
    /// Opens an independent copy of the app under this name, with its own data folder, keychain
    /// entries and accounts. Letters, digits, `-` and `_`; at most 32.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = profile_name)]
    profile: String,

    /// Keeps the data of all profiles in this folder instead of the system's usual place.
    #[arg(long, value_name = "FOLDER", env = "MAGPIE_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// Starts without a window, in the tray where there is one.
    #[arg(long)]
    hidden: bool,

    /// Draws in the plainest way there is: for windows that stay empty.
    #[arg(long)]
    safe_graphics: bool,

    /// A link of the app's own, `magpie://…`, to be shown.
    #[arg(value_name = "LINK")]
    link: Option<OsString>,
}

/// Why the app did not start.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StartError(Reason);

#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Tauri(tauri::Error),
    #[error(transparent)]
    Instance(InstanceError),
    #[error("there is no folder for the data of apps: name one with --data-dir")]
    NoFolder,
    #[error("the data folder cannot be used: {0}")]
    Folder(io::Error),
}

fn profile_name(text: &str) -> Result<String, String> {
    let fits = (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if fits {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 32 letters, digits, - and _".to_owned())
    }
}

/// Opens the app and returns when it is closed; where it is open already, at once.
///
/// # Errors
/// What kept it from starting: no display, a data folder that cannot be used, or another copy that
/// does not answer.
pub fn run(options: Options) -> Result<(), StartError> {
    start(options).map_err(StartError)
}

fn start(options: Options) -> Result<(), Reason> {
    #[cfg(target_os = "linux")]
    graphics::prepare(options.safe_graphics);
    let mut context = tauri::generate_context!();
    updates::configure(&mut context);
    let data = match &options.data_dir {
        Some(folder) => path::absolute(folder).map_err(Reason::Folder)?,
        // On Windows not the one that follows a user from machine to machine.
        None => dirs::data_local_dir()
            .ok_or(Reason::NoFolder)?
            .join(&context.config().identifier),
    };
    let folder = data.join("profiles").join(&options.profile);
    let request = Request {
        link: options.link.map(|link| link.to_string_lossy().into_owned()),
        activation_token: env::var("XDG_ACTIVATION_TOKEN").ok(),
        hidden: options.hidden,
    };
    let first = match instance::start(&folder, &request).map_err(Reason::Instance)? {
        Start::First(first) => first,
        Start::Second => return Ok(()),
    };
    // What is not written yet is written when this goes, at the very end.
    let mut log = log::begin(&folder.join(log::FOLDER));
    let started = StartedAs {
        profile: options.profile,
        data_dir: options.data_dir.map(|_| data.clone()),
        folder,
    };

    // A link that starts the app on macOS comes before there is anybody to show it.
    #[cfg(target_os = "macos")]
    let early = std::sync::Arc::new(parking_lot::Mutex::new(Some(Vec::new())));
    #[cfg(target_os = "macos")]
    let came_early = std::sync::Arc::clone(&early);
    let builder = bindings::builder();
    let handler = builder.invoke_handler();
    tauri::Builder::default()
        .plugin(tauri_plugin_opener::init())
        // Its commands stay out of the page's reach: no capability names them.
        .plugin(tauri_plugin_updater::Builder::new().build())
        .invoke_handler(handler)
        .on_window_event(window_event)
        .setup(move |app| {
            builder.mount_events(app);
            let app = app.handle();
            let shell = Shell::new(
                app.clone(),
                &started.folder,
                &started.profile,
                data.join("server"),
            );
            app.manage(Desktop::new(app, started));
            app.manage(Updates::new(app));
            app.manage(shell);
            #[cfg(not(target_os = "linux"))]
            shortcut::set_up(app);
            open_profile(app.clone());
            shell::keep_counting(app);
            desktop::follow_settings(app);
            desktop::keep_reachable(app);
            updates::keep_looking(app);
            #[cfg(target_os = "linux")]
            system::listen(app);
            #[cfg(unix)]
            end_when_asked(app.clone());
            windows::open_main(app, request.hidden && request.link.is_none())?;
            if let Some(link) = request.link {
                desktop::open_link(app, link);
            }
            #[cfg(target_os = "macos")]
            for link in came_early.lock().take().into_iter().flatten() {
                desktop::open_link(app, link);
            }
            let own = app.clone();
            first.serve(move |request| desktop::requested(&own, request));
            Ok(())
        })
        .build(context)
        .map_err(Reason::Tauri)?
        .run(move |app, event| match event {
            RunEvent::Exit => {
                app.state::<Desktop>().places().save();
                let updates = app.state::<Updates>();
                let due = tauri::async_runtime::block_on(async {
                    let due = updates.due().await;
                    app.state::<Shell>().close().await;
                    due
                });
                updates.end(due);
                drop(log.take());
            }
            #[cfg(target_os = "macos")]
            RunEvent::Reopen { .. } => windows::present_main(app, None),
            #[cfg(target_os = "macos")]
            RunEvent::Opened { urls } => {
                let links = urls.into_iter().map(String::from);
                if let Some(early) = &mut *early.lock() {
                    early.extend(links);
                    return;
                }
                for link in links {
                    let request = Request {
                        link: Some(link),
                        ..Request::default()
                    };
                    desktop::requested(app, request);
                }
            }
            _ => {}
        });
    Ok(())
}

fn window_event(window: &Window, event: &WindowEvent) {
    let desktop = window.state::<Desktop>();
    match event {
        WindowEvent::Resized(_) | WindowEvent::Moved(_) => {
            desktop.places().note(window);
            windows::save_places_soon(window.app_handle());
        }
        WindowEvent::CloseRequested { api, .. } => {
            desktop.places().note(window);
            tracing::debug!(window = window.label(), "a window is to be closed");
            if window.label() == windows::MAIN {
                windows::main_is_closing(window.app_handle(), api);
            } else if let Err(error) = window.hide() {
                // What is left of it goes when its page has ended, which may take a moment.
                tracing::warn!(%error, "a window stays on the screen");
            }
        }
        WindowEvent::Destroyed => {
            let (app, label) = (window.app_handle().clone(), window.label().to_owned());
            tauri::async_runtime::spawn(async move {
                if let Some(core) = app.state::<Shell>().open_account().await {
                    core.drop_view(&label);
                }
            });
        }
        _ => {}
    }
}

/// Opens the profile while the window is being opened.
fn open_profile(app: tauri::AppHandle) {
    tauri::async_runtime::spawn(async move { app.state::<Shell>().open().await });
}

/// Ends the app in order when the system asks for it, as it does when the user logs out.
#[cfg(unix)]
fn end_when_asked(app: tauri::AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};

    tauri::async_runtime::spawn(async move {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
                app.exit(0);
            }
            Err(error) => tracing::warn!(%error, "a request to end will not be heard"),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_name_is_a_safe_folder_name() {
        assert_eq!(profile_name("bob-2_x"), Ok("bob-2_x".to_owned()));
        for bad in ["", "..", "a/b", "a b", "鹊", &"a".repeat(33)] {
            assert!(profile_name(bad).is_err(), "{bad:?}");
        }
    }
}
