//! Debian, Ubuntu and their kin: packages are looked up with dpkg and installed with apt.

use std::{
    io::{self, Write},
    process::Command,
};

use anyhow::{Result, bail};

use super::Need;
use crate::command::{self, answer, program};

/// The C compiler is for the bundled SQLite.
const SERVER: [&str; 2] = ["gcc", "libc6-dev"];

/// Make and Perl are for the OpenSSL that encrypts the app's database.
const BUILD: [&str; 5] = [
    "libgtk-3-dev",
    "libwebkit2gtk-4.1-dev",
    "make",
    "perl",
    "pkg-config",
];

/// A display, a driver for the page, a bus with a keychain on it, what a screen reader stands on,
/// letters for what is typed, what finds and ends processes, what opens links, and what a server of
/// several nodes stands on.
const TEST: [&str; 12] = [
    "at-spi2-core",
    "dbus",
    "fonts-noto-cjk",
    "fonts-noto-color-emoji",
    "fonts-noto-core",
    "gnome-keyring",
    "postgresql",
    "procps",
    "redis-server",
    "webkit2gtk-driver",
    "xdg-utils",
    "xvfb",
];

/// What reads packages, a Debian to install one in, a screen that can be looked at, and what finds and
/// ends processes.
#[cfg(target_os = "linux")]
const PACKAGES: [&str; 12] = [
    "appstream",
    "binutils",
    "dbus",
    "debian-archive-keyring",
    "debootstrap",
    "desktop-file-utils",
    "gnome-keyring",
    "imagemagick",
    "procps",
    "rpm",
    "xdotool",
    "xvfb",
];

/// Returns the names of the packages that are needed.
pub(super) fn packages(need: Need) -> Vec<&'static str> {
    match need {
        Need::Server => SERVER.to_vec(),
        Need::Build => [&SERVER[..], &BUILD].concat(),
        Need::Test => [&SERVER[..], &BUILD, &TEST].concat(),
        #[cfg(target_os = "linux")]
        Need::Packages => PACKAGES.to_vec(),
    }
}

/// Installs the packages that are missing, after asking unless `yes`, root or in CI.
///
/// # Errors
/// When the answer is no, nobody can be asked, or apt fails.
pub(super) fn ensure(need: Need, yes: bool) -> Result<()> {
    let missing = missing(&packages(need));
    if missing.is_empty() {
        println!("    nothing is missing");
        return Ok(());
    }
    let names = missing.join(" ");
    println!("    missing packages: {names}");
    let root = is_root();
    if !root && !yes && !command::is_ci() {
        if command::is_unattended() {
            bail!(
                "not installed, as nobody can be asked; say --yes, or do it yourself with: \
                 sudo apt-get install {names}"
            );
        }
        if !asked()? {
            bail!("not installed; do it yourself with: sudo apt-get install {names}");
        }
    }
    if !root && answer("sudo", ["--version"]).is_none() {
        bail!("not root, and there is no sudo; as root do: apt-get install {names}");
    }
    // The lists of a fresh machine or container are empty or old.
    command::run(apt(root, &["update", "--quiet"]))?;
    let mut words = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    words.extend(&missing);
    command::run(apt(root, &words))
}

fn missing(wanted: &[&'static str]) -> Vec<&'static str> {
    wanted
        .iter()
        .copied()
        .filter(|name| {
            answer("dpkg-query", ["-W", "-f=${db:Status-Status}\n", name])
                .is_none_or(|text| !text.lines().any(|line| line == "installed"))
        })
        .collect()
}

fn asked() -> Result<bool> {
    print!("    install them with sudo apt-get? [Y/n] ");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(
        line.trim().to_lowercase().as_str(),
        "" | "y" | "yes"
    ))
}

fn apt(root: bool, words: &[&str]) -> Command {
    let mut command = if root {
        program("apt-get", words)
    } else if command::is_unattended() {
        program("sudo", ["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
    } else {
        program("sudo", ["DEBIAN_FRONTEND=noninteractive", "apt-get"])
    };
    if !root {
        command.args(words);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    answer("id", ["-u"]).is_some_and(|id| id == "0")
}
