//! A Debian in a folder, made for one check.
//!
//! Every command in it runs in namespaces of its own, which go with it: what it mounts and what it
//! leaves running.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::{clear, privileged};
use crate::command::{self, answer, output};

/// Enters the root, with what a system has beside its files, and becomes a command there. Packages
/// that were fetched once are kept outside.
const ENTER: &str = r#"
set -e
root=$1 archives=$2 user=$3
shift 3
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount --bind "$archives" "$root/var/cache/apt/archives"
if [ -d /tmp/.X11-unix ]; then
    mkdir -p "$root/tmp/.X11-unix"
    mount --bind /tmp/.X11-unix "$root/tmp/.X11-unix"
fi
if [ -n "$BUS" ]; then
    : > "$root$BUS"
    mount --bind "$BUS" "$root$BUS"
fi
exec chroot --userspec="$user" "$root" "$@"
"#;

/// What commands find in their surroundings.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The Debian.
pub(super) struct Root {
    folder: PathBuf,
    archives: PathBuf,
}

impl Root {
    /// Makes a new one, with nothing in it that is not essential.
    ///
    /// # Errors
    /// When its packages cannot be fetched.
    pub(super) fn make(work: &Path, suite: &str, mirror: &str) -> Result<Self> {
        let folder = work.join("root");
        let archives = work.join("archives");
        let fetched = work.join("base");
        clear(&folder)?;
        for folder in [&archives, &fetched] {
            fs::create_dir_all(folder)?;
        }
        let mut make = privileged("unshare");
        make.args(["--mount", "--pid", "--fork", "debootstrap"])
            .args([
                "--variant=minbase",
                &format!("--cache-dir={}", fetched.display()),
            ])
            .arg(suite)
            .arg(&folder)
            .arg(mirror)
            .stdout(fs::File::create(work.join("debootstrap.log"))?);
        command::run(make).context("see debootstrap.log in the same folder")?;
        let root = Self { folder, archives };
        println!(
            "    {}",
            root.output(&["cat", "/etc/debian_version"])?.trim()
        );
        Ok(root)
    }

    /// Returns where something in it lies.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path.trim_start_matches('/'))
    }

    /// Copies a file into it.
    ///
    /// # Errors
    /// When that fails.
    pub(super) fn put(&self, from: &Path, to: &str) -> Result<()> {
        let mut copy = privileged("cp");
        copy.arg(from).arg(self.path(to));
        command::run(copy)
    }

    /// Runs a command in it as root.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn run(&self, words: &[&str]) -> Result<()> {
        command::run(self.command("0:0", "", &[PATH, "DEBIAN_FRONTEND=noninteractive"], words))
    }

    /// Returns what a command prints that is run in it as root.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn output(&self, words: &[&str]) -> Result<String> {
        output(self.command("0:0", "", &[PATH], words))
    }

    /// Returns a command in it for the user who runs this, on a session bus whose socket is lent to
    /// the root.
    pub(super) fn as_user(&self, bus: &str, surroundings: &[&str], words: &[&str]) -> Command {
        let surroundings = [&[PATH], surroundings].concat();
        self.command(&user(), bus, &surroundings, words)
    }

    fn command(&self, user: &str, bus: &str, surroundings: &[&str], words: &[&str]) -> Command {
        let mut command = privileged("env");
        command
            .arg(format!("BUS={bus}"))
            .args(["unshare", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", ENTER, "sh"])
            .arg(&self.folder)
            .arg(&self.archives)
            .arg(user)
            .args(["/usr/bin/env", "-i"])
            .args(surroundings)
            .args(words);
        command
    }
}

/// Returns whose session it is: the bus and the keychain on it are only for their own user.
pub(super) fn user() -> String {
    let id = |what| answer("id", [what]).unwrap_or_default();
    format!("{}:{}", id("-u"), id("-g"))
}
