//! The thread that brings the file up to date with the log.
//!
//! Left to itself, SQLite does this within the commit that has made the log long enough: that one
//! commit then writes thousands of pages and syncs the file, and all who want to write wait for it.
//! Here the writer only says that the log is long enough, and a connection of its own copies the
//! pages while the writer goes on.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use parking_lot::Mutex;

use super::Connection;
use crate::db::{DbError, job::spawn};

/// How many pages (of 4 KiB) the log grows by between one checkpoint and the next. A page that many
/// commits change is copied once in that while, so more is cheaper, and takes longer to read at a
/// start after a crash.
const OFTEN: u32 = 4_000;

/// From so many pages on the writer waits until the thread has done what it is at, and copies the
/// rest itself, so that the log begins anew: one who is never at rest would otherwise make it grow
/// for ever.
const LONG: u32 = 16_000;

/// Starts the thread for the file at `path`, and has `writer` wake it. It ends when
/// that connection leaves the log or is closed.
///
/// # Errors
/// When the file cannot be opened once more or there is no thread to be had.
pub(super) fn start(path: &Path, writer: &mut Connection) -> Result<JoinHandle<()>, DbError> {
    let connection = Connection::open_checkpointer(path)?;
    let (wake, woken) = sync_channel(1);
    let copying = Arc::default();
    writer.watch_log(watch(wake, Arc::clone(&copying)))?;
    spawn("db.checkpoint", move || run(&connection, &woken, &copying))
}

/// Returns what is to be called with the pages in the log after each commit. It tells whether the
/// writer has to copy them itself.
fn watch(
    wake: SyncSender<()>,
    copying: Arc<Mutex<()>>,
) -> impl FnMut(u32) -> bool + Send + 'static {
    let mut next = OFTEN;
    let mut before = 0;
    move |pages| {
        if pages < before {
            // The log has begun anew.
            next = OFTEN;
        }
        before = pages;
        if pages < next {
            return false;
        }
        next = pages.saturating_add(OFTEN);
        if pages >= LONG {
            drop(copying.lock());
            return true;
        }
        // When it is full, the thread has not begun yet with what it was woken for.
        let _ = wake.try_send(());
        false
    }
}

fn run(connection: &Connection, woken: &Receiver<()>, copying: &Mutex<()>) {
    while woken.recv().is_ok() {
        let _copying = copying.lock();
        if let Err(error) = connection.checkpoint() {
            // The log stays as it is, and the next word brings the thread here again.
            tracing::warn!(%error, "db.checkpoint_failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_is_woken_each_time_the_log_has_grown_by_enough() {
        let (wake, woken) = sync_channel(1);
        let mut commit = watch(wake, Arc::default());
        let mut woken_by = |pages| {
            assert!(!commit(pages));
            woken.try_recv().is_ok()
        };
        assert!(!woken_by(1));
        assert!(!woken_by(OFTEN - 1));
        assert!(woken_by(OFTEN + 10));
        assert!(!woken_by(OFTEN + 20));
        assert!(woken_by(2 * OFTEN + 10));
        // The log began anew.
        assert!(!woken_by(3));
        assert!(woken_by(OFTEN));
    }

    #[test]
    fn the_writer_copies_a_log_that_has_become_too_long() {
        let (wake, woken) = sync_channel(1);
        let mut commit = watch(wake, Arc::default());
        assert!(commit(LONG));
        assert!(!commit(LONG + 1));
        // Readers have kept it from beginning anew.
        assert!(commit(LONG + OFTEN));
        assert!(woken.try_recv().is_err());
    }

    #[test]
    fn the_log_is_copied_while_the_writer_goes_on_and_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("magpie.db");
        let mut writer = Connection::open_writer(&path).unwrap();
        let thread = start(&path, &mut writer).unwrap();
        writer
            .batch("CREATE TABLE pages (id INTEGER PRIMARY KEY, content BLOB NOT NULL)")
            .unwrap();
        let full = u64::from(LONG + 4 * OFTEN) * 4_096;
        let mut written = 0;
        while written < 3 * full {
            // 256 pages at least in each commit.
            writer
                .batch(
                    "INSERT INTO pages (content)
                     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 256)
                     SELECT zeroblob(4096) FROM n",
                )
                .unwrap();
            written += 256 * 4_096;
        }
        let log = std::fs::metadata(path.with_extension("db-wal")).unwrap();
        assert!(log.len() < full, "the log has {} bytes", log.len());
        writer.leave_log().unwrap();
        thread.join().unwrap();
        drop(writer);
        assert!(std::fs::metadata(&path).unwrap().len() >= written);
    }
}
