//! The version. It stands once, in the workspace's Cargo.toml; everything else asks Cargo.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::changelog;
use crate::{
    checkout,
    command::{self, cargo},
};

/// The version of everything in this checkout.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Sees to it that a tag names the version that is here.
///
/// # Errors
/// When it names another.
pub(super) fn agrees(tag: &str, version: &str) -> Result<()> {
    ensure!(
        tag.strip_prefix('v') == Some(version),
        "the tag {tag} does not name version {version}, which stands in Cargo.toml; the tag would \
         be v{version}"
    );
    Ok(())
}

/// The version that comes next.
#[derive(clap::Args)]
pub(crate) struct Next {
    /// The version, such as 0.2.0.
    version: String,
    /// The day of the release, such as 2026-12-01.
    date: String,
}

/// Writes the next version into Cargo.toml, Cargo.lock and CHANGELOG.md.
///
/// # Errors
/// When it is no version, is not above the one that is here, or the files are not as expected.
pub(super) fn prepare(next: &Next) -> Result<()> {
    let wanted = numbers(&next.version)
        .with_context(|| format!("{} is no version such as 0.2.0", next.version))?;
    // The first release may have the number that has been there all the time.
    ensure!(
        numbers(VERSION).is_some_and(|here| wanted >= here),
        "{} is below {VERSION}, which is here",
        next.version
    );
    let manifest = checkout::root().join("Cargo.toml");
    let changelog = checkout::root().join("CHANGELOG.md");
    let new_manifest = with_version(&fs::read_to_string(&manifest)?, &next.version)?;
    let new_changelog =
        changelog::released(&fs::read_to_string(&changelog)?, &next.version, &next.date)?;
    fs::write(manifest, new_manifest)?;
    fs::write(changelog, new_changelog)?;
    command::run(cargo(["update", "--workspace", "--offline"]))?;
    println!(
        "    look at the changes, commit them, and tag the commit v{}",
        next.version
    );
    Ok(())
}

fn numbers(version: &str) -> Option<[u32; 3]> {
    let parts: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

fn with_version(manifest: &str, version: &str) -> Result<String> {
    let table = "[workspace.package]\nversion = \"";
    let (before, after) = manifest
        .split_once(table)
        .context("Cargo.toml does not begin [workspace.package] with the version")?;
    let (_, after) = after
        .split_once('"')
        .context("the version in Cargo.toml does not end")?;
    Ok(format!("{before}{table}{version}\"{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tag_of_this_version_is_taken() {
        assert!(agrees("v0.2.0", "0.2.0").is_ok());
        for bad in ["0.2.0", "v0.2.1", "v0.2.0-beta", "vv0.2.0", ""] {
            assert!(agrees(bad, "0.2.0").is_err(), "{bad}");
        }
    }

    #[test]
    fn the_version_is_written_in_its_one_place() {
        let ours = fs::read_to_string(checkout::root().join("Cargo.toml")).unwrap();
        let next = with_version(&ours, "1000.2.3").unwrap();
        assert_eq!(next.matches("1000.2.3").count(), 1);
        assert_eq!(with_version(&next, VERSION).unwrap(), ours);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("0.10.0") > numbers("0.9.12"));
        for bad in ["1.0", "1.0.0.0", "1.0.x", "v1.0.0", ""] {
            assert_eq!(numbers(bad), None, "{bad}");
        }
    }
}
