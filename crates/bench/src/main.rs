//! Magpie's benchmarks.
//!
//! Each workload is a subcommand with fixed counts. It prints a table, puts one JSON object into
//! the output folder, and fails when something was lost, doubled or out of order: a fast answer
//! that is wrong is not a figure. Beside each figure stands its floor where it has one: what the
//! machine does in the same run when only the indispensable part of the work is done.

mod args;
mod measure;
mod report;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Magpie's benchmarks; `cargo xtask bench` builds all that they need and runs them.
#[derive(Parser)]
#[command(name = "magpie-bench", version)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Write the tables in docs/benchmarks.md from the results that are there.
    Summary(report::SummaryArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().what {
        What::Summary(args) => report::summary(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("magpie-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
