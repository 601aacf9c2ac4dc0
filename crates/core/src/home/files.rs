//! Small files that are replaced whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use magpie_protocol::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{CoreError, LocalCode};

/// Makes a folder that only this user can enter.
///
/// # Errors
/// [`LocalCode::DiskFull`] or [`LocalCode::Storage`].
pub(crate) fn make_folder(path: &Path) -> Result<(), CoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| failure(&error))
}

/// Reads a file of JSON. One that is not there is the default; one that cannot be understood is
/// moved aside, and is the default too.
///
/// # Errors
/// [`LocalCode::Storage`] when it is there and cannot be read at all.
pub(crate) fn read<T: DeserializeOwned + Default>(
    path: &Path,
    now: Timestamp,
) -> Result<T, CoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(failure(&error)),
    };
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(value),
        Err(error) => {
            let aside = beside(path, &format!(".damaged-{}", now.0));
            tracing::warn!(file = %path.display(), line = error.line(), "a damaged file is moved aside");
            fs::rename(path, aside).map_err(|error| failure(&error))?;
            Ok(T::default())
        }
    }
}

/// Replaces a file by JSON that only this user can read, so that after a crash there is the old one
/// or the new one, and never a part of it.
///
/// # Errors
/// [`LocalCode::DiskFull`] or [`LocalCode::Storage`].
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<(), CoreError> {
    let json = serde_json::to_vec_pretty(value)
        .map_err(|_| CoreError::local(LocalCode::Internal, "a file is not JSON"))?;
    replace(path, &json).map_err(|error| failure(&error))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = beside(path, ".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&fresh, path)?;
    // The new name is on the disk when the folder is. Windows cannot open one, and need not.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Takes the folder for this process, for as long as the file returned is open.
///
/// # Errors
/// [`LocalCode::FolderInUse`] when another has it.
pub(super) fn lock(path: &Path) -> Result<File, CoreError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| failure(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(CoreError::local(
            LocalCode::FolderInUse,
            "another process uses this folder",
        )),
        Err(fs::TryLockError::Error(error)) => Err(failure(&error)),
    }
}

/// Turns a failed file operation into a failure of ours.
pub(crate) fn failure(error: &io::Error) -> CoreError {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => LocalCode::DiskFull,
        _ => LocalCode::Storage,
    };
    CoreError::local(code, error.to_string())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_moved_aside_and_a_missing_one_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.json");
        assert!(read::<Vec<u32>>(&path, Timestamp(1)).unwrap().is_empty());
        write(&path, &[1, 2]).unwrap();
        assert_eq!(read::<Vec<u32>>(&path, Timestamp(1)).unwrap(), [1, 2]);
        fs::write(&path, b"[1,").unwrap();
        assert!(read::<Vec<u32>>(&path, Timestamp(7)).unwrap().is_empty());
        let aside = folder.path().join("some.json.damaged-7");
        assert_eq!(fs::read(aside).unwrap(), b"[1,");
        write(&path, &[3]).unwrap();
        assert_eq!(read::<Vec<u32>>(&path, Timestamp(1)).unwrap(), [3]);
    }

    #[cfg(unix)]
    #[test]
    fn only_this_user_can_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        make_folder(&inner).unwrap();
        let path = inner.join("some.json");
        write(&path, &1).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inner), mode(&path)), (0o700, 0o600));
    }

    #[test]
    fn a_folder_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = lock(&path).unwrap();
        let code = lock(&path).unwrap_err().code();
        assert_eq!(code, crate::FailureCode::Local(LocalCode::FolderInUse));
        drop(held);
        assert!(lock(&path).is_ok());
    }
}
