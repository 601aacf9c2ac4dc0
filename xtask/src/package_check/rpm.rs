//! The .rpm: what it says, and its installation in an empty folder.
//!
//! Whether the names of other packages are right can only be seen where a Fedora's packages can be
//! reached; here they are only held against the names that are known.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Result, ensure};

use super::{clear, contents, privileged};
use crate::{
    command::{self, output, program},
    release,
};

/// What the package has to name; libraries by their file, which is the same on every distribution.
const REQUIRES: [&str; 7] = [
    "libwebkit2gtk-4.1.so.0()(64bit)",
    "libgtk-3.so.0()(64bit)",
    "gstreamer1-plugins-base",
    "gstreamer1-plugins-good",
    "desktop-file-utils",
    "hicolor-icon-theme",
    "xdg-utils",
];

/// Checks what the package says, and that it has the same files as the .deb.
///
/// # Errors
/// When something is not as it should be.
pub(super) fn read(rpm: &Path, deb: &Path) -> Result<()> {
    let requires = query(rpm, &["--requires"])?;
    let requires: BTreeSet<&str> = requires.lines().collect();
    for wanted in REQUIRES {
        ensure!(requires.contains(wanted), "it does not require {wanted}");
    }
    let glibc = release::needed_glibc(&deb.join("usr/bin/magpie"))?;
    let wanted = format!("libc.so.6(GLIBC_{glibc})(64bit)");
    ensure!(
        requires.contains(wanted.as_str()),
        "it does not require {wanted}"
    );
    let scripts = query(rpm, &["--scripts"])?;
    ensure!(scripts.trim().is_empty(), "it runs scripts: {scripts}");
    let about = query(rpm, &["--queryformat", "%{NAME} %{VERSION} %{LICENSE}"])?;
    let wanted = format!("magpie {} MIT OR Apache-2.0", env!("CARGO_PKG_VERSION"));
    ensure!(about == wanted, "it is {about}, not {wanted}");

    let shared = |path: &&str| !path.contains("/doc/") && !path.contains("/licenses/");
    let list = query(rpm, &["--list"])?;
    let own: BTreeSet<&str> = list.lines().filter(shared).collect();
    let others: BTreeSet<String> = contents::files(deb)?
        .into_iter()
        .map(|path| format!("/{path}"))
        .collect();
    let others: BTreeSet<&str> = others.iter().map(String::as_str).filter(shared).collect();
    ensure!(
        own == others,
        "its files are {own:?}, those of the .deb {others:?}"
    );
    for licence in ["LICENSE-MIT", "LICENSE-APACHE", "licences.gz"] {
        let path = format!("/usr/share/licenses/magpie/{licence}");
        ensure!(list.lines().any(|one| one == path), "there is no {path}");
    }
    println!("    the .rpm has {} KiB", fs::metadata(rpm)?.len() / 1024);
    Ok(())
}

fn query(rpm: &Path, words: &[&str]) -> Result<String> {
    let mut query = program("rpm", ["--query", "--package"]);
    query.args(words).arg(rpm);
    output(query)
}

/// Installs the package in an empty folder, without what it depends on, and removes it.
///
/// # Errors
/// When files are missing, changed or left.
pub(super) fn install_and_remove(rpm: &Path, root: &Path) -> Result<()> {
    clear(root)?;
    let in_root = || -> Command {
        let mut command = privileged("rpm");
        command.arg("--root").arg(root);
        command
    };
    let mut install = in_root();
    install.args(["--install", "--nodeps"]).arg(rpm);
    command::run(install)?;
    let mut verify = in_root();
    verify.args(["--verify", "--nodeps", "magpie"]);
    command::run(verify)?;
    contents::check(&without_database(root)?)?;
    let mut list = in_root();
    list.args(["--query", "--list", "magpie"]);
    let list = output(list)?;
    let mut remove = in_root();
    remove.args(["--erase", "magpie"]);
    command::run(remove)?;
    for path in list.lines() {
        let there = root.join(path.trim_start_matches('/'));
        let is_left = there.symlink_metadata().is_ok_and(|data| !data.is_dir());
        ensure!(!is_left, "{path} is left");
    }
    println!("    nothing is left of its {} files", list.lines().count());
    Ok(())
}

/// rpm keeps its own records in the root; everything is checked but them.
fn without_database(root: &Path) -> Result<std::path::PathBuf> {
    let copy = root.with_file_name("rpm-files");
    clear(&copy)?;
    let mut cp = privileged("cp");
    cp.arg("-a").arg(root.join("usr")).arg(&copy);
    command::run(cp)?;
    let records = copy.join("usr/lib/sysimage");
    let mut remove = privileged("rm");
    remove.arg("-rf").arg(records);
    command::run(remove)?;
    Ok(copy)
}
