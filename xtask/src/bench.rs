//! `cargo xtask bench`: release builds, the workloads one after the other, and the tables.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::ValueEnum;

use crate::{
    checkout,
    command::{self, cargo, program, step},
    node,
    system::{self, Need},
};

/// What to measure, and on what.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which workloads; all where none is named.
    #[arg(value_enum)]
    workloads: Vec<Workload>,
    /// On which database the server keeps its rows.
    #[arg(long, value_enum, default_value_t = Engines::Sqlite)]
    engine: Engines,
    /// Measure the floors only.
    #[arg(long)]
    floor_only: bool,
    /// Small counts: shows whether all works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// The folder of the results.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Leave docs/benchmarks.md as it is.
    #[arg(long)]
    no_summary: bool,
    /// Install what is missing without asking.
    #[arg(long, short)]
    yes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Workload {
    /// 200 sockets in pairs: messages in a second.
    Pairs,
    /// 1,000 messages in a second: latencies.
    Paced,
    /// 10,000 silent sockets.
    Idle,
    /// A group of 200.
    Group,
    /// 10,000 missed messages.
    CatchUp,
    /// The client on a large cache.
    Core,
    /// The app beside an empty window.
    App,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engines {
    /// SQLite.
    Sqlite,
    /// PostgreSQL, started for the run.
    Postgres,
    /// One after the other.
    Both,
}

impl Workload {
    fn name(self) -> OsString {
        let value = self.to_possible_value();
        value.map_or_else(OsString::new, |value| value.get_name().into())
    }

    fn needs_client(self) -> bool {
        matches!(self, Self::CatchUp | Self::Core | Self::App)
    }

    fn needs_server(self) -> bool {
        !matches!(self, Self::Core | Self::App)
    }
}

/// Builds what the workloads need, runs them, and writes the tables in `docs/benchmarks.md`.
///
/// # Errors
/// When something needed is missing, a build fails, or a workload finds something wrong.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let workloads = match args.workloads.as_slice() {
        [] => Workload::value_variants(),
        named => named,
    };
    let app = workloads.contains(&Workload::App);
    let need = if app { Need::Build } else { Need::Server };
    step("system libraries", || system::ensure(need, args.yes))?;
    // Each by itself: built together, the server would get what only the benchmark asks for.
    step("the server", || {
        build("magpie-server", &["--bin", "magpie-server"])
    })?;
    step("the benchmark", || {
        let client = workloads.iter().any(|workload| workload.needs_client());
        let features = if client { "client" } else { "" };
        build(
            "magpie-bench",
            &["--no-default-features", "--features", features],
        )
    })?;
    if args.engine != Engines::Sqlite && workloads.iter().any(|workload| workload.needs_server()) {
        step("what starts PostgreSQL", build_postgres)?;
    }
    if app {
        step("packages of the page", node::ensure_packages)?;
        step("the page", node::ensure_bundle)?;
        // Together, so that both get the engine with the same features.
        step("the app and the empty window", || {
            build("magpie", &["--package", "magpie-empty-window"])
        })?;
    }
    for workload in workloads {
        for engine in args.engines(*workload) {
            let mut words = vec![workload.name()];
            if let Some(engine) = engine {
                words.extend(["--engine".into(), engine.into()]);
                words.extend(args.floor_only.then(|| "--floor-only".into()));
            }
            words.extend(args.quick.then(|| "--quick".into()));
            words.extend(
                args.out
                    .iter()
                    .flat_map(|out| ["--out".into(), out.clone().into()]),
            );
            let name = workload.name().to_string_lossy().into_owned();
            step(&name, || command::run(program(bench(), words)))?;
        }
    }
    if !(args.no_summary || args.quick) {
        let words = args
            .out
            .iter()
            .flat_map(|out| ["--out".into(), out.clone().into_os_string()]);
        let words = ["summary".into()].into_iter().chain(words);
        step("the tables", || command::run(program(bench(), words)))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn engines(&self, workload: Workload) -> Vec<Option<&'static str>> {
        match self.engine {
            _ if !workload.needs_server() => vec![None],
            Engines::Sqlite => vec![Some("sqlite")],
            Engines::Postgres => vec![Some("postgres")],
            Engines::Both => vec![Some("sqlite"), Some("postgres")],
        }
    }
}

fn build(package: &str, more: &[&str]) -> Result<()> {
    let words = ["build", "--release", "-p", package];
    command::run(cargo(words.iter().chain(more)))
}

fn build_postgres() -> Result<()> {
    let words = ["build", "-p", "magpie-server", "--features", "testing"];
    command::run(cargo(
        words.iter().chain(&["--bin", "magpie-test-postgres"]),
    ))
}

fn bench() -> PathBuf {
    checkout::released("magpie-bench")
}
