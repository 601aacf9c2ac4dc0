//! The parts that Cargo runs.
//!
//! Everything is built once, in one call and with one set of features; the runs that follow
//! only choose from it.

use std::process::Command;

use anyhow::Result;

use super::{cargo_everything, has_nextest, keychain, layers, report::Report};
use crate::command::{self, answer, cargo};

const END_TO_END: &str = "magpie-tests-end-to-end";
const DESKTOP: &str = "magpie-tests-desktop";

/// What needs no test to be run.
pub(super) fn checks(report: &mut Report) {
    report.step("rust: rustfmt", || {
        command::run(cargo(["fmt", "--all", "--check"]))
    });
    report.step("rust: clippy", || {
        let mut clippy = cargo_everything("clippy");
        clippy.args(["--all-targets", "--", "-D", "warnings"]);
        command::run(clippy)
    });
    report.step("rust: layers", layers::check);
    report.step("rust: documentation", || {
        let mut doc = cargo_everything("doc");
        doc.arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings");
        command::run(doc)
    });
    if answer("cargo", ["deny", "--version"]).is_some() {
        report.step("rust: licences", || {
            command::run(cargo(["deny", "check", "bans", "licenses", "sources"]))
        });
    }
}

/// Builds every program and every test.
pub(super) fn build() -> Result<()> {
    let mut build = cargo_everything("build");
    build.args(["--bins", "--tests"]);
    command::run(build)
}

/// The tests of the crates themselves.
pub(super) fn crates() -> Result<()> {
    let tests = if has_nextest() {
        let mut nextest = nextest();
        nextest.args([
            "--filterset",
            &format!("not package({END_TO_END}) and not package({DESKTOP})"),
        ]);
        nextest
    } else {
        let mut tests = cargo_everything("test");
        tests.args(["--exclude", END_TO_END, "--exclude", DESKTOP]);
        tests.args(["--lib", "--bins", "--tests"]);
        tests
    };
    // Secrets are kept in a real keychain where the system lets a test have one of its own.
    command::run(keychain::with_own(tests))
}

/// Real clients against a real server.
pub(super) fn end_to_end() -> Result<()> {
    command::run(only(END_TO_END, None))
}

/// The real app. One test after the other: each runs two copies of it and a display.
pub(super) fn desktop() -> Result<()> {
    command::run(only(DESKTOP, Some("1")))
}

fn only(package: &str, threads: Option<&str>) -> Command {
    if has_nextest() {
        let mut nextest = nextest();
        nextest.args(["--filterset", &format!("package({package})")]);
        if let Some(threads) = threads {
            nextest.args(["--test-threads", threads]);
        }
        return nextest;
    }
    let mut tests = cargo(["test", "--package", package, "--all-features"]);
    if let Some(threads) = threads {
        tests.args(["--", "--test-threads", threads]);
    }
    tests
}

fn nextest() -> Command {
    let mut command = cargo(["nextest", "run"]);
    command.args(super::EVERYTHING).args([
        "--no-fail-fast",
        "--status-level",
        "slow",
        "--final-status-level",
        "fail",
    ]);
    command
}
