//! The parts that Cargo runs.
//!
//! Everything is built once, in one call and with one set of features, which are those that
//! `cargo xtask run` builds the app with; the runs that follow only choose from it. The desktop
//! tests stand apart: their WebDriver client would have Tauri compiled again with features of
//! its own.

use std::process::Command;

use anyhow::{Context, Result};

use super::{has_nextest, keychain, layers, report::Report};
use crate::{
    codegen,
    command::{self, answer, cargo},
};

const END_TO_END: &str = "magpie-tests-end-to-end";
const SERVER: &str = "magpie-server";
const DESKTOP: &str = "magpie-tests-desktop";

const WORKSPACE: [&str; 2] = ["--workspace", "--all-features"];
const WITHOUT_DESKTOP: [&str; 4] = ["--workspace", "--exclude", DESKTOP, "--all-features"];

/// What needs no test to be run.
pub(super) fn checks(report: &mut Report) {
    report.step("rust: rustfmt", || {
        command::run(cargo(["fmt", "--all", "--check"]))
    });
    report.step("rust: clippy", || {
        let mut clippy = cargo(["clippy"]);
        clippy
            .args(WORKSPACE)
            .args(["--all-targets", "--", "-D", "warnings"]);
        command::run(clippy)
    });
    report.step("rust: layers", layers::check);
    report.step("rust: documentation", || {
        let mut doc = cargo(["doc"]);
        doc.args(WORKSPACE)
            .arg("--no-deps")
            .env("RUSTDOCFLAGS", "-D warnings");
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
    let mut build = cargo(["build"]);
    build.args(WITHOUT_DESKTOP).args(["--bins", "--tests"]);
    command::run(build)
}

/// Whether the page's bindings are what the Rust types say.
pub(super) fn bindings() -> Result<()> {
    let mut test = cargo(["test", "--quiet"]);
    test.args(WITHOUT_DESKTOP).arg("--lib").args(codegen::TEST);
    command::run(test).context("if they are stale, write them anew with `cargo xtask codegen`")
}

/// The tests of the crates themselves.
pub(super) fn crates() -> Command {
    let tests = if has_nextest() {
        let mut nextest = nextest(&WITHOUT_DESKTOP);
        nextest.args(["--filterset", &format!("not package({END_TO_END})")]);
        nextest
    } else {
        let mut tests = cargo(["test"]);
        tests
            .args(WITHOUT_DESKTOP)
            .args(["--exclude", END_TO_END, "--lib", "--bins", "--tests"]);
        tests
    };
    // Secrets are kept in a real keychain where the system lets a test have one of its own.
    keychain::with_own(tests)
}

/// The tests that ask the server over the network.
pub(super) fn server() -> Command {
    if has_nextest() {
        let mut nextest = nextest(&WITHOUT_DESKTOP);
        let wanted = format!("package({SERVER}) and binary(it)");
        nextest.args(["--filterset", &wanted]);
        nextest
    } else {
        let mut tests = cargo(["test"]);
        tests.args(["--package", SERVER, "--all-features", "--test", "it"]);
        tests
    }
}

/// Real clients against a real server.
pub(super) fn end_to_end() -> Command {
    if has_nextest() {
        let mut nextest = nextest(&WITHOUT_DESKTOP);
        nextest.args(["--filterset", &format!("package({END_TO_END})")]);
        nextest
    } else {
        cargo(["test", "--package", END_TO_END, "--all-features"])
    }
}

/// Those of [`end_to_end`] for which it matters on which engine a server stands that is alone.
pub(super) fn end_to_end_alone() -> Command {
    if has_nextest() {
        let mut nextest = nextest(&WITHOUT_DESKTOP);
        let wanted =
            format!("package({END_TO_END}) and binary(it) and not test(/^(nodes|link)::/)");
        nextest.args(["--filterset", &wanted]);
        nextest
    } else {
        let mut tests = cargo(["test"]);
        tests.args(["--package", END_TO_END, "--all-features", "--test", "it"]);
        tests.args(["--", "--skip", "nodes::", "--skip", "link::"]);
        tests
    }
}

/// The real app. One test after the other: each runs two copies of it and two displays.
pub(super) fn desktop() -> Result<()> {
    let tests = if has_nextest() {
        let mut nextest = nextest(&["--package", DESKTOP]);
        nextest.args(["--test-threads", "1"]);
        nextest
    } else {
        cargo(["test", "--package", DESKTOP, "--", "--test-threads", "1"])
    };
    command::run(tests)
}

fn nextest(crates: &[&str]) -> Command {
    let mut command = cargo(["nextest", "run"]);
    command.args(crates).args([
        "--no-fail-fast",
        "--status-level",
        "slow",
        "--final-status-level",
        "fail",
    ]);
    command
}
