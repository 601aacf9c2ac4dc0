//! `cargo xtask codegen`: the page's TypeScript bindings, from the Rust types.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

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
    if args.check {
        check()
    } else {
        generate(&checkout::ui().join("src/platform/bindings.ts"))
    }
}

/// Fails when the bindings in the checkout are not what the Rust types say.
///
/// # Errors
/// When they are stale or cannot be made.
pub(crate) fn check() -> Result<()> {
    let fresh = checkout::target().join("bindings.ts");
    generate(&fresh)?;
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let committed = checkout::ui().join("src/platform/bindings.ts");
    if read(&fresh)? != read(&committed)? {
        bail!(
            "{} is stale; write it anew with `cargo xtask codegen`",
            committed.display()
        );
    }
    println!("    the bindings are up to date");
    Ok(())
}

fn generate(path: &Path) -> Result<()> {
    let mut export = cargo([
        "run",
        "--package",
        "magpie",
        "--bin",
        "export-bindings",
        "--",
    ]);
    export.arg(path);
    command::run(export)
}
