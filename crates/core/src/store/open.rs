//! Opening a database, and what to do with one that is damaged.

use std::{
    fmt,
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

use magpie_protocol::Timestamp;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::{Result, Store, StoreError, rescue, schema};
use crate::Notice;

/// The 32 random bytes that a database is encrypted with. It does not show itself in debug output,
/// and is overwritten when it goes.
#[derive(Clone)]
pub(crate) struct DatabaseKey(Zeroizing<[u8; 32]>);

impl DatabaseKey {
    /// Takes the bytes.
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads what [`DatabaseKey::to_hex`] gave; `None` when it is something else.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let pair = text.get(index * 2..index * 2 + 2)?;
            *byte = u8::from_str_radix(pair, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Returns 64 hexadecimal digits, for the keychain.
    pub(crate) fn to_hex(&self) -> String {
        self.0
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey(…)")
    }
}

/// What the names of a database's files end in. The log goes first where they are moved: without
/// it, what is left is an older state, and it without the file is nothing.
const PARTS: [&str; 3] = ["-wal", "-shm", ""];

/// A database that was opened.
pub(crate) struct Opened {
    /// The database.
    pub(crate) store: Store,
    /// What the user should know of it.
    pub(crate) notice: Option<Notice>,
}

/// Opens the database of a file, or makes it. One that is damaged, or that the key does not fit, is
/// moved aside and made anew with what could be saved of it: unsent messages and drafts. Blocks.
///
/// Every page is authenticated when it is read, so damage shows where it is met, and only then is
/// the whole file looked at, by the next start. A start looks by itself at the few pages without
/// which nothing can be shown or sent.
///
/// # Errors
/// [`StoreError::Newer`], [`StoreError::DiskFull`], or [`StoreError::Other`] when the file can
/// neither be opened nor replaced.
pub(crate) fn open(path: &Path, key: &DatabaseKey, now: Timestamp) -> Result<Opened> {
    let fresh = beside(path, ".new");
    if !path.exists() && fresh.exists() {
        // The damaged one was moved aside, and the program ended before this one took its place.
        std::fs::rename(&fresh, path).map_err(|error| StoreError::io(&error))?;
    }
    let marker = beside(path, ".suspect");
    let existed = path.metadata().is_ok_and(|file| file.len() > 0);
    let look = match existed {
        false => Look::Nowhere,
        true if marker.exists() => Look::Everywhere,
        true => Look::AtWhatMatters,
    };
    let (writer, notice) = match prepare(path, key, look) {
        Ok(writer) => (writer, None),
        Err(error @ StoreError::Corrupt(_)) if existed => {
            tracing::error!(%error, "the local database is damaged and is made anew");
            let notice = replace(path, &fresh, key, now)?;
            (prepare(path, key, Look::Nowhere)?, Some(notice))
        }
        Err(error) => return Err(error),
    };
    match std::fs::remove_file(&marker) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "the next start looks at the whole database for nothing");
        }
        _ => {}
    }
    let store = Store::new(writer, path.to_owned(), key.clone(), marker);
    Ok(Opened { store, notice })
}

/// Makes a database with what can be saved of a damaged one, and puts it in its place. Until it is
/// complete the damaged one stays, so that nothing is lost if this is cut short.
fn replace(path: &Path, fresh: &Path, key: &DatabaseKey, now: Timestamp) -> Result<Notice> {
    let failed = |error| StoreError::io(&error);
    let saved = rescue::read(path, key);
    for part in PARTS {
        match std::fs::remove_file(beside(fresh, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    let mut connection = prepare(fresh, key, Look::Nowhere)?;
    rescue::write(&mut connection, &saved)?;
    connection.close().map_err(|(_, error)| error)?;
    move_aside(path, now).map_err(failed)?;
    std::fs::rename(fresh, path).map_err(failed)?;
    Ok(match saved.complete {
        true => Notice::CacheRebuilt,
        false => Notice::CacheRebuiltOutboxLost,
    })
}

/// Where to look for damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Nowhere,
    AtWhatMatters,
    Everywhere,
}

fn prepare(path: &Path, key: &DatabaseKey, look: Look) -> Result<Connection> {
    let mut connection = connect(path, key, true)?;
    schema::migrate(&mut connection)?;
    let checks: &[&str] = match look {
        Look::Nowhere => &[],
        Look::AtWhatMatters => &[
            "PRAGMA quick_check(account)",
            "PRAGMA quick_check(outbox)",
            "PRAGMA quick_check(conversations)",
        ],
        Look::Everywhere => &["PRAGMA quick_check(1)"],
    };
    for check in checks {
        let verdict: String = connection.query_row(check, [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Corrupt(verdict));
        }
    }
    Ok(connection)
}

/// Opens a connection. Only the writing one makes the file.
///
/// # Errors
/// [`StoreError::Corrupt`] when the key cannot read it.
pub(super) fn connect(path: &Path, key: &DatabaseKey, write: bool) -> Result<Connection> {
    let access = match write {
        true => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        // A reader of a write-ahead log must be able to write its index.
        false => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let is_fresh = !path.metadata().is_ok_and(|file| file.len() > 0);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.set_prepared_statement_cache_capacity(128);
    // Given raw, the key is used as it is, without the slow derivation that passwords need.
    let opening = Zeroizing::new(format!(
        "PRAGMA cipher_log_level = NONE;
         PRAGMA key = \"x'{}'\";
         PRAGMA busy_timeout = 10000;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -8000;",
        *Zeroizing::new(key.to_hex())
    ));
    connection.execute_batch(&opening)?;
    if write {
        if is_fresh {
            // Room can then be given back in steps. A file that is there would be written to.
            connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
        }
        // An acknowledged row of the outbox must outlive a power cut: NORMAL would not sync the log.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = OFF;",
        )?;
    } else {
        connection.execute_batch("PRAGMA query_only = ON;")?;
    }
    // The first page is read here, so that a wrong key is noticed now.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

/// Moves the file and its log to where nobody uses them.
fn move_aside(path: &Path, now: Timestamp) -> io::Result<()> {
    let aside = beside(path, &format!(".damaged-{}", now.0));
    for part in PARTS {
        match std::fs::rename(beside(path, part), beside(&aside, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
