//! A virtual display.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::{Group, first_line};

/// Starts a display of 1280 by 800 and returns its name, such as `:7`.
///
/// # Errors
/// When Xvfb is not installed or does not start.
pub fn start(group: &Group) -> Result<String> {
    let mut server = group.spawn(
        Command::new("Xvfb")
            // It chooses a free number and prints it when it is ready.
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
            .args(["-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    )?;
    let number = first_line(&mut server).context("Xvfb did not start")?;
    group.keep(server);
    Ok(format!(":{number}"))
}
