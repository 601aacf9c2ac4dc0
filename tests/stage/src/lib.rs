//! What a window is opened on where nobody sits: a [`display`], a session [`bus`] with an open
//! keychain, and surroundings that are the same on every machine. All of it are processes of one
//! [`Group`], and end with it.
#![cfg(unix)]

pub mod bus;
pub mod display;
mod group;

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

pub use group::Group;

/// How long anything may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Gives a program the surroundings of somebody who lives in the folder `home`, and nothing of
/// those in which it is started.
pub fn settle<'a>(
    command: &'a mut Command,
    home: &Path,
    bus: &str,
    display: &str,
) -> &'a mut Command {
    command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_RUNTIME_DIR", home.join("runtime"))
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        .env("DISPLAY", display)
        .env("LANG", "C.UTF-8")
        .env("LANGUAGE", "en")
        .env("TZ", "UTC")
        .env("GDK_BACKEND", "x11")
        .env("GSETTINGS_BACKEND", "memory")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("NO_AT_BRIDGE", "1")
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
}

/// Returns the first line that a process prints.
fn first_line(child: &mut Child) -> Result<String> {
    let output = child.stdout.take().context("nothing to read from")?;
    let (said, line) = mpsc::channel();
    // It ends with the process at the latest.
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        // Nobody may be waiting any more.
        let _ = said.send(read.map(|_| line));
    });
    let line = line.recv_timeout(PATIENCE).context("it says nothing")??;
    ensure!(!line.trim().is_empty(), "it ended without a word");
    Ok(line.trim().to_owned())
}
