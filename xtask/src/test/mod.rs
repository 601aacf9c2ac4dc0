//! `cargo xtask test`: everything that must hold, or the parts that are named.
//!
//! A step that fails does not stop the others, unless they need what it makes. The last line
//! counts them.

mod keychain;
mod layers;
mod postgres;
mod report;
mod rust;

use std::{env, process::ExitCode};

use anyhow::{Result, bail};
use clap::ValueEnum;

use self::{postgres::Postgres, report::Report};
use crate::{
    command, node,
    system::{self, Need},
};

/// Which tests to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The parts to run; all of them when none is named.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Install missing system packages without asking.
    #[arg(long, short)]
    yes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Formatting, clippy, layers, documentation, bindings, and the tests of the crates.
    Rust,
    /// ESLint, vue-tsc and Vitest.
    Ui,
    /// Real clients against a real server.
    E2e,
    /// The real app, driven through WebDriver.
    Desktop,
}

/// Runs the tests; fails when one of their steps does.
///
/// # Errors
/// When they cannot be begun at all.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let wants = |part| args.parts.is_empty() || args.parts.contains(&part);
    let mut report = Report::new();
    prepare(args, &mut report)?;
    if wants(Part::Ui) {
        report.step("ui: ESLint", || node::npm_run("lint"));
        report.step("ui: vue-tsc", || node::npm_run("typecheck"));
        report.step("ui: Vitest", || node::npm_run("test"));
    }
    if wants(Part::Rust) {
        rust::checks(&mut report);
    }
    if wants(Part::Rust) || wants(Part::E2e) || wants(Part::Desktop) {
        let built = report.step("build", rust::build);
        if !built {
            report.skip("what needs the build");
        } else {
            if wants(Part::Rust) {
                report.step("rust: bindings", rust::bindings);
            }
            if wants(Part::Rust) || wants(Part::E2e) {
                servers(&wants, &mut report);
            }
            if wants(Part::Desktop) {
                desktop(&mut report);
            }
        }
    }
    Ok(report.close())
}

/// What every part stands on. A failure here ends the run, as nothing after it would mean much.
fn prepare(args: &Args, report: &mut Report) -> Result<()> {
    let only_ui = args.parts == [Part::Ui];
    if !only_ui && !report.step("system packages", || system::ensure(Need::Test, args.yes)) {
        bail!("the tests cannot begin without these packages");
    }
    // The app takes the bundle into its binary, so that even clippy cannot do without it.
    let ready = report.step("ui: packages", node::ensure_packages)
        && report.step("ui: bundle", node::ensure_bundle);
    if !ready {
        bail!("the tests cannot begin without the page");
    }
    Ok(())
}

/// The tests that run servers, first on SQLite and then on PostgreSQL.
fn servers(wants: &dyn Fn(Part) -> bool, report: &mut Report) {
    if cfg!(windows) {
        println!("\n==> PostgreSQL\n    not run: its tests start one on a socket of their own");
        if wants(Part::Rust) {
            report.step("rust: tests", || command::run(rust::crates()));
        }
        if wants(Part::E2e) {
            report.step("e2e", || command::run(rust::end_to_end()));
        }
        return;
    }
    let mut started = None;
    let is_there = report.step("a PostgreSQL to share", || {
        started = Some(Postgres::start()?);
        Ok(())
    });
    let Some(postgres) = started.filter(|_| is_there) else {
        report.skip("what needs PostgreSQL");
        return;
    };
    if wants(Part::Rust) {
        report.step("rust: tests", || postgres.lend(rust::crates()));
        report.step("rust: tests of the server on PostgreSQL", || {
            postgres.test(rust::server())
        });
    }
    if wants(Part::E2e) {
        report.step("e2e", || postgres.lend(rust::end_to_end()));
        report.step("e2e on PostgreSQL", || {
            postgres.test(rust::end_to_end_alone())
        });
    }
}

fn desktop(report: &mut Report) {
    if env::consts::OS == "linux" {
        report.step("desktop", rust::desktop);
    } else {
        println!("\n==> desktop\n    not run: these tests drive WebKitGTK, which is on Linux only");
    }
}

/// Whether nextest is there to run the tests.
fn has_nextest() -> bool {
    command::answer("cargo", ["nextest", "--version"]).is_some()
}
