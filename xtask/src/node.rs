//! The page: Node, its packages, and the bundle that goes into the app.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result, bail};

use crate::{
    checkout,
    command::{self, answer, program},
};

/// Sees to it that the page's packages are installed as the lock file says.
///
/// # Errors
/// When Node is missing or too old, or npm fails.
pub(crate) fn ensure_packages() -> Result<()> {
    ensure_packages_in(&checkout::ui())
}

/// Sees to it that the packages of a folder are installed as its lock file says.
///
/// # Errors
/// When Node is missing or too old, or npm fails.
pub(crate) fn ensure_packages_in(folder: &Path) -> Result<()> {
    check_node()?;
    // npm writes its own list into the folder when it has finished.
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    let wanted = modified(&folder.join("package-lock.json"))
        .with_context(|| format!("there is no package-lock.json in {}", folder.display()))?;
    if installed.is_some_and(|installed| installed >= wanted) {
        println!("    packages are up to date");
        return Ok(());
    }
    let mut npm = npm(&["ci", "--no-fund", "--no-audit"]);
    npm.current_dir(folder);
    command::run(npm)
}

/// Sees to it that `ui/dist` is built from the sources as they are.
///
/// # Errors
/// When the sources cannot be read or the build fails.
pub(crate) fn ensure_bundle() -> Result<()> {
    let ui = checkout::ui();
    let built = modified(&ui.join("dist/index.html"));
    let changed = newest(&ui).context("cannot read the page's sources")?;
    if built.is_some_and(|built| built >= changed) {
        println!("    nothing has changed since it was built");
        return Ok(());
    }
    npm_run("build")
}

/// Runs one of the page's own scripts.
///
/// # Errors
/// When it fails.
pub(crate) fn npm_run(script: &str) -> Result<()> {
    command::run(npm(&["run", script]))
}

/// Returns what npm prints about the page.
///
/// # Errors
/// When it fails.
pub(crate) fn npm_output(words: &[&str]) -> Result<String> {
    command::output(npm(words))
}

fn npm(words: &[&str]) -> Command {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = program(name, words);
    command.current_dir(checkout::ui());
    command
}

fn check_node() -> Result<()> {
    let remedy = "install Node 22.12 or later (https://nodejs.org) and run the command again";
    let Some(version) = answer("node", ["--version"]) else {
        bail!("Node is missing; {remedy}");
    };
    if !is_new_enough(&version) {
        bail!(
            "Node {version} will not do, only 20.19 or later of 20, and 22.12 or later; {remedy}"
        );
    }
    println!("    Node {version}");
    Ok(())
}

/// Vite wants 20.19 or later of 20, and 22.12 or later of all that came after.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(20), Some(minor)) => minor >= 19,
        (Some(22), Some(minor)) => minor >= 12,
        (Some(major), Some(_)) => major > 22,
        _ => false,
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Returns when anything the bundle is made of was last changed. Folders count, since a file
/// that was removed leaves its trace only there.
fn newest(ui: &Path) -> io::Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    let mut open: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(ui)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_source = ["src", "build", "public"].iter().any(|one| name == *one);
        if entry.file_type()?.is_file() || is_source {
            open.push(entry.path());
        }
    }
    while let Some(path) = open.pop() {
        let metadata = fs::metadata(&path)?;
        newest = newest.max(metadata.modified()?);
        if metadata.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_the_bundle_is_made_of_is_looked_at() {
        let ui = tempfile::tempdir().unwrap();
        let future = SystemTime::now() + Duration::from_secs(3600);
        for (path, is_source) in [
            ("package.json", true),
            ("src/views/Chat.vue", true),
            ("build/licences.ts", true),
            ("public/icon.svg", true),
            ("dist/index.html", false),
            ("node_modules/vue/index.js", false),
        ] {
            let file = ui.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::File::create(&file)
                .unwrap()
                .set_modified(future)
                .unwrap();
            let seen = newest(ui.path()).unwrap() > SystemTime::now() + Duration::from_secs(60);
            assert_eq!(seen, is_source, "{path}");
            fs::remove_file(file).unwrap();
        }
    }

    #[test]
    fn node_versions_are_compared_as_numbers() {
        for (version, good) in [
            ("v20.19.0", true),
            ("v20.9.0", false),
            ("v21.7.3", false),
            ("v22.11.0", false),
            ("v22.12.0", true),
            ("v24.1.0", true),
            ("v8.0.0", false),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), good, "{version}");
        }
    }
}
