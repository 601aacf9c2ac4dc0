//! `cargo xtask run`: the app or the server, built from what is here.

use std::{env, ffi::OsString, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::{
    checkout,
    command::{self, cargo, step},
    node,
    system::{self, Need},
};

/// What to run, and what to tell it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to run.
    #[arg(value_enum, default_value_t = What::App)]
    what: What,
    /// Install missing system libraries without asking.
    #[arg(long, short)]
    yes: bool,
    /// Passed on as it is: `-- --profile bob` opens a second, independent copy of the app.
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The app.
    App,
    /// A server on an embedded database.
    Server,
}

/// Builds and starts what was asked for, and ends as it ends.
///
/// # Errors
/// When something needed is missing or the build fails.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match args.what {
        What::App => run_app(args),
        What::Server => run_server(args),
    }
}

fn run_app(args: &Args) -> Result<ExitCode> {
    step("system libraries", || system::ensure(Need::Build, args.yes))?;
    step("packages of the page", node::ensure_packages)?;
    step("the page", node::ensure_bundle)?;
    step("the app", || command::run(cargo(["build", "-p", "magpie"])))?;
    let app = checkout::built("magpie");
    if !has_display() {
        bail!(
            "the app is built, but there is no display to open it on: neither DISPLAY nor \
             WAYLAND_DISPLAY is set. Start {} from a desktop session",
            app.display()
        );
    }
    println!("\n==> opening {}", app.display());
    start(&app, &args.args)
}

fn run_server(args: &Args) -> Result<ExitCode> {
    step("system libraries", || {
        system::ensure(Need::Server, args.yes)
    })?;
    step("the server", || {
        command::run(cargo([
            "build",
            "-p",
            "magpie-server",
            "--bin",
            "magpie-server",
        ]))
    })?;
    let server = checkout::built("magpie-server");
    println!("\n==> starting {}", server.display());
    let mut words: Vec<OsString> = vec!["serve".into()];
    words.extend_from_slice(&args.args);
    start(&server, &words)
}

fn start(path: &std::path::Path, words: &[OsString]) -> Result<ExitCode> {
    let status = std::process::Command::new(path)
        .args(words)
        .status()
        .with_context(|| format!("cannot start {}", path.display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    env::consts::OS != "linux" || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
