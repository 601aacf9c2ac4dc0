//! A virtual display.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::ChildStdout,
};

use crate::group::Group;

/// Starts a display and returns its name, such as `:7`.
pub(crate) async fn start(group: &Group) -> Result<String> {
    let mut server = group.spawn(
        Command::new("Xvfb")
            // It chooses a free number and prints it when it is ready.
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24"])
            .args(["-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()),
    )?;
    let number = first_line(&mut server)
        .await
        .context("Xvfb did not start")?;
    group.keep(server);
    Ok(format!(":{number}"))
}

/// Returns the first line that a process prints.
pub(crate) async fn first_line(child: &mut std::process::Child) -> Result<String> {
    let output = child.stdout.take().context("nothing to read from")?;
    let mut lines = BufReader::new(ChildStdout::from_std(output)?).lines();
    tokio::time::timeout(crate::PATIENCE, lines.next_line())
        .await??
        .context("it ended without a word")
}
