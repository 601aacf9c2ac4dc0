//! The server's archive: the program, and the files that an installation begins with.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result};

use super::{packages::What, version::VERSION};
use crate::{
    checkout,
    command::{self, cargo, program},
};

/// What lies beside the program.
const FILES: [&str; 4] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "deploy/server.toml",
    "docs/deploy.md",
];

/// What starts it where there is systemd.
const UNIT: &str = "deploy/magpie-server.service";

/// Builds the server, unless that was done before, and puts its archive into a folder.
///
/// # Errors
/// When the build fails, or a file is missing.
pub(super) fn pack(what: &What, is_built: bool, out: &Path) -> Result<()> {
    let program_name = format!("magpie-server{}", env::consts::EXE_SUFFIX);
    let mut built = Vec::new();
    for triple in what.triples() {
        let words = [
            "build",
            "--locked",
            "--release",
            "--package",
            "magpie-server",
        ];
        let mut build = cargo(words);
        build.args(["--bin", "magpie-server"]);
        let mut folder = checkout::target();
        if let Some(triple) = triple {
            build.args(["--target", triple]);
            folder = folder.join(triple);
        }
        if !is_built {
            command::run(build)?;
        }
        built.push(folder.join("release").join(&program_name));
    }

    let (system, machine) = what.system();
    let name = format!("magpie-server_{VERSION}_{system}_{machine}");
    let folder = checkout::target().join("packaging").join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    match built.as_slice() {
        [one] => {
            fs::copy(one, folder.join(&program_name))?;
        }
        several => {
            let mut lipo = program("lipo", ["-create", "-output"]);
            lipo.arg(folder.join(&program_name)).args(several);
            command::run(lipo)?;
        }
    }
    for file in beside(system) {
        let path = checkout::root().join(file);
        let name = path.file_name().context("a file without a name")?;
        fs::copy(&path, folder.join(name)).with_context(|| format!("there is no {file}"))?;
    }
    let mut tar = program("tar", ["-czf"]);
    tar.arg(out.join(format!("{name}.tar.gz")))
        .arg("-C")
        .arg(checkout::target().join("packaging"))
        .arg(&name)
        .env("COPYFILE_DISABLE", "1");
    command::run(tar)?;
    println!("    {name}.tar.gz");
    Ok(())
}

/// Returns what lies beside the program on a system.
fn beside(system: &str) -> impl Iterator<Item = &'static str> {
    let unit = (system == "linux").then_some(UNIT);
    FILES.into_iter().chain(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_the_program_is_there() {
        for file in beside("linux") {
            assert!(checkout::root().join(file).is_file(), "{file}");
        }
    }

    #[test]
    fn only_linux_is_given_a_unit() {
        assert!(beside("linux").any(|file| file == UNIT));
        for system in ["macos", "windows"] {
            assert!(beside(system).all(|file| file != UNIT), "{system}");
        }
    }
}
