//! `cargo xtask codegen`: the page's TypeScript bindings, from the Rust types.

use std::fs;

use anyhow::Result;

use crate::{
    checkout,
    command::{self, cargo},
};

/// The app's own test, which compares the bindings, or writes them when it is told to.
pub(crate) const TEST: [&str; 3] = ["--", "--exact", "bindings::tests::bindings_are_up_to_date"];

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
    let mut test = cargo(["test", "--package", "magpie", "--lib"]);
    if !args.check {
        test.env("MAGPIE_WRITE_BINDINGS", "1");
    }
    test.args(TEST);
    command::run(test)
}
