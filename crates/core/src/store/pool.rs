//! One connection that writes, and a few that read beside it.
//!
//! SQLite lets one writer in at a time and any number of readers. With one connection for both, a
//! long read would hold up every write; with a pool of writers, they would meet each other's locks.
//! So there is exactly one writing connection. Writes queue up for it, and those that wait are run
//! each in its savepoint inside one transaction, which costs one sync of the disk for all of them.
//! Everything runs on the runtime's blocking threads: at most one for writing and [`READERS`] for
//! reading.

use std::{
    collections::BTreeMap,
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::{Semaphore, oneshot};

use super::{DatabaseKey, Result, StoreError, open::connect};

/// How many reads run at once.
const READERS: usize = 4;
/// How many writes share one transaction at most, so that the first of them is not kept waiting.
const GROUP: usize = 64;

/// How often reads are interrupted that go on while the database is closed: between two statements
/// of a read, one that is interrupted does not notice.
const AGAIN: Duration = Duration::from_millis(20);

/// How many pages are given back in one step.
const STEP: u32 = 1_000;
/// What SQLite calls giving back in steps.
const INCREMENTAL: i64 = 2;

/// A transaction that may write. Whatever reads, reads it as well.
pub(crate) struct Tx<'a>(&'a Connection);

impl<'a> Tx<'a> {
    /// Takes a connection that is inside a transaction.
    pub(super) const fn of(connection: &'a Connection) -> Self {
        Self(connection)
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

/// The local database of one account. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

/// A database that somebody else keeps open.
pub(crate) struct WeakStore(Weak<Inner>);

impl WeakStore {
    /// Returns the database while it is in use.
    pub(crate) fn upgrade(&self) -> Option<Store> {
        self.0.upgrade().map(Store)
    }
}

struct Inner {
    path: PathBuf,
    /// Forgotten when the database is closed.
    key: Mutex<Option<DatabaseKey>>,
    /// Lies beside the database once damage was met, so that the next start looks everywhere.
    marker: PathBuf,
    writer: Mutex<Option<Connection>>,
    queue: Mutex<Queue>,
    readers: Mutex<Vec<Connection>>,
    /// Held by each read for as long as it has a connection, and by whoever closes the database.
    reading: RwLock<()>,
    /// What interrupts the reads that run, by their numbers.
    running: Mutex<BTreeMap<u64, InterruptHandle>>,
    /// How many reads there were.
    reads: AtomicU64,
    permits: Semaphore,
    /// Damage was met, and is not to be reported again.
    suspect: AtomicBool,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Box<dyn Job>>,
    draining: bool,
    closed: bool,
}

impl Store {
    /// Takes an opened and migrated connection for writing.
    pub(super) fn new(
        writer: Connection,
        path: PathBuf,
        key: DatabaseKey,
        marker: PathBuf,
    ) -> Self {
        Self(Arc::new(Inner {
            path,
            key: Mutex::new(Some(key)),
            marker,
            writer: Mutex::new(Some(writer)),
            queue: Mutex::default(),
            readers: Mutex::default(),
            reading: RwLock::default(),
            running: Mutex::default(),
            reads: AtomicU64::default(),
            permits: Semaphore::new(READERS),
            suspect: AtomicBool::new(false),
        }))
    }

    /// Returns a handle that does not keep the database open.
    pub(crate) fn downgrade(&self) -> WeakStore {
        WeakStore(Arc::downgrade(&self.0))
    }

    /// Runs a closure over the last committed state.
    ///
    /// # Errors
    /// What the closure returns, or [`StoreError::Closed`].
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let _permit = self
            .0
            .permits
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        let task = tokio::task::spawn_blocking(move || inner.read(work));
        task.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs a closure in a transaction, and returns when its effect is synced to the disk. The
    /// closure runs even if the caller stops waiting. When it fails, it has had no effect.
    ///
    /// # Errors
    /// What the closure returns, why the transaction could not be committed, or
    /// [`StoreError::Closed`].
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let start = {
            let mut queue = self.0.queue.lock();
            if queue.closed {
                return Err(StoreError::Closed);
            }
            queue.jobs.push(Box::new(Waiting {
                work: Some(work),
                outcome: None,
                reply,
            }));
            !std::mem::replace(&mut queue.draining, true)
        };
        if start {
            let inner = Arc::clone(&self.0);
            tokio::task::spawn_blocking(move || inner.drain());
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Gives room that nothing takes back to the disk, in steps between which others get their turn.
    /// A file of an older version is written anew for it, once.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] where there is no room to write it anew, or [`StoreError::Closed`].
    pub(crate) async fn compact(&self) -> Result<()> {
        let inner = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || inner.compact());
        task.await.map_err(|_| StoreError::Closed)?
    }

    /// Returns how much room the files take, in bytes.
    pub(crate) fn size_on_disk(&self) -> u64 {
        let mut log = self.0.path.as_os_str().to_owned();
        log.push("-wal");
        [self.0.path.clone(), PathBuf::from(log)]
            .iter()
            .filter_map(|path| path.metadata().ok())
            .map(|file| file.len())
            .sum()
    }

    /// Tells whether the database was closed, or is being closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Finishes the writes that wait, breaks off the reads that run, and closes the file: when this
    /// returns, no connection is open, and with it no key is held. Later reads and writes fail.
    pub(crate) async fn close(&self) {
        self.0.queue.lock().closed = true;
        self.0.permits.close();
        let inner = Arc::clone(&self.0);
        // It fails only when the runtime is going down, which closes the file as well.
        let _ = tokio::task::spawn_blocking(move || {
            // Whoever drains the queue holds the writer, so that this waits for it.
            inner.drain();
            inner.shut();
        })
        .await;
    }
}

/// A read that can be interrupted.
struct Running<'a> {
    inner: &'a Inner,
    number: u64,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.inner.running.lock().remove(&self.number);
    }
}

impl Inner {
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        // To the end, so that no connection is opened or given back behind the back of whoever
        // closes the database.
        let _reading = self.reading.read();
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        let outcome = self.read_open(work);
        // It may have been interrupted for that, wherever it was.
        outcome.map_err(|error| match self.is_closed() {
            true => StoreError::Closed,
            false => error,
        })
    }

    fn read_open<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let held = self.readers.lock().pop();
        let connection = match held {
            Some(connection) => connection,
            None => {
                let key = self.key.lock().clone().ok_or(StoreError::Closed)?;
                connect(&self.path, &key, false)?
            }
        };
        let number = self.reads.fetch_add(1, Ordering::Relaxed);
        let handle = connection.get_interrupt_handle();
        self.running.lock().insert(number, handle);
        let _running = Running {
            inner: self,
            number,
        };
        // One transaction, so that a closure with several statements sees one state.
        connection.execute_batch("BEGIN")?;
        let outcome = work(&connection);
        let ended = connection.execute_batch("COMMIT");
        if let Err(error) = &outcome {
            self.note(error);
        }
        if ended.is_ok() && !self.is_closed() {
            let mut readers = self.readers.lock();
            // Of those whose callers stopped waiting, more can run than there are permits.
            if readers.len() < READERS {
                readers.push(connection);
            }
        }
        outcome
    }

    fn is_closed(&self) -> bool {
        self.queue.lock().closed
    }

    /// Runs queued writes until there are none.
    fn drain(&self) {
        let mut writer = self.writer.lock();
        loop {
            let mut group = {
                let mut queue = self.queue.lock();
                if queue.jobs.is_empty() {
                    queue.draining = false;
                    return;
                }
                let many = queue.jobs.len().min(GROUP);
                queue.jobs.drain(..many).collect::<Vec<_>>()
            };
            match writer.as_mut() {
                Some(connection) => self.run(connection, &mut group),
                None => group
                    .iter_mut()
                    .for_each(|job| job.fail(&StoreError::Closed)),
            }
            for job in group {
                job.answer();
            }
        }
    }

    /// Runs a group in one transaction and leaves the outcome in each job.
    fn run(&self, connection: &Connection, group: &mut [Box<dyn Job>]) {
        if let Err(error) = self.try_run(connection, group) {
            self.note(&error);
            tracing::error!(%error, "a transaction of the local database failed");
            // It may be gone already, so that this fails.
            let _ = connection.execute_batch("ROLLBACK");
            for job in group {
                job.fail(&error);
            }
        }
    }

    fn try_run(&self, connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<()> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for job in group {
            connection.execute_batch("SAVEPOINT job")?;
            match job.run(&Tx(connection)) {
                Ok(()) => connection.execute_batch("RELEASE job")?,
                Err(error) => {
                    self.note(&error);
                    // After a full disk or damage, SQLite has rolled everything back by itself.
                    if connection.is_autocommit() {
                        return Err(error);
                    }
                    connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
                }
            }
        }
        Ok(connection.execute_batch("COMMIT")?)
    }

    fn compact(&self) -> Result<()> {
        loop {
            let writer = self.writer.lock();
            let connection = writer.as_ref().ok_or(StoreError::Closed)?;
            let pragma = |name: &str| connection.query_row(name, [], |row| row.get::<_, i64>(0));
            if pragma("PRAGMA auto_vacuum")? != INCREMENTAL {
                connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM")?;
            }
            let mut statement =
                connection.prepare(&format!("PRAGMA incremental_vacuum({STEP})"))?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            if pragma("PRAGMA freelist_count")? == 0 {
                // Until the log is written into it, the file is as long as it was.
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
                return Ok(());
            }
        }
    }

    fn note(&self, error: &StoreError) {
        if matches!(error, StoreError::Corrupt(_)) && !self.suspect.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "the local database is damaged; the next start rebuilds it");
            if let Err(error) = std::fs::write(&self.marker, []) {
                tracing::error!(%error, "the next start cannot be told of the damage");
            }
        }
    }

    fn shut(&self) {
        self.key.lock().take();
        let reading = loop {
            for read in self.running.lock().values() {
                read.interrupt();
            }
            if let Some(reading) = self.reading.try_write_for(AGAIN) {
                break reading;
            }
        };
        self.readers.lock().clear();
        drop(reading);
        let Some(connection) = self.writer.lock().take() else {
            return;
        };
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "the local database did not close cleanly");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shut();
    }
}

/// A write in the queue.
trait Job: Send {
    /// Runs it and keeps its outcome, of which the error is returned as well.
    fn run(&mut self, tx: &Tx<'_>) -> Result<()>;
    /// Replaces its outcome, for the transaction around it failed.
    fn fail(&mut self, error: &StoreError);
    /// Gives its outcome to whoever waits.
    fn answer(self: Box<Self>);
}

struct Waiting<T, F> {
    work: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: FnOnce(&Tx<'_>) -> Result<T> + Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> Result<()> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        // A panic in one write must not take the others' database away.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_| Err(StoreError::Other("a write panicked".to_owned())));
        let error = outcome.as_ref().err().cloned();
        self.outcome = Some(outcome);
        error.map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: &StoreError) {
        self.outcome = Some(Err(error.clone()));
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or(Err(StoreError::Closed));
        // Nobody may be waiting any more.
        let _ = self.reply.send(outcome);
    }
}
