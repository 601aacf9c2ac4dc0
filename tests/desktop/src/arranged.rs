//! What is not as usual in a world: apps that are installed somewhere, servers with more settings.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{World, programs};

/// What differs from the usual.
#[derive(Default)]
pub(crate) struct Arranged {
    apps: RefCell<BTreeMap<String, Installed>>,
    servers: RefCell<Vec<String>>,
}

/// An app that is somebody's own file, as an AppImage is.
#[derive(Debug, Clone)]
pub struct Installed {
    program: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Installed {
    /// Returns where it is.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }
}

impl World {
    /// Gives somebody a copy of the app as a file of their own, which is started with these
    /// variables from then on.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn installs(&self, name: &str, variables: &[(&str, &str)]) -> Result<Installed> {
        let folder = self.folder().join(format!("{name}-apps"));
        fs::create_dir_all(&folder)?;
        let program = folder.join("Magpie.AppImage");
        fs::copy(programs::built("magpie")?, &program).context("the app cannot be copied")?;
        let mut all: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        let image = program.display().to_string();
        all.insert("APPIMAGE".to_owned(), image);
        let installed = Installed {
            program,
            variables: all,
        };
        let mut apps = self.arranged().apps.borrow_mut();
        apps.insert(name.to_owned(), installed.clone());
        Ok(installed)
    }

    /// Has servers started with these arguments from then on.
    pub fn servers_get(&self, arguments: &[&str]) {
        let arguments = arguments.iter().map(ToString::to_string);
        *self.arranged().servers.borrow_mut() = arguments.collect();
    }

    /// Makes a folder that ends with the world.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn makes_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder().join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    pub(crate) fn server_arguments(&self) -> Vec<String> {
        self.arranged().servers.borrow().clone()
    }

    /// Returns the lines of a script that becomes somebody's app.
    pub(crate) fn start_lines(&self, name: &str) -> Result<String> {
        let apps = self.arranged().apps.borrow();
        let Some(Installed { program, variables }) = apps.get(name) else {
            return Ok(format!("exec '{}'", programs::built("magpie")?.display()));
        };
        let mut lines = String::new();
        for (name, value) in variables {
            lines.push_str(&format!("export {name}='{value}'\n"));
        }
        lines.push_str(&format!("exec '{}'", program.display()));
        Ok(lines)
    }
}
