//! The app's packages, made by Tauri's own command.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::{papers, version::VERSION};
use crate::{
    checkout,
    command::{self, answer, program},
    node,
};

/// macOS for both of its machines in one program.
const UNIVERSAL: &str = "universal-apple-darwin";

/// What is built, and for what.
#[derive(clap::Args)]
pub(super) struct What {
    /// The kinds of packages, such as deb,rpm,appimage; without it the usual ones of this system.
    #[arg(long, value_delimiter = ',')]
    bundles: Vec<String>,
    /// Build for another target than this machine.
    #[arg(long)]
    target: Option<String>,
    /// More configuration for Tauri, such as a certificate's, as JSON or as a file of it.
    #[arg(long)]
    config: Vec<OsString>,
}

impl What {
    /// Returns the folder of the target's release builds.
    pub(super) fn built(&self) -> PathBuf {
        let target = checkout::target();
        match &self.target {
            Some(triple) => target.join(triple).join("release"),
            None => target.join("release"),
        }
    }

    /// Returns the targets that the compiler has to be called for.
    pub(super) fn triples(&self) -> Vec<Option<&str>> {
        match self.target.as_deref() {
            Some(UNIVERSAL) => vec![Some("aarch64-apple-darwin"), Some("x86_64-apple-darwin")],
            one => vec![one],
        }
    }

    /// Returns what the system and the machine are called in the names of files.
    pub(super) fn system(&self) -> (&'static str, String) {
        let machine = match self.target.as_deref() {
            None => env::consts::ARCH.to_owned(),
            Some(triple) => triple.split('-').next().unwrap_or(triple).to_owned(),
        };
        (env::consts::OS, machine)
    }

    fn bundles(&self) -> Vec<String> {
        if !self.bundles.is_empty() {
            return self.bundles.clone();
        }
        let usual: &[&str] = match env::consts::OS {
            "macos" => &["app", "dmg"],
            "windows" => &["msi", "nsis"],
            _ => &["deb", "rpm"],
        };
        usual.iter().map(|&kind| kind.to_owned()).collect()
    }
}

/// Sees to it that Tauri's command is there, as the lock file has it.
///
/// # Errors
/// When it cannot be installed.
pub(super) fn ensure_tauri() -> Result<()> {
    node::ensure_packages_in(&folder())
}

/// Builds the app.
///
/// # Errors
/// When the build fails.
pub(super) fn build(what: &What) -> Result<()> {
    let mut tauri = tauri(["build", "--no-bundle", "--ci"])?;
    if let Some(triple) = &what.target {
        tauri.args(["--target", triple]);
    }
    tauri.args(["--", "--locked"]);
    command::run(tauri)
}

/// Packs the app, which is built, and puts the packages into a folder.
///
/// # Errors
/// When packing fails, or makes nothing.
pub(super) fn pack(what: &What, out: &Path) -> Result<()> {
    let built = what.built();
    let binary = built.join(format!("magpie{}", env::consts::EXE_SUFFIX));
    ensure!(binary.is_file(), "there is no {}", binary.display());
    let papers = papers::make(&binary)?;
    let mut tauri = tauri(["bundle", "--ci", "--bundles"])?;
    tauri
        .arg(what.bundles().join(","))
        .arg("--config")
        .arg(papers);
    for config in &what.config {
        tauri.arg("--config").arg(config);
    }
    if let Some(triple) = &what.target {
        tauri.args(["--target", triple]);
    }
    command::run(tauri)?;
    for kind in what.bundles() {
        collect(&kind, &built.join("bundle"), what, out)?;
    }
    Ok(())
}

/// Takes what was made of one kind.
fn collect(kind: &str, bundles: &Path, what: &What, out: &Path) -> Result<()> {
    if kind == "app" {
        return archive_app(bundles, what, out);
    }
    let folder = bundles.join(kind);
    let made =
        fs::read_dir(&folder).with_context(|| format!("there is no {}", folder.display()))?;
    let mut found = false;
    for entry in made {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What other versions left is left alone.
        if entry.file_type()?.is_file() && is_package(&name, kind) && name.contains(VERSION) {
            put(kind, &entry.path(), &out.join(&name))?;
            println!("    {name}");
            found = true;
        }
    }
    ensure!(found, "there is no package in {}", folder.display());
    Ok(())
}

/// Copies a package. Tauri compresses the .deb like a web page; Debian's own tool makes it a third
/// smaller, where it is there.
fn put(kind: &str, from: &Path, to: &Path) -> Result<()> {
    if kind != "deb" || answer("dpkg-deb", ["--version"]).is_none() {
        fs::copy(from, to)?;
        return Ok(());
    }
    let folder = from.with_extension("files");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut unpack = program("dpkg-deb", ["--raw-extract"]);
    unpack.arg(from).arg(&folder);
    command::run(unpack)?;
    let mut pack = program("dpkg-deb", ["--root-owner-group", "-Zxz", "--build"]);
    pack.arg(&folder).arg(to);
    command::run(pack)?;
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn is_package(name: &str, kind: &str) -> bool {
    let ending = match kind {
        "appimage" => ".AppImage",
        "nsis" => "-setup.exe",
        kind => {
            return name
                .strip_suffix(kind)
                .is_some_and(|rest| rest.ends_with('.'));
        }
    };
    name.ends_with(ending)
}

/// The updater takes an app of macOS as an archive. Its name has the version, which is signed with it.
fn archive_app(bundles: &Path, what: &What, out: &Path) -> Result<()> {
    let (_, machine) = what.system();
    let name = format!("Magpie_{VERSION}_{machine}.app.tar.gz");
    let mut tar = program("tar", ["-czf"]);
    tar.arg(out.join(&name))
        .arg("-C")
        .arg(bundles.join("macos"))
        .arg("Magpie.app")
        // Otherwise macOS adds a file for each file's attributes.
        .env("COPYFILE_DISABLE", "1");
    command::run(tar)?;
    println!("    {name}");
    Ok(())
}

/// Returns a call of Tauri's command.
///
/// # Errors
/// When it is not installed.
pub(super) fn tauri<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Command> {
    let script = folder().join("node_modules/@tauri-apps/cli/tauri.js");
    ensure!(script.is_file(), "there is no {}", script.display());
    let mut command = program("node", [script]);
    command.args(words);
    Ok(command)
}

fn folder() -> PathBuf {
    checkout::root().join("packaging")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_of_the_kind_are_taken() {
        for (name, kind, is) in [
            ("Magpie_0.2.0_amd64.deb", "deb", true),
            ("Magpie_0.2.0_amd64.deb.sig", "deb", false),
            ("Magpie_0.2.0_amd64", "deb", false),
            ("Magpie_0.2.0_amd64.AppImage", "appimage", true),
            ("Magpie_0.2.0_x64-setup.exe", "nsis", true),
            ("nsis", "nsis", false),
        ] {
            assert_eq!(is_package(name, kind), is, "{name}");
        }
    }

    #[test]
    fn both_machines_of_macos_are_built_for() {
        let of = |target: Option<&str>| What {
            bundles: Vec::new(),
            target: target.map(str::to_owned),
            config: Vec::new(),
        };
        assert_eq!(of(Some(UNIVERSAL)).triples().len(), 2);
        assert_eq!(of(Some(UNIVERSAL)).system().1, "universal");
        assert_eq!(of(None).triples(), [None]);
        let arm = of(Some("aarch64-unknown-linux-gnu"));
        assert_eq!(arm.system().1, "aarch64");
        assert!(arm.built().ends_with("aarch64-unknown-linux-gnu/release"));
    }
}
