//! Embeds the page, the capabilities, the names of the crates and, on Windows, the icon.

use std::{collections::BTreeSet, env, error::Error, fs, path::Path, process::Command};

fn main() -> Result<(), Box<dyn Error>> {
    // A new build of the page must land in the binary.
    println!("cargo::rerun-if-changed=ui/dist");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let file = Path::new(&env::var("OUT_DIR")?).join("crates.rs");
    fs::write(file, crates()?)?;
    tauri_build::build();
    Ok(())
}

/// Returns, as Rust, what the app is made of on this target: name, version, licence and address of
/// each crate, without our own.
fn crates() -> Result<String, Box<dyn Error>> {
    let tree = Command::new(env::var("CARGO")?)
        .args(["tree", "--locked", "--offline", "--package", "magpie"])
        .args(["--edges", "normal", "--target", &env::var("TARGET")?])
        .args(["--prefix", "none", "--format", "{p}\t{l}\t{r}\t"])
        .output()?;
    if !tree.status.success() {
        return Err(String::from_utf8_lossy(&tree.stderr).into());
    }
    let tree = String::from_utf8(tree.stdout)?;
    let mut all = BTreeSet::new();
    for line in tree.lines() {
        let mut columns = line.split('\t');
        let mut column = || columns.next().unwrap_or_default();
        let (named, licence, address) = (column(), column(), column());
        // Our own have no registry but a folder, and no name of anybody else.
        let mut words = named.split_whitespace();
        let name = words.next().unwrap_or_default();
        let version = words.next().unwrap_or_default().trim_start_matches('v');
        if !name.is_empty() && !name.starts_with("magpie") {
            all.insert((name, version, licence, address));
        }
    }
    if all.is_empty() {
        return Err("cargo tree names no crate".into());
    }
    Ok(format!("&{:?}", all.into_iter().collect::<Vec<_>>()))
}
