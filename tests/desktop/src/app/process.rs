//! The app as a process of the system.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Result;

/// Returns the children of a process.
pub(super) fn children_of(parent: u32) -> Result<Vec<u32>> {
    let list = format!("/proc/{parent}/task/{parent}/children");
    if let Ok(children) = fs::read_to_string(list) {
        let children = children.split_whitespace();
        return Ok(children.flat_map(str::parse).collect());
    }
    // Not every kernel keeps this list.
    let line = format!("PPid:\t{parent}");
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let status = fs::read_to_string(path.join("status")).unwrap_or_default();
        if let Some(number) = name.and_then(|name| name.parse().ok())
            && status.lines().any(|one| one == line)
        {
            children.push(number);
        }
    }
    Ok(children)
}

/// Finds the process that runs a program.
pub(super) fn process_of(program: &Path) -> Result<Option<u32>> {
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        let runs_it = fs::read_link(path.join("exe")).is_ok_and(|exe| exe == program);
        let number = path.file_name().and_then(|name| name.to_str());
        if runs_it && let Some(Ok(number)) = number.map(str::parse) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Sends a signal and returns whether there was somebody to send it to.
pub(super) fn signal(name: &str, process: u32) -> Result<bool> {
    let status = Command::new("kill")
        .args([format!("-{name}"), process.to_string()])
        .stderr(Stdio::null())
        .status()?;
    Ok(status.success())
}

/// Whether a process still runs; one that has ended and waits to be noticed does not.
pub(super) fn is_alive(process: u32) -> bool {
    fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))
        .is_ok_and(|status| !status.lines().any(|line| line.starts_with("State:\tZ")))
}
