//! What the system must have before Magpie can be built or tested on it.
//!
//! On Debian and its kin what is missing is installed; elsewhere it is named, with the command
//! that installs it, and nothing is touched.

mod debian;
mod fedora;
mod macos;
mod windows;

use std::{env, fs};

use anyhow::{Result, bail};

/// What the system is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To build and run the server alone.
    Server,
    /// To build and run the app.
    Build,
    /// To run its tests too.
    Test,
    /// To check its packages, once they are made.
    #[cfg(target_os = "linux")]
    Packages,
}

/// Something that is missing, and how one gets it.
struct Missing {
    what: String,
    remedy: String,
}

/// Sees to it that the system has what is needed.
///
/// # Errors
/// When something is missing and was not installed; the text says what, and with which command
/// it is.
pub(crate) fn ensure(need: Need, yes: bool) -> Result<()> {
    let missing = match env::consts::OS {
        "linux" => match distribution() {
            Distribution::Debian => return debian::ensure(need, yes),
            Distribution::Fedora => fedora::missing(need),
            Distribution::Other(name) => {
                println!(
                    "    {name} is not a system this command knows. If the build stops, install \
                     what your system calls these Debian packages: {}",
                    debian::packages(need).join(" ")
                );
                return Ok(());
            }
        },
        "macos" => macos::missing(need),
        "windows" => windows::missing(need),
        other => bail!("Magpie runs on Linux, macOS and Windows, not on {other}"),
    };
    if missing.is_empty() {
        println!("    nothing is missing");
        return Ok(());
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|one| format!("  {}\n    {}", one.what, one.remedy))
        .collect();
    bail!(
        "this is missing; install it and run the command again:\n{}",
        lines.join("\n")
    );
}

#[derive(Debug, PartialEq, Eq)]
enum Distribution {
    Debian,
    Fedora,
    Other(String),
}

fn distribution() -> Distribution {
    recognise(&fs::read_to_string("/etc/os-release").unwrap_or_default())
}

fn recognise(os_release: &str) -> Distribution {
    let value = |key: &str| {
        os_release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    let kin = [value("ID"), value("ID_LIKE")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    for word in kin.split_whitespace() {
        match word {
            "debian" | "ubuntu" => return Distribution::Debian,
            "fedora" | "rhel" => return Distribution::Fedora,
            _ => {}
        }
    }
    Distribution::Other(value("PRETTY_NAME").unwrap_or_else(|| "this Linux".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_known_by_themselves_or_their_kin() {
        for (text, system) in [
            (
                "PRETTY_NAME=\"Debian 12\"\nID=debian\n",
                Distribution::Debian,
            ),
            (
                "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                Distribution::Debian,
            ),
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
                Distribution::Fedora,
            ),
            (
                "ID=arch\nPRETTY_NAME=\"Arch Linux\"\n",
                Distribution::Other("Arch Linux".to_owned()),
            ),
            ("", Distribution::Other("this Linux".to_owned())),
        ] {
            assert_eq!(recognise(text), system, "{text}");
        }
    }
}
