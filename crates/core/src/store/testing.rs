//! Databases for tests.

use magpie_protocol::Timestamp;
use tempfile::TempDir;

use super::{DatabaseKey, Store, open};

/// A database in a folder that goes with it.
pub(crate) struct Temporary {
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
}

/// Makes an empty database.
pub(crate) fn temporary() -> Temporary {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let opened = open(&path, &DatabaseKey::new([7; 32]), Timestamp(0)).unwrap();
    assert_eq!(opened.notice, None);
    Temporary {
        store: opened.store,
        folder,
    }
}
