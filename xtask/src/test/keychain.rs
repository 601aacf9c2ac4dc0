//! A bus and a keychain of their own for the tests that keep secrets.

use std::{env, process::Command};

/// Opens the keychain with a password of no importance, then becomes the command. The folder
/// goes when the command has ended; the bus takes the keychain's daemon with it.
const SCRIPT: &str = r#"
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
export XDG_RUNTIME_DIR="$folder" XDG_DATA_HOME="$folder/data"
mkdir -p "$XDG_DATA_HOME"
printf magpie | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 1
"$@"
"#;

/// Returns the command, run on its own session bus with an open keychain on Linux, and as it is
/// elsewhere.
pub(super) fn with_own(command: Command) -> Command {
    if env::consts::OS != "linux" {
        return command;
    }
    let mut wrapped = Command::new("dbus-run-session");
    wrapped
        .args(["--", "sh", "-c", SCRIPT, "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped
}
