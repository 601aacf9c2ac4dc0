//! `latest.json`: which file updates which system, in the form that Tauri's updater reads.
//!
//! Addresses are bare file names: who serves the folder knows where it is. A system is named as the
//! updater asks for it, `linux-x86_64-deb` before `linux-x86_64`.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

/// The manifest's name.
pub(super) const FILE: &str = "latest.json";
/// What is added to a file's name for its signature.
pub(super) const SIGNATURE: &str = "sig";

/// What can be updated to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: String,
    notes: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub_date: Option<String>,
    platforms: BTreeMap<String, Update>,
}

/// One system's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Update {
    url: String,
    signature: String,
}

impl Manifest {
    /// Returns the manifest of a version without any system.
    pub(super) fn new(version: &str, notes: &str, date: Option<String>) -> Self {
        Self {
            version: version.to_owned(),
            notes: notes.to_owned(),
            pub_date: date,
            platforms: BTreeMap::new(),
        }
    }

    /// Adds the signed packages of a folder.
    ///
    /// # Errors
    /// When the folder cannot be read, or two files update the same system.
    pub(super) fn add_folder(&mut self, folder: &Path) -> Result<()> {
        for name in files(folder)? {
            let systems = systems(&name, &self.version);
            if systems.is_empty() {
                continue;
            }
            let signature = folder.join(format!("{name}.{SIGNATURE}"));
            let signature =
                fs::read_to_string(&signature).with_context(|| format!("{name} is not signed"))?;
            for system in systems {
                let update = Update {
                    url: name.clone(),
                    signature: signature.trim().to_owned(),
                };
                self.add(system, update)?;
            }
        }
        Ok(())
    }

    /// Takes over the systems of another manifest of the same version.
    ///
    /// # Errors
    /// When it is of another version, or says something else about a system.
    pub(super) fn merge(&mut self, other: Self) -> Result<()> {
        ensure!(
            self.version == other.version,
            "one manifest is of {}, another of {}",
            self.version,
            other.version
        );
        for (system, update) in other.platforms {
            self.add(system, update)?;
        }
        Ok(())
    }

    fn add(&mut self, system: String, update: Update) -> Result<()> {
        match self.platforms.get(&system) {
            Some(there) if *there != update => {
                bail!("both {} and {} update {system}", there.url, update.url)
            }
            _ => {
                self.platforms.insert(system, update);
                Ok(())
            }
        }
    }

    /// Reads the manifest of a folder, where it has one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path)?;
        let read = serde_json::from_str(&text);
        read.map(Some)
            .with_context(|| format!("{} is no manifest", path.display()))
    }

    /// Writes it into a folder.
    ///
    /// # Errors
    /// When it updates nothing, or the file cannot be written.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        ensure!(
            !self.platforms.is_empty(),
            "nothing in {} updates anything",
            folder.display()
        );
        let text = serde_json::to_string_pretty(self)?;
        fs::write(folder.join(FILE), text + "\n")?;
        Ok(())
    }

    /// Returns the systems that it updates.
    pub(super) fn systems(&self) -> Vec<&str> {
        self.platforms.keys().map(String::as_str).collect()
    }
}

/// Returns the packages of a folder that are a system's update and so have to be signed.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn to_be_signed(folder: &Path, version: &str) -> Result<Vec<String>> {
    let mut names = files(folder)?;
    names.retain(|name| !systems(name, version).is_empty());
    Ok(names)
}

fn files(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// Returns the systems that a package updates: those of its kind and, where it is what people get who
/// installed nothing through a package manager, all of its operating system.
fn systems(name: &str, version: &str) -> Vec<String> {
    let Some(rest) = name.strip_prefix("Magpie").and_then(|rest| rest.get(1..)) else {
        return Vec::new();
    };
    let Some(rest) = rest.strip_prefix(version) else {
        return Vec::new();
    };
    // What the bundler puts between the version and the kind: `_amd64`, `-1.x86_64`, `_x64_en-US`.
    let kinds = [
        (".deb", "linux", "deb", false),
        (".rpm", "linux", "rpm", false),
        (".AppImage", "linux", "appimage", true),
        ("-setup.exe", "windows", "nsis", true),
        // The other languages of the same package.
        ("_en-US.msi", "windows", "msi", false),
        (".app.tar.gz", "darwin", "app", true),
    ];
    for (ending, system, kind, alone) in kinds {
        let Some(machine) = rest.strip_suffix(ending) else {
            continue;
        };
        let machine = machine.trim_start_matches("-1.").trim_start_matches('_');
        let mut found = Vec::new();
        for machine in machines(machine) {
            found.push(format!("{system}-{machine}-{kind}"));
            if alone {
                found.push(format!("{system}-{machine}"));
            }
        }
        return found;
    }
    Vec::new()
}

/// Returns the updater's names for a machine, of which every packager has another.
fn machines(name: &str) -> &'static [&'static str] {
    match name {
        "amd64" | "x64" | "x86_64" => &["x86_64"],
        "arm64" | "aarch64" => &["aarch64"],
        "universal" => &["aarch64", "x86_64"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_update_the_systems_they_are_for() {
        for (name, expected) in [
            ("Magpie_0.2.0_amd64.deb", "linux-x86_64-deb"),
            ("Magpie-0.2.0-1.x86_64.rpm", "linux-x86_64-rpm"),
            ("Magpie-0.2.0-1.aarch64.rpm", "linux-aarch64-rpm"),
            (
                "Magpie_0.2.0_amd64.AppImage",
                "linux-x86_64-appimage linux-x86_64",
            ),
            (
                "Magpie_0.2.0_x64-setup.exe",
                "windows-x86_64-nsis windows-x86_64",
            ),
            ("Magpie_0.2.0_x64_en-US.msi", "windows-x86_64-msi"),
            ("Magpie_0.2.0_x64_zh-CN.msi", ""),
            (
                "Magpie_0.2.0_universal.app.tar.gz",
                "darwin-aarch64-app darwin-aarch64 darwin-x86_64-app darwin-x86_64",
            ),
            ("Magpie_0.2.0_universal.dmg", ""),
            ("Magpie_0.1.0_amd64.deb", ""),
            ("Magpie_0.2.0_amd64.deb.sig", ""),
            ("Magpie_0.2.0_m68k.deb", ""),
            ("magpie-server_0.2.0_linux_x86_64.tar.gz", ""),
            ("Magpie", ""),
        ] {
            assert_eq!(systems(name, "0.2.0").join(" "), expected, "{name}");
        }
    }

    #[test]
    fn a_folder_becomes_a_manifest_of_what_is_signed() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("Magpie_0.2.0_amd64.deb", "a package");
        put("magpie-server_0.2.0_linux_x86_64.tar.gz", "a server");
        let mut manifest = Manifest::new("0.2.0", "- A tray.", Some("2026-12-01T00:00:00Z".into()));
        let error = manifest.add_folder(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "Magpie_0.2.0_amd64.deb is not signed");

        put("Magpie_0.2.0_amd64.deb.sig", "c2lnbmVk\n");
        assert_eq!(
            to_be_signed(folder.path(), "0.2.0").unwrap(),
            ["Magpie_0.2.0_amd64.deb"]
        );
        manifest.add_folder(folder.path()).unwrap();
        manifest.write(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "version": "0.2.0",
            "notes": "- A tray.",
            "pub_date": "2026-12-01T00:00:00Z",
            "platforms": {
                "linux-x86_64-deb": { "url": "Magpie_0.2.0_amd64.deb", "signature": "c2lnbmVk" }
            }
        });
        assert_eq!(read, expected);
        assert_eq!(Manifest::read(folder.path()).unwrap(), Some(manifest));
    }

    #[test]
    fn manifests_of_several_systems_become_one() {
        let of = |version: &str, system: &str, url: &str| {
            let mut manifest = Manifest::new(version, "", None);
            let update = Update {
                url: url.to_owned(),
                signature: "c2lnbmVk".to_owned(),
            };
            manifest.add(system.to_owned(), update).unwrap();
            manifest
        };
        let mut all = of("0.2.0", "linux-x86_64", "a");
        all.merge(of("0.2.0", "windows-x86_64", "b")).unwrap();
        all.merge(of("0.2.0", "windows-x86_64", "b")).unwrap();
        assert_eq!(all.systems(), ["linux-x86_64", "windows-x86_64"]);
        assert!(all.merge(of("0.2.0", "windows-x86_64", "c")).is_err());
        assert!(all.merge(of("0.3.0", "darwin-x86_64", "d")).is_err());
        let nothing = Manifest::new("0.2.0", "", None);
        assert!(nothing.write(Path::new("/")).is_err());
    }
}
