//! Magpie's chores, run as `cargo xtask <chore>`.
//!
//! Each chore names its steps while it works, says how long they took, and ends with an error
//! that tells what to do next.

mod bench;
mod checkout;
mod codegen;
mod command;
mod node;
#[cfg(target_os = "linux")]
mod package_check;
mod release;
mod run;
mod system;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Magpie's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build the app and open it; installs what is missing to build it.
    Run(run::Args),
    /// Run the tests, all or the parts that are named; installs what they need.
    Test(test::Args),
    /// Measure: release builds, the workloads, and the tables of docs/benchmarks.md.
    Bench(bench::Args),
    /// Write the page's TypeScript bindings from the Rust types.
    Codegen(codegen::Args),
    /// Make the packages of a version, and all that is given out with them.
    Release(release::Args),
    /// Look into the .deb and the .rpm, install and remove both, and start the app of the .deb.
    #[cfg(target_os = "linux")]
    PackageCheck(package_check::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().chore {
        Chore::Run(args) => run::run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Bench(args) => bench::run(&args),
        Chore::Codegen(args) => codegen::run(&args).map(|()| ExitCode::SUCCESS),
        Chore::Release(args) => release::run(&args).map(|()| ExitCode::SUCCESS),
        #[cfg(target_os = "linux")]
        Chore::PackageCheck(args) => package_check::run(&args).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("\nerror: {error:#}");
        ExitCode::FAILURE
    })
}
