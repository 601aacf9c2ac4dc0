//! What the programs are made of, for programs to read: CycloneDX.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::version::VERSION;
use crate::{
    checkout,
    command::{self, answer, cargo, output, program},
    node,
};

/// The tool that reads Cargo's side, and the version that this was written for.
const TOOL: (&str, &str) = ("cargo-sbom", "0.10.0");

/// Sees to it that the tool is there.
///
/// # Errors
/// When it cannot be installed.
pub(super) fn ensure_tool() -> Result<()> {
    let (name, version) = TOOL;
    if answer(name, ["--version"]).is_some_and(|text| text.ends_with(version)) {
        println!("    {name} {version}");
        return Ok(());
    }
    command::run(cargo(["install", "--locked", "--version", version, name]))
}

/// Writes one list for the app's crates, one for its page and one for the server.
///
/// # Errors
/// When they cannot be made, or are not what they should be.
pub(super) fn write(out: &Path) -> Result<()> {
    for (package, file) in [("magpie", "Magpie"), ("magpie-server", "magpie-server")] {
        let list = output(program(
            TOOL.0,
            [
                "--cargo-package",
                package,
                "--output-format",
                "cyclone_dx_json_1_6",
            ],
        ))?;
        put(&list, &out.join(format!("{file}_{VERSION}.cdx.json")))?;
    }
    let list = node::npm_output(&[
        "sbom",
        "--package-lock-only",
        "--omit=dev",
        "--sbom-format=cyclonedx",
    ])?;
    put(&list, &out.join(format!("Magpie_{VERSION}_page.cdx.json")))
}

fn put(list: &str, path: &Path) -> Result<()> {
    let tidied = tidied(list).with_context(|| format!("cannot make {}", path.display()))?;
    fs::write(path, tidied)?;
    if let Some(name) = path.file_name() {
        println!("    {}", name.to_string_lossy());
    }
    Ok(())
}

/// Returns a list without anything about the machine that made it.
fn tidied(list: &str) -> Result<String> {
    let mut list: Value = serde_json::from_str(list)?;
    let kind = list.get("bomFormat").and_then(Value::as_str);
    ensure!(kind == Some("CycloneDX"), "this is no list of parts");
    let parts = list.get("components").and_then(Value::as_array);
    ensure!(
        parts.is_some_and(|parts| !parts.is_empty()),
        "it has no parts"
    );
    if let Some(about) = list.get_mut("metadata").and_then(Value::as_object_mut) {
        // The name of whoever was signed in.
        about.remove("authors");
        // npm's has no version but this one; its own file says 0.0.0.
        if let Some(page) = about.get_mut("component").and_then(Value::as_object_mut) {
            page.insert("version".to_owned(), VERSION.into());
        }
    }
    let text = serde_json::to_string_pretty(&list)? + "\n";
    let here = checkout::root().to_string_lossy();
    ensure!(!text.contains(&*here), "it names a folder of this machine");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_what_is_in_it_and_not_who_made_it() {
        let list = r#"{"bomFormat":"CycloneDX","metadata":{"authors":[{"name":"root"}],
                       "component":{"name":"ui","version":"0.0.0"}},
                       "components":[{"name":"serde"}]}"#;
        let text = tidied(list).unwrap();
        assert!(text.contains("serde") && text.contains(VERSION));
        assert!(!text.contains("root") && !text.contains("0.0.0"));
        let here = list.replace("serde", &checkout::root().to_string_lossy());
        for bad in [
            "",
            "{}",
            r#"{"bomFormat":"CycloneDX","components":[]}"#,
            &here,
        ] {
            assert!(tidied(bad).is_err(), "{bad}");
        }
    }
}
