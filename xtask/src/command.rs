//! Starting other programs, and saying so.

use std::{
    env,
    ffi::OsStr,
    io::{self, IsTerminal, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::checkout;

/// Returns a call of Cargo, from the workspace's folder.
///
/// It is told nothing of the package that is running. Build scripts ask to be run anew when that
/// changes (`ring` does), so whoever calls Cargo by hand between two of our tasks would build half
/// of the tree each time.
pub(crate) fn cargo<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(checkout::root()).args(args);
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_this_package(name)) {
        command.env_remove(name);
    }
    command
}

/// Whether Cargo sets a variable to say what the running program was built from.
fn is_of_this_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_PKG_", "CARGO_MANIFEST_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Returns a call of another program, from the workspace's folder.
pub(crate) fn program<I: AsRef<OsStr>>(
    name: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = I>,
) -> Command {
    let mut command = Command::new(name);
    command.current_dir(checkout::root()).args(args);
    command
}

/// Runs a command to its end, its output going where ours goes.
///
/// # Errors
/// When it cannot be started or ends with anything but success.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let words = spelled(&command);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{words}`"))?;
    if !status.success() {
        bail!("`{words}` failed ({status})");
    }
    Ok(())
}

/// Runs a command and returns what it printed.
///
/// # Errors
/// When it cannot be started or ends with anything but success.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let words = spelled(&command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{words}`"))?;
    if !output.status.success() {
        bail!("`{words}` failed ({})", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns what a command printed, or `None` when there is no such program or it failed.
pub(crate) fn answer<I: AsRef<OsStr>>(
    name: &str,
    args: impl IntoIterator<Item = I>,
) -> Option<String> {
    let output = program(name, args)
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Prints a step's name, does it, and prints how long it took.
///
/// # Errors
/// Those of the step.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n==> {name}");
    let begin = Instant::now();
    let outcome = work();
    let word = if outcome.is_ok() { "done" } else { "FAILED" };
    println!("    {name}: {word} in {}", Spell(begin.elapsed()));
    io::stdout().flush()?;
    outcome
}

/// Whether this runs where machines are made for one run and thrown away.
pub(crate) fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Whether nobody is there to be asked.
pub(crate) fn is_unattended() -> bool {
    is_ci() || !io::stdin().is_terminal()
}

/// Shows a duration as a person would say it.
pub(crate) struct Spell(pub(crate) Duration);

impl std::fmt::Display for Spell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs();
        if seconds < 60 {
            write!(formatter, "{:.1} s", self.0.as_secs_f64())
        } else {
            write!(formatter, "{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

fn spelled(command: &Command) -> String {
    let mut words = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(Spell(Duration::from_millis(1_240)).to_string(), "1.2 s");
        assert_eq!(Spell(Duration::from_secs(61)).to_string(), "1 min 01 s");
    }

    #[test]
    fn cargo_is_told_nothing_of_the_package_that_calls_it() {
        // `cargo test` sets it for this process.
        assert!(env::var_os("CARGO_PKG_NAME").is_some());
        let command = cargo(["build"]);
        let taken: Vec<_> = command
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .collect();
        assert!(taken.iter().any(|(name, _)| *name == "CARGO_PKG_NAME"));
        assert!(taken.iter().any(|(name, _)| *name == "CARGO_MANIFEST_DIR"));
    }

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = run(program("rustc", ["--no-such-flag"])).unwrap_err();
        assert!(error.to_string().starts_with("`rustc --no-such-flag`"));
    }
}
