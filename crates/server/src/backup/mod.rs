//! `backup`: a copy of the database in one file, also while servers run.
//!
//! The copy shows one moment. SQLite's log lets one connection read that moment for as long as it
//! likes while another goes on writing, so nobody waits for a backup; the log grows meanwhile, and
//! the pages are copied with pauses in between so that the disk is not taken from those who write.
//! The copy is checked, synced and only then given its name: a file of that name is whole.

mod copy;
mod postgres;

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
};

use crate::{config::Config, db::Place};

/// What the program ends with when the database has to be backed up by its own tool.
const NOT_OURS: u8 = 3;

/// The command `backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// The file to make; for its owner only
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// In words for the operator.
pub(crate) fn run(config: &Config, backup: &Backup) -> anyhow::Result<ExitCode> {
    match config.database_place() {
        Place::Sqlite(path) => {
            let mut last = 0;
            let shows = io::stderr().is_terminal();
            let copied = copy::copy(&path, &backup.to, backup.force, |percent| {
                if shows && percent > last {
                    last = percent;
                    eprint!("\r{percent:3} %");
                }
            });
            if shows && last > 0 {
                eprintln!();
            }
            let copied = copied?;
            println!(
                "{}: {:.1} MiB, {} people, {} messages; the copy was checked.",
                backup.to.display(),
                copied.bytes as f64 / (1024.0 * 1024.0),
                copied.users,
                copied.messages,
            );
            Ok(ExitCode::SUCCESS)
        }
        Place::Postgres(target) => {
            eprintln!("{}", postgres::advice(&target.url(), &backup.to));
            Ok(ExitCode::from(NOT_OURS))
        }
    }
}
