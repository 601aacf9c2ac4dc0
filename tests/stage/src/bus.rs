//! A session bus, and an open keychain on it.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use crate::{Group, PATIENCE, first_line};

/// No service is started on demand: what a test does not start, it does not have.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
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

/// Between two questions whether the keychain is there.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts a bus with a keychain and returns its address. The keychain lies under `folder`, which
/// must be its user's alone.
///
/// # Errors
/// When dbus or gnome-keyring are not installed or do not start.
pub fn start(group: &Group, folder: &Path) -> Result<String> {
    let config = folder.join("bus.conf");
    fs::write(&config, CONFIG)?;
    let mut daemon = group.spawn(
        Command::new("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .arg(format!("--config-file={}", config.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    )?;
    let address = first_line(&mut daemon).context("dbus-daemon did not start")?;
    group.keep(daemon);
    open_keychain(group, folder, &address)?;
    Ok(address)
}

fn open_keychain(group: &Group, folder: &Path, address: &str) -> Result<()> {
    let data = folder.join("keychain");
    fs::create_dir_all(&data)?;
    let mut daemon = group.spawn(
        Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", address)
            .env("XDG_DATA_HOME", &data)
            .env("XDG_RUNTIME_DIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )?;
    let mut input = daemon.stdin.take().context("no way to give the password")?;
    input.write_all(b"magpie")?;
    drop(input);
    group.keep(daemon);
    let end = Instant::now() + PATIENCE;
    while !has_keychain(address)? {
        ensure!(
            Instant::now() < end,
            "the keychain does not come to the bus"
        );
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn has_keychain(address: &str) -> Result<bool> {
    let answer = Command::new("dbus-send")
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
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .output()
        .context("cannot start dbus-send")?;
    Ok(String::from_utf8_lossy(&answer.stdout).contains("boolean true"))
}
