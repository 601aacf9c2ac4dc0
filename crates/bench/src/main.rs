//! Magpie's benchmarks.
//!
//! Each workload is a subcommand with fixed counts. It prints a table, puts one JSON object into
//! the output folder, and fails when something was lost, doubled or out of order: a fast answer
//! that is wrong is not a figure. Beside each figure stands its floor where it has one: what the
//! machine does in the same run when only the indispensable part of the work is done.

#[cfg(feature = "client")]
mod app;
mod args;
#[cfg(feature = "client")]
mod catch_up;
#[cfg(feature = "client")]
mod core;
mod floor;
mod group;
mod idle;
mod load;
mod measure;
mod paced;
mod pairs;
mod report;
mod stand;
mod wire;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use args::ServerArgs;

/// Magpie's benchmarks; `cargo xtask bench` builds all that they need and runs them.
#[derive(Parser)]
#[command(name = "magpie-bench", version)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// 200 sockets in pairs, 8 messages in flight each: messages in a second.
    Pairs(ServerArgs),
    /// 1,000 messages a second, whether the server is quick or not: latencies.
    Paced(ServerArgs),
    /// 10,000 silent sockets: memory, sign-ins, and the storm after a restart.
    Idle(ServerArgs),
    /// One speaks to a group of 200: deliveries in a second.
    Group(ServerArgs),
    /// 10,000 missed messages, with the app's own core: time to a right list, and to all of them.
    #[cfg(feature = "client")]
    CatchUp(ServerArgs),
    /// The client on a large cache: reading, and messages that arrive.
    #[cfg(feature = "client")]
    Core(core::CoreArgs),
    /// The app's window beside an empty one: time to the list, memory.
    #[cfg(feature = "client")]
    App(app::AppArgs),
    /// Write the tables in docs/benchmarks.md from the results that are there.
    Summary(report::SummaryArgs),
    /// The server that is inside this program.
    #[cfg(feature = "own-server")]
    #[command(hide = true)]
    OwnServer(OwnServerArgs),
    /// A bare WebSocket echo.
    #[command(hide = true)]
    EchoServer(floor::EchoArgs),
    /// A bare WebSocket fan-out.
    #[command(hide = true)]
    FanServer(floor::EchoArgs),
}

fn main() -> ExitCode {
    match run(Cli::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("magpie-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What) -> Result<()> {
    match what {
        What::Pairs(args) => alone(pairs::pairs(&args)),
        What::Paced(args) => alone(paced::paced(&args)),
        What::Idle(args) => alone(idle::idle(&args)),
        What::Group(args) => alone(group::group(&args)),
        #[cfg(feature = "client")]
        What::CatchUp(args) => together(catch_up::catch_up(&args)),
        #[cfg(feature = "client")]
        What::Core(args) => core::run(&args),
        #[cfg(feature = "client")]
        What::App(args) => app::run(&args),
        What::Summary(args) => report::summary(&args),
        #[cfg(feature = "own-server")]
        What::OwnServer(args) => own_server(args),
        What::EchoServer(args) => floor::serve(&args),
        What::FanServer(args) => floor::serve_fan(&args),
    }
}

/// Runs a workload on one thread, so that the load generator takes no more than one core.
fn alone(workload: impl Future<Output = Result<()>>) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(workload)
}

/// How the server is set.
#[cfg(feature = "own-server")]
#[derive(clap::Args)]
struct OwnServerArgs {
    /// What `magpie-server` would be told.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<std::ffi::OsString>,
}

#[cfg(feature = "own-server")]
fn own_server(args: OwnServerArgs) -> Result<()> {
    let words = ["magpie-server".into()].into_iter().chain(args.words);
    let ended = magpie_server::cli::run(words);
    anyhow::ensure!(ended == ExitCode::SUCCESS, "the server failed");
    Ok(())
}

/// Runs a workload on as many threads as there are cores, as the app runs.
#[cfg(feature = "client")]
fn together(workload: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(workload)
}
