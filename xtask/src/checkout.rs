//! Where things lie in this checkout.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Returns the folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Returns the folder of the page.
pub(crate) fn ui() -> PathBuf {
    root().join("ui")
}

/// Returns the folder Cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Returns the path of a program that a debug build makes.
pub(crate) fn built(program: &str) -> PathBuf {
    target()
        .join("debug")
        .join(format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// Returns the path of a program that a release build makes.
pub(crate) fn released(program: &str) -> PathBuf {
    target()
        .join("release")
        .join(format!("{program}{}", env::consts::EXE_SUFFIX))
}
