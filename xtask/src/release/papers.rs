//! What goes into the packages beside the program and is made for each version: changelog, release
//! dates for software centres, the licences of others, and the glibc that the program needs.
//!
//! Tauri gets them through a second configuration, laid over `tauri.conf.json`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::{changelog, notices};
use crate::{
    checkout,
    command::{answer, program},
};

/// The software centres' description, without any version.
const METAINFO: &str = "packaging/linux/chat.magpie.desktop.metainfo.xml";

/// Makes them all for a program that is built, and returns the path of the configuration.
///
/// # Errors
/// When something cannot be read or written.
pub(super) fn make(binary: &Path) -> Result<PathBuf> {
    let folder = folder()?;
    let changelog = checkout::root().join("CHANGELOG.md");
    let metainfo = fs::read_to_string(checkout::root().join(METAINFO))?;
    let dated = with_releases(&metainfo, &fs::read_to_string(&changelog)?)?;
    fs::write(folder.join("metainfo.xml"), dated)?;
    fs::write(folder.join("licences.txt"), notices::text()?)?;
    let config = match env::consts::OS {
        "linux" => {
            compress(&changelog, &folder.join("changelog.gz"))?;
            compress(&folder.join("licences.txt"), &folder.join("licences.gz"))?;
            let needed = needed_glibc(binary)?;
            println!("    the program needs glibc {needed} or later");
            let ours = fs::read_to_string(checkout::root().join("tauri.conf.json"))?;
            linux(&serde_json::from_str(&ours)?, &folder, &needed)?
        }
        _ => json!({
            "bundle": { "resources": { text(&folder.join("licences.txt")): "licences.txt" } }
        }),
    };
    let path = folder.join("bundle.json");
    fs::write(&path, serde_json::to_string_pretty(&config)?)?;
    Ok(path)
}

/// Returns the folder that they are written into.
///
/// # Errors
/// When it cannot be made.
pub(super) fn folder() -> Result<PathBuf> {
    let folder = checkout::target().join("packaging");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn linux(ours: &Value, folder: &Path, glibc: &str) -> Result<Value> {
    let depends = |kind: &str, more: String| -> Result<Vec<String>> {
        let list = ours.pointer(&format!("/bundle/linux/{kind}/depends"));
        let list = list.context("tauri.conf.json does not say what the packages depend on")?;
        let mut list: Vec<String> = serde_json::from_value(list.clone())?;
        list.retain(|name| name != "libc6");
        list.push(more);
        Ok(list)
    };
    let file = |name: &str| text(&folder.join(name));
    // What is laid over an object is added to it; what is laid over a list replaces it.
    Ok(json!({ "bundle": { "linux": {
        "deb": {
            "depends": depends("deb", format!("libc6 (>= {glibc})"))?,
            "files": {
                "/usr/share/doc/magpie/changelog.gz": file("changelog.gz"),
                "/usr/share/doc/magpie/licences.gz": file("licences.gz"),
                "/usr/share/metainfo/chat.magpie.desktop.metainfo.xml": file("metainfo.xml"),
            },
        },
        "rpm": {
            "depends": depends("rpm", format!("libc.so.6(GLIBC_{glibc})(64bit)"))?,
            "files": {
                "/usr/share/licenses/magpie/licences.gz": file("licences.gz"),
                "/usr/share/metainfo/chat.magpie.desktop.metainfo.xml": file("metainfo.xml"),
            },
        },
        "appimage": {
            "files": {
                "/usr/share/doc/magpie/licences.gz": file("licences.gz"),
                "/usr/share/metainfo/chat.magpie.desktop.metainfo.xml": file("metainfo.xml"),
            },
        },
    } } }))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Returns the description with the dates of all releases.
fn with_releases(metainfo: &str, changelog: &str) -> Result<String> {
    let mut releases = String::new();
    for section in changelog::sections(changelog) {
        if let Some(date) = section.date {
            let version = section.name;
            releases.push_str(&format!(
                "    <release version=\"{version}\" date=\"{date}\"/>\n"
            ));
        }
    }
    if releases.is_empty() {
        return Ok(metainfo.to_owned());
    }
    let (description, end) = metainfo
        .rsplit_once("</component>")
        .context("the description for software centres has no end")?;
    Ok(format!(
        "{description}  <releases>\n{releases}  </releases>\n</component>{end}"
    ))
}

/// Writes a file compressed, and the same bytes for the same content.
fn compress(from: &Path, to: &Path) -> Result<()> {
    let out = fs::File::create(to)?;
    let status = program("gzip", ["--best", "--no-name", "--stdout"])
        .stdin(fs::File::open(from)?)
        .stdout(Stdio::from(out))
        .status()
        .context("cannot start gzip")?;
    ensure!(status.success(), "gzip failed ({status})");
    Ok(())
}

/// Returns the oldest glibc that a program runs with.
///
/// # Errors
/// When its symbols cannot be read.
pub(crate) fn needed_glibc(binary: &Path) -> Result<String> {
    let symbols = answer("objdump", ["--dynamic-syms", &text(binary)]);
    let symbols = symbols.with_context(|| {
        let binary = binary.display();
        format!("cannot read the symbols of {binary}; objdump is in the package binutils")
    })?;
    match newest_glibc(&symbols) {
        Some((major, minor)) => Ok(format!("{major}.{minor}")),
        None => bail!("{} uses no glibc", binary.display()),
    }
}

/// Returns the newest version of glibc that a list of symbols names.
fn newest_glibc(symbols: &str) -> Option<(u32, u32)> {
    symbols
        .split("GLIBC_")
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|sign: char| !(sign.is_ascii_digit() || sign == '.'));
            let mut numbers = rest.get(..end.unwrap_or(rest.len()))?.split('.');
            Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_centres_learn_of_every_release() {
        let ours = fs::read_to_string(checkout::root().join(METAINFO)).unwrap();
        let changelog = "## [Unreleased]\n\n- Soon.\n\n## [0.2.0] - 2026-12-01\n\n- A tray.\n\n\
                         ## [0.1.0] - 2026-11-01\n\n- All.\n";
        let dated = with_releases(&ours, changelog).unwrap();
        assert!(
            dated.ends_with(
                "  <releases>\n    <release version=\"0.2.0\" date=\"2026-12-01\"/>\n    \
                 <release version=\"0.1.0\" date=\"2026-11-01\"/>\n  </releases>\n</component>\n"
            ),
            "{dated}"
        );
        assert_eq!(with_releases(&ours, "## [Unreleased]\n").unwrap(), ours);
        assert!(with_releases("<component>", changelog).is_err());
    }

    #[test]
    fn the_newest_glibc_is_found_by_number() {
        let symbols = "0 DF *UND* 0 (GLIBC_2.9) a\n0 DF *UND* 0 (GLIBC_2.34) b\n\
                       0 DF *UND* 0 (GLIBC_2.2.5) c\n0 DF *UND* 0 (GLIBC_PRIVATE) d\n";
        assert_eq!(newest_glibc(symbols), Some((2, 34)));
        assert_eq!(newest_glibc("no symbols"), None);
    }

    #[test]
    fn what_is_laid_over_keeps_what_the_packages_depend_on() {
        let ours = fs::read_to_string(checkout::root().join("tauri.conf.json")).unwrap();
        let ours: Value = serde_json::from_str(&ours).unwrap();
        let over = linux(&ours, Path::new("/papers"), "2.35").unwrap();
        let deb = over
            .pointer("/bundle/linux/deb/depends")
            .unwrap()
            .to_string();
        assert!(deb.contains("gstreamer1.0-plugins-good") && deb.contains("libc6 (>= 2.35)"));
        assert!(!deb.contains("\"libc6\""));
        let rpm = over
            .pointer("/bundle/linux/rpm/depends")
            .unwrap()
            .to_string();
        assert!(rpm.contains("libc.so.6(GLIBC_2.35)(64bit)"));
        assert!(linux(&json!({}), Path::new("/papers"), "2.35").is_err());
    }
}
