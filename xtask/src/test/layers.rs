//! Arrows point down only: what a crate may not depend on, at any depth.

use anyhow::{Result, bail};

use crate::command::{cargo, output};

struct Layer {
    package: &'static str,
    /// Beginnings of names that must not turn up below it.
    forbidden: &'static [&'static str],
}

const LAYERS: [Layer; 3] = [
    Layer {
        package: "magpie-protocol",
        forbidden: &[
            "magpie-", "tauri", "tokio", "hyper", "reqwest", "axum", "rusqlite", "rand", "chrono",
        ],
    },
    Layer {
        package: "magpie-core",
        forbidden: &["magpie-server", "tauri", "wry", "tao", "axum"],
    },
    Layer {
        package: "magpie-server",
        forbidden: &["magpie-core", "tauri", "wry", "tao"],
    },
];

/// Looks for arrows that point up.
///
/// # Errors
/// When there are any; the text names them.
pub(super) fn check() -> Result<()> {
    let mut wrong = Vec::new();
    for layer in &LAYERS {
        let tree = output(cargo([
            "tree",
            "--package",
            layer.package,
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--target",
            "all",
        ]))?;
        for name in forbidden(&tree, layer) {
            wrong.push(format!("{} depends on {name}", layer.package));
        }
    }
    if wrong.is_empty() {
        println!("    every arrow points down");
        return Ok(());
    }
    bail!("{}", wrong.join("; "));
}

fn forbidden(tree: &str, layer: &Layer) -> Vec<String> {
    let mut names: Vec<String> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| {
            *name != layer.package
                && layer
                    .forbidden
                    .iter()
                    .any(|beginning| name.starts_with(beginning))
        })
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_names_are_found_and_others_are_not() {
        let layer = Layer {
            package: "magpie-core",
            forbidden: &["magpie-server", "tauri"],
        };
        let tree = "magpie-core v0.1.0 (/x)\nserde v1.0.0\ntauri-utils v2.0.0\nserde v1.0.0 (*)\n\
                    magpie-server v0.1.0 (/y)\ntauri-utils v2.0.0 (*)\n";
        assert_eq!(forbidden(tree, &layer), ["magpie-server", "tauri-utils"]);
    }
}
