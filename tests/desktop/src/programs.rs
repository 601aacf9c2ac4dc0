//! Where the programs under test are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// Returns the folder of the checkout.
pub(crate) fn checkout() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own)
}

/// Returns the folder Cargo builds into: the test itself lies in it.
pub(crate) fn target() -> Result<PathBuf> {
    let own = env::current_exe()?;
    let profile = own
        .ancestors()
        .nth(2)
        .context("the test lies in no folder")?;
    Ok(profile.parent().context("no target folder")?.to_owned())
}

/// Returns the path of a program of this workspace, built beside the test.
pub(crate) fn built(name: &str) -> Result<PathBuf> {
    let own = env::current_exe()?;
    let profile = own
        .ancestors()
        .nth(2)
        .context("the test lies in no folder")?;
    let path = profile.join(name);
    if !path.is_file() {
        bail!(
            "{} is not built; run these tests with `cargo xtask test desktop`",
            path.display()
        );
    }
    Ok(path)
}

/// Returns where a picture of this name is kept for people to look at.
pub(crate) fn screenshot(name: &str) -> Result<PathBuf> {
    let folder = target()?.join("screenshots");
    fs::create_dir_all(&folder)?;
    Ok(folder.join(format!("{name}.png")))
}
