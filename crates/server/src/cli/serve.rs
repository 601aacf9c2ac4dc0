//! Running the server.

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{
    Server,
    config::{Config, LogFormat},
};

#[tokio::main]
pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    start_log(&config)?;
    allow_many_files();
    let server = Server::start(config).await?;
    stop_asked().await?;
    server.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)?;
    let log = tracing_subscriber::registry().with(filter);
    match config.log_format {
        LogFormat::Text => {
            // A file or a journal has no colours.
            let colours = io::stdout().is_terminal();
            log.with(fmt::layer().with_ansi(colours)).try_init()?;
        }
        LogFormat::Json => log
            .with(fmt::layer().json().flatten_event(true))
            .try_init()?,
    }
    Ok(())
}

/// Each connection is a file to the system, which by custom allows a process few until it asks.
fn allow_many_files() {
    #[cfg(unix)]
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::debug!(files, "files.allowed"),
        Err(error) => tracing::warn!(%error, "files.not_raised"),
    }
}

/// Waits for an interrupt from the keyboard or, on Unix, for a request to terminate.
async fn stop_asked() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}
