//! `cargo xtask package-check`: the .deb and the .rpm as people get them.
//!
//! What a package says is read and held against what is in it. Then the .deb is installed in a Debian
//! that was made for it, with nothing but what apt brings along; the app is started there on a virtual
//! display, links are opened through the system's handler, and after its removal nothing may be left.
//! The .rpm is installed in an empty folder and removed again: its names for other packages can only
//! be resolved on a Fedora.
//!
//! It takes some minutes, about one once Debian's packages are fetched, and root (or sudo) for the Debian,
//! so that it is no part of `cargo xtask test`.

mod contents;
mod deb;
mod root;
mod rpm;
mod session;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    checkout,
    command::{self, answer, step},
    system::{self, Need},
};

/// Which packages to check; those that are made last by `cargo xtask release` if none is named.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The .deb.
    #[arg(long, value_name = "FILE")]
    deb: Option<PathBuf>,
    /// The .rpm.
    #[arg(long, value_name = "FILE")]
    rpm: Option<PathBuf>,
    /// Which Debian or Ubuntu to install the .deb in.
    #[arg(long, default_value = "bookworm")]
    suite: String,
    /// Where its packages come from.
    #[arg(long, default_value = "http://deb.debian.org/debian")]
    mirror: String,
    /// Install missing system packages without asking.
    #[arg(long, short)]
    yes: bool,
}

/// Checks the packages.
///
/// # Errors
/// When one of them is not as it should be; the text says what.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dist = checkout::target().join("dist");
    let find = |named: &Option<PathBuf>, ending: &str| match named {
        Some(path) => Ok(path.clone()),
        None => only(&dist, ending),
    };
    let (deb, rpm) = (find(&args.deb, "deb")?, find(&args.rpm, "rpm")?);
    let work = checkout::target().join("package-check");
    let pictures = work.join("pictures");
    fs::create_dir_all(&pictures)?;

    step("system packages", || {
        system::ensure(Need::Packages, args.yes)
    })?;
    let unpacked = work.join("unpacked");
    step("what the .deb says and holds", || {
        deb::read(&deb, &unpacked)
    })?;
    step("what the .rpm says and holds", || {
        rpm::read(&rpm, &unpacked)
    })?;
    step("the .rpm, installed and removed", || {
        rpm::install_and_remove(&rpm, &work.join("rpm-root"))
    })?;
    let root = step("a fresh Debian", || {
        root::Root::make(&work, &args.suite, &args.mirror)
    })?;
    step("the .deb, installed", || deb::install(&root, &deb))?;
    step("the app, started", || session::starts(&root, &pictures))?;
    step("the .deb, removed", || deb::remove(&root))?;
    println!(
        "\nboth packages are as they should be; pictures are in {}",
        pictures.display()
    );
    Ok(())
}

fn only(folder: &Path, ending: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| {
        let folder = folder.display();
        format!("there is no {folder}: make the packages with `cargo xtask release`")
    })?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    ensure!(
        found.len() == 1,
        "there is not one .{ending} in {} but {}: name one",
        folder.display(),
        found.len()
    );
    found.pop().context("no package")
}

/// Returns a command that runs as root. Where somebody is there, sudo may ask for the password.
fn privileged(name: &str) -> Command {
    if answer("id", ["-u"]).is_some_and(|id| id == "0") {
        return command::program(name, Vec::<&str>::new());
    }
    match command::is_unattended() {
        true => command::program("sudo", ["-n", name]),
        false => command::program("sudo", [name]),
    }
}

/// Empties a folder that may hold what belongs to root.
fn clear(folder: &Path) -> Result<()> {
    let mut remove = privileged("rm");
    remove.args(["-rf", "--one-file-system"]).arg(folder);
    command::run(remove)?;
    fs::create_dir_all(folder)?;
    Ok(())
}
