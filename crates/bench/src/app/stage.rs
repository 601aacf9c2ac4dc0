//! A display, a bus and a keychain of one's own.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result};
use magpie_tests_stage::{Group, bus, display, settle};
use tempfile::TempDir;

use super::eye::Eye;

/// Where windows are opened.
pub(super) struct Stage {
    eye: Eye,
    display: String,
    bus: String,
    data: PathBuf,
    /// It ends, and then the folder goes.
    group: Group,
    home: TempDir,
}

/// A program that was started, and when. One that is not closed ends with the stage.
pub(super) struct Window {
    program: Child,
    pub(super) begin: Instant,
}

impl Window {
    /// Returns the process.
    pub(super) fn id(&self) -> u32 {
        self.program.id()
    }

    /// Asks the program to end, and waits until it has.
    pub(super) fn close(&mut self) -> Result<()> {
        Command::new("kill")
            .arg(self.id().to_string())
            .stderr(Stdio::null())
            .status()
            .context("cannot start kill")?;
        self.program.wait()?;
        Ok(())
    }
}

impl Stage {
    /// Sets it up. The app's data lie in `data`.
    ///
    /// # Errors
    /// When something that it needs is not installed or does not start.
    pub(super) fn new(data: &Path) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("magpie-bench-").tempdir()?;
        let runtime = home.path().join("runtime");
        fs::create_dir_all(&runtime)?;
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700))?;
        let group = Group::new()?;
        let display = display::start(&group)?;
        let bus = bus::start(&group, home.path())?;
        Ok(Self {
            eye: Eye::open(&display)?,
            display,
            bus,
            data: data.to_owned(),
            group,
            home,
        })
    }

    /// Returns who looks at the display.
    pub(super) fn eye(&self) -> &Eye {
        &self.eye
    }

    /// Starts a program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn open(&self, program: &Path) -> Result<Window> {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.home.path().join("log"))?;
        let mut command = Command::new(program);
        settle(&mut command, self.home.path(), &self.bus, &self.display)
            .env("MAGPIE_DATA_DIR", &self.data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let begin = Instant::now();
        let program = self.group.spawn(&mut command)?;
        Ok(Window { program, begin })
    }
}
