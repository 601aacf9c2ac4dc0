//! `copy`: the command.

use std::{
    fs::File,
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use super::{Progress, Step, copy};
use crate::{
    app,
    db::{DatabaseAddress, Db, Place},
};

/// Between two lines about how far it has come.
const PAUSE: Duration = Duration::from_secs(1);

/// The command `copy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Copy {
    /// Where everything is now, such as `sqlite:/var/lib/magpie/magpie.db`; no server may run on it
    #[arg(
        long,
        env = "MAGPIE_COPY_FROM",
        value_name = "DATABASE",
        hide_env_values = true
    )]
    from: DatabaseAddress,
    /// Where it shall be, such as `postgres://user:password@host/magpie`: an empty database, or one
    /// with the beginning of the same copy, which is continued
    #[arg(
        long,
        env = "MAGPIE_COPY_TO",
        value_name = "DATABASE",
        hide_env_values = true
    )]
    to: DatabaseAddress,
}

/// Runs the command.
///
/// # Errors
/// In words for the operator.
pub(crate) fn run(command: &Copy) -> anyhow::Result<ExitCode> {
    if let Place::Sqlite(path) = command.from.place()
        && !path.is_file()
    {
        bail!("there is no database at {}", path.display());
    }
    let _locks = lock(&command.from, &command.to)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(carry_out(command))
}

async fn carry_out(command: &Copy) -> anyhow::Result<ExitCode> {
    let from = open(&command.from)
        .await
        .with_context(|| format!("cannot open {}", command.from))?;
    let to = open(&command.to)
        .await
        .with_context(|| format!("cannot open {}", command.to))?;
    let mut teller = Teller::default();
    let sums = copy(&from, &to, |progress| teller.tell(progress)).await;
    from.close().await;
    to.close().await;
    for (table, rows) in sums? {
        println!("{rows:>12} {table}");
    }
    println!(
        "Every row of the two databases was compared: {} holds everything now. Start the server \
         with it; the old database is as it was.",
        command.to
    );
    Ok(ExitCode::SUCCESS)
}

/// Keeps servers away from embedded databases for as long as these files are open.
fn lock(from: &DatabaseAddress, to: &DatabaseAddress) -> anyhow::Result<Vec<File>> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in [from, to].map(|address| address.place().folder()) {
        // A folder is locked once, though it may have two spellings.
        folders.extend(folder.map(|folder| folder.canonicalize().unwrap_or(folder)));
    }
    folders.dedup();
    let lock = |folder: &PathBuf| app::lock(folder).context("stop the server first");
    folders.iter().map(lock).collect()
}

async fn open(address: &DatabaseAddress) -> anyhow::Result<Db> {
    let address = address.clone();
    let opened = tokio::task::spawn_blocking(move || Db::open(address.place(), 1, Box::new(drop)));
    Ok(opened.await??)
}

/// Tells the person before the terminal how far the copy has come.
#[derive(Default)]
struct Teller {
    last: Option<(Instant, Step, &'static str)>,
}

impl Teller {
    fn tell(&mut self, progress: Progress) {
        let (now, ended) = (Instant::now(), progress.done >= progress.rows);
        let is_news = self.last.is_none_or(|(at, step, table)| {
            (step, table) != (progress.step, progress.table) || now >= at + PAUSE
        });
        if !is_news && !ended {
            return;
        }
        self.last = Some((now, progress.step, progress.table));
        let doing = match progress.step {
            Step::Copying => "copying",
            Step::Comparing => "comparing",
        };
        let Progress {
            table, done, rows, ..
        } = progress;
        if io::stderr().is_terminal() {
            let end = if ended { "\n" } else { "" };
            eprint!("\r{doing} {table}: {done} of {rows}{end}");
        } else {
            eprintln!("{doing} {table}: {done} of {rows}");
        }
    }
}
