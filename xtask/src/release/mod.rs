//! `cargo xtask release`: everything that a version is given out as.
//!
//! Two halves, since packages are made on each system and the rest once: `build` makes the packages of
//! the system it runs on; `close` takes those of all systems and adds what they share: checksums, the
//! lists of parts, the signatures and the manifest for updates, and the notes. Without either word, the
//! chore does both for this system.

mod changelog;
mod manifest;
mod notices;
mod packages;
mod papers;
mod sbom;
mod server;
mod signatures;
mod sums;
mod version;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;

#[cfg(target_os = "linux")]
pub(crate) use self::papers::needed_glibc;
use self::{manifest::Manifest, packages::What, version::VERSION};
use crate::{
    checkout,
    command::{answer, step},
    node,
    system::{self, Need},
};

/// What to give out, and how.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    half: Option<Half>,
    #[command(flatten)]
    build: Build,
}

#[derive(Subcommand)]
enum Half {
    /// Write the next version into Cargo.toml, Cargo.lock and CHANGELOG.md.
    Prepare(version::Next),
    /// Make the packages of this system.
    Build(Build),
    /// Join the packages of all systems and add what they share.
    Close(Close),
}

#[derive(clap::Args)]
struct Build {
    #[command(flatten)]
    tag: Tag,
    #[command(flatten)]
    what: What,
    /// The folder for the packages, which is emptied; `dist` in Cargo's target folder if not named.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Pack programs as they were built before.
    #[arg(long)]
    no_build: bool,
    /// Install missing system packages without asking.
    #[arg(long, short)]
    yes: bool,
}

#[derive(clap::Args)]
struct Close {
    #[command(flatten)]
    tag: Tag,
    /// Folders with the packages of the systems; what is in them is copied.
    folders: Vec<PathBuf>,
    /// The folder for all of it; `dist` in Cargo's target folder if not named.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Tag {
    /// The tag that the version is released from, such as v0.2.0; without it, this is a trial.
    #[arg(long)]
    tag: Option<String>,
}

/// Does what was asked for.
///
/// # Errors
/// When the tag is not this version's, the changelog says nothing about it, or a step fails.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.half {
        Some(Half::Prepare(next)) => version::prepare(next),
        Some(Half::Build(args)) => {
            args.tag.notes()?;
            build(args)
        }
        Some(Half::Close(args)) => close(args),
        None => {
            args.build.tag.notes()?;
            build(&args.build)?;
            close(&Close {
                tag: Tag {
                    tag: args.build.tag.tag.clone(),
                },
                folders: Vec::new(),
                out: args.build.out.clone(),
            })
        }
    }
}

impl Tag {
    /// Returns what is said about the version.
    fn notes(&self) -> Result<String> {
        let changelog = fs::read_to_string(checkout::root().join("CHANGELOG.md"))?;
        match &self.tag {
            Some(tag) => {
                version::agrees(tag, VERSION)?;
                Ok(changelog::of_release(&changelog, VERSION)?.text.to_owned())
            }
            None => {
                println!("\nno tag was named: this is a trial of {VERSION}, not a release");
                Ok(changelog::of_trial(&changelog, VERSION).to_owned())
            }
        }
    }
}

fn build(args: &Build) -> Result<()> {
    let out = folder(args.out.as_deref());
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    step("system libraries", || system::ensure(Need::Build, args.yes))?;
    step("packages of the page", node::ensure_packages)?;
    step("Tauri's command", packages::ensure_tauri)?;
    if !args.no_build {
        step("the page", node::ensure_bundle)?;
        step("the app", || packages::build(&args.what))?;
    }
    step("the app's packages", || packages::pack(&args.what, &out))?;
    step("the server", || {
        server::pack(&args.what, args.no_build, &out)
    })
}

fn close(args: &Close) -> Result<()> {
    let notes = args.tag.notes()?;
    let out = folder(args.out.as_deref());
    fs::create_dir_all(&out)?;
    let date = answer("git", ["log", "-1", "--format=%cI"]).filter(|date| !date.is_empty());
    let mut manifest = Manifest::new(VERSION, &notes, date);
    for from in &args.folders {
        copy(from, &out)?;
        if let Some(other) = Manifest::read(from)? {
            manifest.merge(other)?;
        }
    }
    step("Tauri's command", packages::ensure_tauri)?;
    if signatures::has_key() {
        step("signatures and updates", || {
            signatures::sign(&out, manifest)
        })?;
    } else {
        println!(
            "\nTAURI_SIGNING_PRIVATE_KEY is not set: nothing is signed and no {} is written, so that \
             no app will update to this",
            manifest::FILE
        );
    }
    step("what reads the parts", sbom::ensure_tool)?;
    step("lists of parts", || sbom::write(&out))?;
    step("checksums", || sums::write(&out))?;
    fs::write(papers::folder()?.join("notes.md"), notes + "\n")?;
    println!("\n{VERSION} is in {}", out.display());
    Ok(())
}

fn folder(named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| checkout::target().join("dist"), Path::to_path_buf)
}

/// Copies the files of a folder; none may be there already, and what is made anew is left out.
fn copy(from: &Path, out: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("there is no {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if !entry.file_type()?.is_file() || name == manifest::FILE || name == sums::FILE {
            continue;
        }
        let to = out.join(&name);
        ensure!(!to.exists(), "{} is there already", to.display());
        fs::copy(entry.path(), to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_joined_and_nothing_is_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let [one, two, out] = ["one", "two", "out"].map(|name| home.path().join(name));
        for folder in [&one, &two, &out] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(one.join("Magpie.deb"), "a").unwrap();
        fs::write(one.join(sums::FILE), "of one").unwrap();
        fs::write(two.join("Magpie.dmg"), "b").unwrap();
        copy(&one, &out).unwrap();
        copy(&two, &out).unwrap();
        assert!(out.join("Magpie.deb").exists() && out.join("Magpie.dmg").exists());
        assert!(!out.join(sums::FILE).exists());
        assert!(copy(&one, &out).is_err());
        assert!(copy(&home.path().join("three"), &out).is_err());
    }
}
