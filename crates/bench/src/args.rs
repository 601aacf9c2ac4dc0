//! What all workloads can be told.

use std::{fmt, path::PathBuf};

use clap::ValueEnum;

use crate::report;

/// How to run a workload.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// Small counts: shows within seconds whether all works, and nothing about how fast it is.
    #[arg(long)]
    pub(crate) quick: bool,
    /// The folder of the results.
    #[arg(long, value_name = "FOLDER", default_value_os_t = report::results())]
    pub(crate) out: PathBuf,
    /// The commit that is measured, where it is not the one checked out: that of another server,
    /// for example.
    #[arg(long, value_name = "COMMIT")]
    pub(crate) commit: Option<String>,
}

/// How to run a workload on a server.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(crate) common: Common,
    /// The server's database.
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    pub(crate) engine: Engine,
    /// The program `magpie-server`; `own` for the server that is inside this program, where it was
    /// built with it.
    #[arg(long, value_name = "PROGRAM", default_value_os_t = beside("magpie-server"))]
    pub(crate) server: PathBuf,
    /// The program that starts a private PostgreSQL.
    #[arg(long, value_name = "PROGRAM", default_value_os_t = beside("magpie-test-postgres"))]
    pub(crate) postgres: PathBuf,
    /// A setting for the server, as `NAME=VALUE` with the name of its flag; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) settings: Vec<String>,
    /// Measure the floors only.
    #[arg(long)]
    pub(crate) floor_only: bool,
}

/// The database of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// A file in the data folder.
    Sqlite,
    /// A private PostgreSQL, started for this run.
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// Returns the path of a program that Cargo has built: beside this one or, where it is not there,
/// as the debug build made it.
fn beside(program: &str) -> PathBuf {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    let own = std::env::current_exe().unwrap_or_default();
    let folder = own.parent().unwrap_or(&own);
    let debug = folder.join("../debug").join(&name);
    let here = folder.join(&name);
    if here.exists() || !debug.exists() {
        here
    } else {
        debug
    }
}
