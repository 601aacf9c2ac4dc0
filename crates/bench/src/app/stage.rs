//! A display, a bus and a keychain of one's own.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::eye::Eye;

/// Nothing is started by the bus itself.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Where windows are opened.
pub(super) struct Stage {
    eye: Eye,
    display: String,
    bus: String,
    data: PathBuf,
    /// They end in this order, and then the folder goes.
    _daemons: Vec<Daemon>,
    home: TempDir,
}

/// A process that ends with its group when this is dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = end(&format!("-{}", self.0.id()));
        let _ = self.0.wait();
    }
}

/// A program that was started, and when.
pub(super) struct Window {
    daemon: Daemon,
    pub(super) begin: Instant,
}

impl Window {
    /// Returns the process.
    pub(super) fn id(&self) -> u32 {
        self.daemon.0.id()
    }

    /// Asks the program to end, and waits until it has.
    pub(super) fn close(&mut self) -> Result<()> {
        end(&self.id().to_string())?;
        self.daemon.0.wait()?;
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
        let (server, number) = talking(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
                .args(["-nolisten", "tcp", "-noreset"]),
        )?;
        let display = format!(":{number}");
        let config = home.path().join("bus.conf");
        fs::write(&config, BUS)?;
        let (daemon, bus) = talking(
            Command::new("dbus-daemon")
                .args(["--nofork", "--nopidfile", "--print-address=1"])
                .arg(format!("--config-file={}", config.display())),
        )?;
        let keychain = keychain(home.path(), &bus)?;
        Ok(Self {
            eye: Eye::open(&display)?,
            display,
            bus,
            data: data.to_owned(),
            _daemons: vec![keychain, daemon, server],
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
        let folder = |name: &str| self.home.path().join(name);
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(folder("log"))?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("XDG_CACHE_HOME", folder("cache"))
            .env("XDG_CONFIG_HOME", folder("config"))
            .env("XDG_DATA_HOME", folder("data"))
            .env("XDG_RUNTIME_DIR", folder("runtime"))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("DISPLAY", &self.display)
            .env("LANG", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("TZ", "UTC")
            .env("GDK_BACKEND", "x11")
            .env("GSETTINGS_BACKEND", "memory")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("MAGPIE_DATA_DIR", &self.data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        let begin = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Window {
            daemon: Daemon(child),
            begin,
        })
    }
}

/// Starts a program and returns it with the first line that it prints.
fn talking(command: &mut Command) -> Result<(Daemon, String)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let mut daemon = Daemon(child);
    let output = daemon.0.stdout.take().context("nothing to read from")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    ensure!(!line.trim().is_empty(), "{name} ended without a word");
    Ok((daemon, line.trim().to_owned()))
}

/// Starts a keychain that is open.
fn keychain(folder: &Path, bus: &str) -> Result<Daemon> {
    let data = folder.join("keychain");
    fs::create_dir_all(&data)?;
    let mut child = Command::new("gnome-keyring-daemon")
        .args(["--foreground", "--unlock", "--components=secrets"])
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        .env("XDG_DATA_HOME", &data)
        .env("XDG_RUNTIME_DIR", folder.join("runtime"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("cannot start gnome-keyring-daemon")?;
    let mut input = child.stdin.take().context("no way to give the password")?;
    input.write_all(b"magpie")?;
    drop(input);
    let daemon = Daemon(child);
    let begin = Instant::now();
    while begin.elapsed().as_secs() < 20 {
        let asked = Command::new("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
            ])
            .args([
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ])
            .env("DBUS_SESSION_BUS_ADDRESS", bus)
            .output()
            .context("cannot start dbus-send")?;
        if String::from_utf8_lossy(&asked.stdout).contains("boolean true") {
            return Ok(daemon);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    anyhow::bail!("the keychain does not come to the bus")
}

/// Asks a process to end, or with a minus before its number its whole group.
fn end(id: &str) -> Result<()> {
    Command::new("kill")
        .args(["-TERM", "--", id])
        .stderr(Stdio::null())
        .status()
        .context("cannot start kill")?;
    Ok(())
}
