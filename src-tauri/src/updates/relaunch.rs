//! Starting the app again when it has ended.

use std::{io, path::Path, process::Command};

/// Starts a program as soon as this process has ended, and not before: two copies of the app do not
/// run at the same time.
pub(super) fn when_this_has_ended(program: &Path, arguments: &[String]) -> io::Result<()> {
    #[cfg(unix)]
    return unix(program, arguments);
    #[cfg(not(unix))]
    Command::new(program).args(arguments).spawn().map(drop)
}

/// A shell waits for the end of its input, which this process holds as long as it lives.
#[cfg(unix)]
fn unix(program: &Path, arguments: &[String]) -> io::Result<()> {
    use std::process::Stdio;

    let mut waiting = Command::new("/bin/sh")
        .args(["-c", "read -r _; exec \"$0\" \"$@\" </dev/null"])
        .arg(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()?;
    std::mem::forget(waiting.stdin.take());
    Ok(())
}
