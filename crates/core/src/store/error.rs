//! What can go wrong with the local database.

use rusqlite::ErrorCode as Sqlite;

use crate::{CoreError, LocalCode};

/// The outcome of everything that touches the local database.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// What went wrong with the local database. Cheap to clone, since one failed commit is the answer
/// to several writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// There is no room left.
    #[error("the disk is full")]
    DiskFull,
    /// The file is damaged, or the key is not its key.
    #[error("the local database is damaged: {0}")]
    Corrupt(String),
    /// A newer version of the app wrote it in a way that this one cannot read.
    #[error(
        "the local database was written by a newer version (it asks for reader {found}, this is {known})"
    )]
    Newer {
        /// What the file asks for.
        found: u32,
        /// What this version is.
        known: u32,
    },
    /// The database was closed.
    #[error("the local database is closed")]
    Closed,
    /// Anything else.
    #[error("the local database failed: {0}")]
    Other(String),
}

impl StoreError {
    /// Returns the failure of a row that holds what it never should.
    pub(crate) fn row(what: &str) -> Self {
        Self::Other(format!("a row holds an invalid {what}"))
    }

    /// Returns the failure of a file operation.
    pub(crate) fn io(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(Sqlite::DiskFull) => Self::DiskFull,
            Some(Sqlite::DatabaseCorrupt | Sqlite::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        // Its text may quote what could not be read.
        Self::Other(format!(
            "a row holds JSON of another shape ({:?})",
            error.classify()
        ))
    }
}

impl From<StoreError> for CoreError {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::DiskFull => LocalCode::DiskFull,
            _ => LocalCode::Storage,
        };
        Self::local(code, error.to_string())
    }
}
