//! The folder of a database in a file, and its disk.

use std::path::Path;

use super::report::Report;
use crate::app;

const PART: &str = "data folder";

/// Looks at the folder of the database in the file at `database`.
pub(super) fn look(folder: &Path, database: &Path, report: &mut Report) {
    let shown = folder.display();
    if !folder.exists() {
        let parent = existing_parent(folder);
        match tempfile::Builder::new()
            .prefix(".magpie-doctor-")
            .tempdir_in(parent)
        {
            Ok(_) => report.ok(PART, format!("{shown} is not there yet and can be made")),
            Err(error) => report.problem(
                PART,
                format!("{shown} is not there and cannot be made: {error}"),
                format!(
                    "make it yourself, or let the server's user write in {}",
                    parent.display()
                ),
            ),
        }
        space(parent, report);
        return;
    }
    // What is written here is gone again when this returns.
    let written = tempfile::Builder::new()
        .prefix(".magpie-doctor-")
        .tempfile_in(folder);
    match written.and_then(|file| file.as_file().sync_all()) {
        Ok(()) => report.ok(PART, format!("{shown} can be written to")),
        Err(error) => {
            report.problem(
                PART,
                format!("{shown} cannot be written to: {error}"),
                "give the folder to the server's user, and run this command as that user",
            );
            return;
        }
    }
    rights(database, report);
    // Let go before anything else is done.
    match app::lock(folder).map(drop) {
        Ok(()) => report.ok(PART, "no server uses it at the moment"),
        Err(app::StartError::InUse(_)) => report.ok(PART, "a server is running on it"),
        Err(error) => report.problem(PART, error.to_string(), "look at the folder's rights"),
    }
    space(folder, report);
}

/// Returns the folder, or the nearest one above it that is there.
fn existing_parent(folder: &Path) -> &Path {
    folder
        .ancestors()
        .skip(1)
        .find(|parent| parent.is_dir())
        .unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn rights(database: &Path, report: &mut Report) {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    let mode = |path: &Path| fs::metadata(path).map(|meta| meta.permissions().mode());
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    for path in [database, Path::new(&log)] {
        if mode(path).is_ok_and(|mode| mode & 0o077 != 0) {
            report.problem(
                PART,
                format!(
                    "others on this machine can read {}, which holds secrets",
                    path.display()
                ),
                format!("chmod 600 {}", path.display()),
            );
        }
    }
}

#[cfg(not(unix))]
fn rights(_: &Path, _: &mut Report) {}

#[cfg(unix)]
fn space(folder: &Path, report: &mut Report) {
    const PART: &str = "disk";
    /// Below these the server will soon, or at any moment, have none.
    const LITTLE_BYTES: u64 = 1024 * 1024 * 1024;
    const NONE_BYTES: u64 = 64 * 1024 * 1024;

    let disk = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk,
        Err(error) => {
            report.warning(
                PART,
                format!("cannot be looked at: {error}"),
                "see to it that there is room",
            );
            return;
        }
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let words = format!("{} MiB free", free / (1024 * 1024));
    let help = "make room: without any, no message can be stored";
    if free < NONE_BYTES {
        report.problem(PART, words, help);
    } else if free < LITTLE_BYTES {
        report.warning(PART, words, help);
    } else {
        report.ok(PART, words);
    }
}

#[cfg(not(unix))]
fn space(_: &Path, _: &mut Report) {}
