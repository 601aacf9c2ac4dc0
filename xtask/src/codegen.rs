//! `cargo xtask codegen`: the page's TypeScript bindings, from the Rust types.

use std::{fs, process::Command};

use anyhow::Result;

use crate::{
    checkout,
    command::{self, cargo},
};

/// What to do with the bindings.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail when the bindings are not as they should be.
    #[arg(long)]
    check: bool,
}

/// Writes the bindings, or checks them.
///
/// # Errors
/// When they cannot be made, or are stale and only a check was asked for.
pub(crate) fn run(args: &Args) -> Result<()> {
    // The app takes the page's bundle into its binary and does not compile where there is no
    // such folder; the page cannot be built without bindings. An empty folder ends the circle.
    fs::create_dir_all(checkout::ui().join("dist"))?;
    let mut test = test();
    if !args.check {
        test.env("MAGPIE_WRITE_BINDINGS", "1");
    }
    command::run(test)
}

/// Fails when the bindings in the checkout are not what the Rust types say.
///
/// # Errors
/// When they are stale or cannot be made.
pub(crate) fn check() -> Result<()> {
    command::run(test())
}

/// The app's own test compares the bindings, or writes them when it is told to.
fn test() -> Command {
    cargo([
        "test",
        "--quiet",
        "--workspace",
        "--all-features",
        "--lib",
        "--",
        "--exact",
        "bindings::tests::bindings_are_up_to_date",
    ])
}
