//! Files: copies, and what the system remembers of them.

use std::{
    fs::{self, File},
    path::Path,
};

use anyhow::{Context as _, Result};
use rustix::fs::{Advice, fadvise};

/// Copies a folder, to a place where nothing is left of an earlier copy.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    remove(to)?;
    copy_all(from, to).with_context(|| format!("cannot copy {}", from.display()))
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes a folder where there is one.
///
/// # Errors
/// When it cannot be removed.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Has the system forget what it holds of a database in memory, so that the next reading comes from
/// the disk.
///
/// # Errors
/// When the file cannot be opened or the system will not.
pub(crate) fn forget(database: &Path) -> Result<()> {
    let file = File::open(database)?;
    file.sync_all()?;
    fadvise(&file, 0, None, Advice::DontNeed)?;
    Ok(())
}

/// Returns what a database takes on the disk, its log included.
///
/// # Errors
/// When the file is not there.
pub(crate) fn size(database: &Path) -> Result<u64> {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let log = fs::metadata(log).map_or(0, |log| log.len());
    Ok(fs::metadata(database)?.len() + log)
}
