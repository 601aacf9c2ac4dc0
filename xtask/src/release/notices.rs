//! The licences of others: what the app is made of, with the texts that come with it.
//!
//! Most licences ask that their text goes along with the program. Every text stands once, below the
//! names of all whose it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{
    checkout,
    command::{cargo, output},
};

/// No text of a licence is longer; what is, is something else.
const LONGEST: u64 = 200_000;

/// Something that the app is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    licence: String,
    folder: PathBuf,
}

/// Returns all texts for the app: those of its crates, and of the page's packages, which must be
/// installed.
///
/// # Errors
/// When Cargo fails, or what the page is made of cannot be read.
pub(super) fn text() -> Result<String> {
    let mut parts = crates("magpie")?;
    parts.extend(packages_of_page(&checkout::ui())?);
    Ok(joined(&parts))
}

/// Returns the crates that a program is made of, on any system, without our own.
fn crates(program: &str) -> Result<Vec<Part>> {
    let tree = output(cargo([
        "tree",
        "--locked",
        "--package",
        program,
        "--edges",
        "normal",
        "--target",
        "all",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let wanted: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?.trim_start_matches('v')))
        })
        .collect();
    let metadata = output(cargo(["metadata", "--locked", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let mut parts = Vec::new();
    for package in packages.context("Cargo names no packages")? {
        let text = |key| package.get(key).and_then(Value::as_str).unwrap_or_default();
        // Our own come from no registry.
        let others = package.get("source").is_some_and(Value::is_string);
        if !others || !wanted.contains(&(text("name"), text("version"))) {
            continue;
        }
        let manifest = Path::new(text("manifest_path"));
        parts.push(Part {
            name: format!("{} {}", text("name"), text("version")),
            licence: text("license").to_owned(),
            folder: manifest.parent().unwrap_or(manifest).to_owned(),
        });
    }
    Ok(parts)
}

/// Returns the packages that end up in the page's bundle.
fn packages_of_page(ui: &Path) -> Result<Vec<Part>> {
    let lock: Value = serde_json::from_str(&fs::read_to_string(ui.join("package-lock.json"))?)?;
    let packages = lock.get("packages").and_then(Value::as_object);
    let mut parts = Vec::new();
    for (path, package) in packages.context("the page's lock file names no packages")? {
        let is = |key| package.get(key).and_then(Value::as_bool).unwrap_or(false);
        let text = |key| package.get(key).and_then(Value::as_str).unwrap_or_default();
        if path.is_empty() || is("dev") || is("optional") {
            continue;
        }
        let name = path.rsplit("node_modules/").next().unwrap_or(path);
        parts.push(Part {
            name: format!("{name} {}", text("version")),
            licence: text("license").to_owned(),
            folder: ui.join(path),
        });
    }
    Ok(parts)
}

fn joined(parts: &[Part]) -> String {
    let mut owners: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut silent = BTreeSet::new();
    for part in parts {
        let texts = texts(&part.folder);
        if texts.is_empty() {
            silent.insert(format!("{} ({})", part.name, part.licence));
        }
        for text in texts {
            owners.entry(text).or_default().insert(&part.name);
        }
    }
    let mut sections: Vec<(Vec<&str>, String)> = owners
        .into_iter()
        .map(|(text, names)| (names.into_iter().collect(), text))
        .collect();
    sections.sort_unstable();
    let mut all = String::from(
        "Magpie is made with the work of others. These are their licences, each below the names of \
         those whose it is.\n",
    );
    let line = "-".repeat(80);
    for (names, text) in sections {
        all.push_str(&format!(
            "\n{line}\n{}\n{line}\n\n{text}\n",
            names.join("\n")
        ));
    }
    if !silent.is_empty() {
        let names: Vec<String> = silent.into_iter().collect();
        let names = names.join("\n");
        all.push_str(&format!(
            "\n{line}\nThese name their licence only:\n\n{names}\n"
        ));
    }
    all
}

/// Returns the texts of the licences that lie in a package's folder, tidied so that equal ones are
/// found to be equal.
fn texts(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| is_licence(&entry.file_name().to_string_lossy()))
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|data| data.is_file() && data.len() <= LONGEST)
        })
        .map(|entry| entry.path())
        .collect();
    paths.sort_unstable();
    paths
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .map(|text| {
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            lines.join("\n").trim_matches('\n').to_owned()
        })
        .filter(|text| !text.is_empty())
        .collect()
}

fn is_licence(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let code = [".rs", ".js", ".ts", ".json", ".toml", ".html"];
    ["licen", "copying", "copyright", "notice", "unlicense"]
        .iter()
        .any(|beginning| name.starts_with(beginning))
        && !code.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_stand_once_below_all_names() {
        let home = tempfile::tempdir().unwrap();
        let part = |name: &str, files: &[(&str, &str)]| {
            let folder = home.path().join(name);
            fs::create_dir(&folder).unwrap();
            for (file, text) in files {
                fs::write(folder.join(file), text).unwrap();
            }
            Part {
                name: format!("{name} 1.0.0"),
                licence: "MIT".to_owned(),
                folder,
            }
        };
        let parts = [
            part(
                "alpha",
                &[("LICENSE", "Take it.\r\n"), ("license.rs", "code")],
            ),
            part(
                "beta",
                &[("LICENCE.md", "\nTake it.  \n\n"), ("NOTICE", "By us.")],
            ),
            part("gamma", &[("README.md", "words")]),
        ];
        let text = joined(&parts);
        assert_eq!(text.matches("Take it.").count(), 1, "{text}");
        assert!(text.contains("alpha 1.0.0\nbeta 1.0.0\n---"), "{text}");
        assert!(text.contains("By us."), "{text}");
        assert!(!text.contains("code") && !text.contains("words"), "{text}");
        assert!(text.ends_with("only:\n\ngamma 1.0.0 (MIT)\n"), "{text}");
    }

    #[test]
    fn the_app_is_made_of_more_than_ours() {
        let crates = crates("magpie").unwrap();
        let has = |name: &str| crates.iter().any(|part| part.name.starts_with(name));
        assert!(has("tauri ") && has("rusqlite ") && has("tokio "));
        assert!(!has("magpie") && !has("clap_complete "));
        let page = packages_of_page(&checkout::ui()).unwrap();
        assert!(page.iter().any(|part| part.name.starts_with("vue ")));
        assert!(!page.iter().any(|part| part.name.starts_with("vite ")));
    }
}
