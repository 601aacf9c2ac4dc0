//! The shell: windows, commands and the built-in server around [`magpie_core`].
//!
//! Nothing here knows SQL, HTTP or how syncing works. A command is one call into the core and one
//! conversion of its error.

mod bindings;
mod commands;
mod host;
mod shell;
mod windows;

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use tauri::Manager as _;
use tracing_subscriber::EnvFilter;

use crate::shell::Shell;

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

/// Opens the app and returns when it is closed.
///
/// # Errors
/// What kept it from starting: no display, or a data folder that cannot be used.
pub fn run(options: Options) -> Result<(), tauri::Error> {
    let filter = EnvFilter::try_from_env("MAGPIE_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,magpie=info,magpie_core=info,magpie_server=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();

    let builder = bindings::builder();
    let handler = builder.invoke_handler();
    tauri::Builder::default()
        .plugin(tauri_plugin_opener::init())
        .invoke_handler(handler)
        .setup(move |app| {
            builder.mount_events(app);
            let folder = match &options.data_dir {
                Some(folder) => folder.clone(),
                None => app.path().app_data_dir()?,
            };
            let shell = match tauri::async_runtime::block_on(Shell::open(
                app.handle().clone(),
                &folder,
                &options.profile,
            )) {
                Ok(shell) => shell,
                Err(error) => {
                    tracing::error!(%error, "the data folder cannot be used");
                    app.handle().exit(1);
                    return Ok(());
                }
            };
            let page_data = shell.page_data_folder().to_owned();
            app.manage(shell);
            #[cfg(unix)]
            end_when_asked(app.handle().clone());
            windows::open_main(app.handle(), &options.profile, page_data)?;
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            if let tauri::RunEvent::Exit = event {
                // There is none when the data folder could not be used.
                if let Some(shell) = app.try_state::<Shell>() {
                    tauri::async_runtime::block_on(shell.close());
                }
            }
        });
    Ok(())
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
