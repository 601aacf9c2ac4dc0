//! The log: on standard error, and in files of the profile's folder, one a day, the last five of them.
//!
//! No message, password or token is ever written into it.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// The folder's name within the profile's.
pub(crate) const FOLDER: &str = "logs";

/// How many days are kept.
const DAYS: usize = 5;
const USUAL: &str = "warn,magpie=info,magpie_core=info,magpie_server=info";

/// Begins to write the log. What was not written yet is written when the guard is dropped; where no
/// file can be written there is none.
pub(crate) fn begin(folder: &Path) -> Option<WorkerGuard> {
    let filter = || EnvFilter::try_from_env("MAGPIE_LOG").unwrap_or_else(|_| EnvFilter::new(USUAL));
    let screen = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_filter(filter());
    // Only this user can enter the profile's folder. Where it cannot be made, the builder says so.
    let _ = std::fs::create_dir_all(folder);
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("magpie")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder);
    let (file, guard, refused) = match files {
        Ok(files) => {
            let (writer, guard) = tracing_appender::non_blocking(files);
            let file = fmt::layer()
                .with_writer(writer)
                .with_ansi(false)
                .with_filter(filter());
            (Some(file), Some(guard), None)
        }
        Err(error) => (None, None, Some(error)),
    };
    tracing_subscriber::registry()
        .with(screen)
        .with(file)
        .init();
    if let Some(error) = refused {
        tracing::warn!(%error, "the log is not written into files");
    }
    guard
}
