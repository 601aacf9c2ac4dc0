//! Fedora and its kin: packages are looked up with rpm and named.

use super::{Missing, Need};
use crate::command::answer;

const SERVER: [&str; 2] = ["gcc", "glibc-devel"];

const BUILD: [&str; 5] = [
    "gtk3-devel",
    "make",
    "perl-core",
    "pkgconf-pkg-config",
    "webkit2gtk4.1-devel",
];

/// The driver is named by its path: the package that holds it differs between releases.
const TEST: [&str; 11] = [
    "/usr/bin/WebKitWebDriver",
    "/usr/bin/redis-server",
    "at-spi2-core",
    "dbus-daemon",
    "gnome-keyring",
    "google-noto-color-emoji-fonts",
    "google-noto-sans-cjk-fonts",
    "postgresql-server",
    "procps-ng",
    "xdg-utils",
    "xorg-x11-server-Xvfb",
];

#[cfg(target_os = "linux")]
const PACKAGES: [&str; 11] = [
    "ImageMagick",
    "appstream",
    "binutils",
    "dbus-daemon",
    "debootstrap",
    "desktop-file-utils",
    "dpkg",
    "gnome-keyring",
    "procps-ng",
    "xdotool",
    "xorg-x11-server-Xvfb",
];

/// Returns what is missing.
pub(super) fn missing(need: Need) -> Vec<Missing> {
    let wanted: Vec<&str> = match need {
        Need::Server => SERVER.to_vec(),
        Need::Build => [&SERVER[..], &BUILD].concat(),
        Need::Test => [&SERVER[..], &BUILD, &TEST].concat(),
        #[cfg(target_os = "linux")]
        Need::Packages => PACKAGES.to_vec(),
    };
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|name| answer("rpm", ["-q", "--whatprovides", name]).is_none())
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![Missing {
        what: format!("packages: {}", missing.join(" ")),
        remedy: format!("sudo dnf install {}", missing.join(" ")),
    }]
}
