//! `doctor`: looks at everything that a server needs, and says in plain words what is wrong and
//! what helps. It keeps nothing that it changes, and can be asked while a server runs or starts: it
//! holds the data folder's lock for an instant, to see whether another does, and a server that starts
//! waits for longer.

mod clock;
mod database;
mod folder;
mod machine;
mod ports;
mod postgres;
mod redis;
mod report;
mod settings;
mod updates;

use std::process::ExitCode;

use crate::{
    config::{Config, ConfigError},
    db::Place,
};
use report::Report;

pub(crate) use ports::is_ready;

/// The command `doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command. The program ends with 1 when there is a problem.
///
/// # Errors
/// When the answer cannot be written.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(
    config: Result<Config, ConfigError>,
    doctor: Doctor,
) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    match config {
        Ok(config) => look(&config, &mut report).await,
        Err(error) => report.problem(
            "settings",
            error.to_string(),
            "correct the settings; nothing else was looked at",
        ),
    }
    report.print(doctor.json)?;
    Ok(match report.is_well() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn look(config: &Config, report: &mut Report) {
    settings::look(config, report);
    let place = config.database_place();
    match (&place, place.folder()) {
        (Place::Sqlite(path), folder) => {
            folder::look(&folder.unwrap_or_default(), path, report);
            database::look(path, report).await;
        }
        (Place::Postgres(target), _) => postgres::look(target, report).await,
    }
    redis::look(config, report).await;
    clock::look(report).await;
    ports::look(config, report).await;
    machine::look(config, report);
    updates::look(config, report).await;
}
