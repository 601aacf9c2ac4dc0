//! Copying a SQLite database that may be in use.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use crate::sync::history;

/// Pages that are copied at a time, of four KiB mostly.
const PAGES: i32 = 1_024;

/// The pause after that many.
const PAUSE: Duration = Duration::from_millis(2);

/// How long is waited for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(30);

/// What was copied.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) bytes: u64,
    pub(super) users: u64,
    pub(super) messages: u64,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub(super) enum CopyError {
    #[error("there is no database at {}", .0.display())]
    NoDatabase(PathBuf),
    #[error("{} is there already; name another file, or say --force", .0.display())]
    Exists(PathBuf),
    #[error("cannot copy the database onto itself")]
    Itself,
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("cannot copy the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the copy is damaged, and so probably is the database: {0}")]
    Damaged(String),
}

/// Copies the database at `from` into the file `to`, which is replaced only with `force`, and calls
/// `progress` with how many of a hundred parts are done.
pub(super) fn copy(
    from: &Path,
    to: &Path,
    force: bool,
    mut progress: impl FnMut(u8),
) -> Result<Copied, CopyError> {
    if !from.is_file() {
        return Err(CopyError::NoDatabase(from.to_owned()));
    }
    if !force && to.symlink_metadata().is_ok() {
        return Err(CopyError::Exists(to.to_owned()));
    }
    if let (Ok(source), Ok(target)) = (from.canonicalize(), to.canonicalize())
        && source == target
    {
        return Err(CopyError::Itself);
    }
    let unwritable = |source| CopyError::Unwritable {
        path: to.to_owned(),
        source,
    };
    let folder = match to.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Readable for its owner only, and gone when anything below fails.
    let file = tempfile::Builder::new()
        .prefix(".magpie-backup-")
        .tempfile_in(folder)
        .map_err(unwritable)?;
    let copied = fill(from, file.path(), &mut progress)?;
    file.as_file().sync_all().map_err(unwritable)?;
    let kept = match force {
        true => file.persist(to),
        false => file.persist_noclobber(to),
    };
    match kept {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(CopyError::Exists(to.to_owned()));
        }
        Err(error) => return Err(unwritable(error.error)),
    }
    // The name too shall survive a power cut. Not every system can sync a folder.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(copied)
}

fn fill(from: &Path, to: &Path, progress: &mut impl FnMut(u8)) -> Result<Copied, CopyError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags)?;
    source.busy_timeout(BUSY)?;
    // From the first read to the end of the transaction the connection sees one state. Without
    // this, the copy would begin anew with each commit of a server.
    source.execute_batch("BEGIN")?;
    source.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    {
        let backup = Backup::new(&source, &mut copy)?;
        loop {
            match backup.step(PAGES)? {
                StepResult::Done => break,
                StepResult::More => thread::sleep(PAUSE),
                // Only ever a lock that somebody holds for a moment.
                _ => thread::sleep(50 * PAUSE),
            }
            let pages = backup.progress();
            let done = i64::from(pages.pagecount) - i64::from(pages.remaining);
            let percent = (done * 100)
                .checked_div(pages.pagecount.into())
                .unwrap_or(0);
            progress(u8::try_from(percent).unwrap_or(100));
        }
    }
    source.execute_batch("ROLLBACK")?;
    // One file, without a log beside it, until a server opens it.
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(CopyError::Damaged(verdict));
    }
    // Each server that is started on a copy gives it a history of its own.
    let forget = "DELETE FROM settings WHERE name = ?1";
    copy.execute(forget, [history::SETTING])?;
    let count = |sql| copy.query_row(sql, [], |row| row.get::<_, i64>(0));
    let (users, messages) = (
        count("SELECT COUNT(*) FROM users")?,
        count("SELECT COUNT(*) FROM messages")?,
    );
    copy.close().map_err(|(_, error)| error)?;
    let bytes = fs::metadata(to).map_err(|source| CopyError::Unwritable {
        path: to.to_owned(),
        source,
    })?;
    Ok(Copied {
        bytes: bytes.len(),
        users: users.unsigned_abs(),
        messages: messages.unsigned_abs(),
    })
}
