//! The folder with updates, as it is at the moment.

use std::{io, path::PathBuf};

use magpie_protocol::updates::UpdateManifest;
use tokio::{fs::File, io::AsyncReadExt as _};

use crate::AppError;

/// The file that says what there is.
const MANIFEST: &str = "latest.json";
/// No such file is longer, in bytes.
const LONGEST: u64 = 256 * 1024;

/// A folder with updates.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// Why updates cannot be offered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// There is no such folder.
    #[error("there is no folder {}", .0.display())]
    Missing(PathBuf),
    /// A file in it cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file that says what there is says something else.
    #[error("{} is not a manifest of updates: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

impl From<FolderError> for AppError {
    fn from(error: FolderError) -> Self {
        Self::failed(error)
    }
}

impl Folder {
    /// Takes a folder, which need not be there yet.
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Returns what the folder offers; nothing while no manifest was put into it.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub(crate) async fn manifest(&self) -> Result<Option<UpdateManifest>, FolderError> {
        let path = self.0.join(MANIFEST);
        let text = match read(&path).await {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match self.0.is_dir() {
                    true => Ok(None),
                    false => Err(FolderError::Missing(self.0.clone())),
                };
            }
            Err(source) => return Err(FolderError::Unreadable { path, source }),
        };
        match serde_json::from_slice(&text) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) => Err(FolderError::Malformed {
                path,
                reason: error.to_string(),
            }),
        }
    }

    /// Returns the version that the folder offers and for how many systems, having looked at each
    /// package that lies in it.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub(crate) async fn offered(&self) -> Result<Option<(String, usize)>, FolderError> {
        let Some(manifest) = self.manifest().await? else {
            return Ok(None);
        };
        for package in manifest.platforms.values() {
            if is_bare(&package.url) {
                self.size(&package.url).await?;
            }
        }
        Ok(Some((manifest.version, manifest.platforms.len())))
    }

    /// Returns a file's size in bytes.
    ///
    /// # Errors
    /// [`FolderError::Unreadable`].
    pub(crate) async fn size(&self, name: &str) -> Result<u64, FolderError> {
        let path = self.0.join(name);
        match tokio::fs::metadata(&path).await {
            Ok(meta) if meta.is_file() => Ok(meta.len()),
            Ok(_) => Err(FolderError::Unreadable {
                path,
                source: io::ErrorKind::IsADirectory.into(),
            }),
            Err(source) => Err(FolderError::Unreadable { path, source }),
        }
    }

    /// Returns the path of a file, where the manifest names it. Nothing else in the folder is given
    /// out, and nothing outside of it can be named.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub(crate) async fn package(&self, name: &str) -> Result<Option<PathBuf>, FolderError> {
        let Some(manifest) = self.manifest().await? else {
            return Ok(None);
        };
        let is_named = is_bare(name) && manifest.platforms.values().any(|one| one.url == name);
        Ok(is_named.then(|| self.0.join(name)))
    }
}

async fn read(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let file = File::open(path).await?;
    file.take(LONGEST + 1).read_to_end(&mut text).await?;
    match u64::try_from(text.len()) {
        Ok(length) if length <= LONGEST => Ok(text),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    }
}

/// Tells whether an address is the name of a file in the folder: letters and digits of ASCII, and a
/// few signs that mean nothing to a file system or in an address.
pub(super) fn is_bare(name: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+' | b'~');
    (1..=255).contains(&name.len())
        && name.bytes().all(fits)
        && !name.starts_with('.')
        && name != MANIFEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_plainly() {
        for good in ["Magpie_0.2.0_amd64.AppImage", "a", "x-1.0+2~rc1.deb"] {
            assert!(is_bare(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            ".hidden",
            MANIFEST,
            "../secret",
            "a/b",
            "a\\b",
            "/etc/passwd",
            "C:file",
            "a b",
            "a\0",
            "a?b",
            "a%2fb",
            "喜鹊",
            "https://example.org/x",
        ] {
            assert!(!is_bare(bad), "{bad}");
        }
    }
}
