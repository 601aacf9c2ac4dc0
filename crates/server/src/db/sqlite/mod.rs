//! The SQLite engine: one thread that writes, a few that read, none of them tokio's.
//!
//! Writes that wait at the same moment are committed together (group commit): syncing to disk is
//! what a commit costs, and so it is paid once for all of them. See [`writer`]. One more thread
//! empties the log into the file: see [`checkpoint`].

mod checkpoint;
mod connection;
mod reader;
mod writer;

use std::{
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::{
    Commits, DbError, Publish, Tx,
    job::{self, Job, gone, join, spawn},
};

pub(super) use connection::{Connection, value};

/// How many reads, and how many writes, may wait; whoever comes later waits for a place.
const QUEUE: usize = 4_096;

/// How many threads read: as many as there are cores to read with, within these.
const READERS: std::ops::RangeInclusive<usize> = 2..=4;

/// A handle to the engine; cheap to clone. The threads end when the last one is dropped.
#[derive(Clone)]
pub(super) struct Sqlite {
    reads: mpsc::Sender<Command>,
    writes: mpsc::Sender<Command>,
    threads: Arc<Mutex<Threads>>,
    commits: Commits,
}

#[derive(Default)]
struct Threads {
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

/// What the threads are told.
enum Command {
    Run(Box<dyn Job>),
    /// Do what is waiting and end.
    Close,
}

impl Sqlite {
    /// Opens or makes the file at `path`.
    pub(super) fn open(path: &Path, publish: Publish) -> Result<Self, DbError> {
        let mut connection = Connection::open_writer(path)?;
        connection.migrate()?;
        let checkpointer = checkpoint::start(path, &mut connection)?;
        let (writes, queue) = mpsc::channel(QUEUE);
        let commits = Commits::default();
        let writer = writer::Writer::new(connection, checkpointer, publish, commits.clone())?;
        let writer = spawn("db.writer", move || writer.run(queue))?;

        let (reads, queue) = mpsc::channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let readers = (0..cores.clamp(*READERS.start(), *READERS.end()))
            .map(|_| {
                let connection = Connection::open_reader(path)?;
                let queue = Arc::clone(&queue);
                spawn("db.reader", move || reader::run(&connection, &queue))
            })
            .collect::<Result<_, _>>()?;
        let threads = Threads {
            readers,
            writer: Some(writer),
        };
        Ok(Self {
            reads,
            writes,
            threads: Arc::new(Mutex::new(threads)),
            commits,
        })
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        run(&self.reads, work).await
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        run(&self.writes, work).await
    }

    pub(super) fn commits(&self) -> Commits {
        self.commits.clone()
    }

    pub(super) fn waiting(&self) -> super::Waiting {
        super::Waiting {
            reads: QUEUE.saturating_sub(self.reads.capacity()),
            writes: QUEUE.saturating_sub(self.writes.capacity()),
        }
    }

    pub(super) async fn close(&self) {
        // The writer after the readers: it empties the log, in which nobody may be reading then.
        let Threads { readers, writer } = std::mem::take(&mut *self.threads.lock());
        // Each fails where it is closed already.
        let _ = self.reads.send(Command::Close).await;
        join(readers).await;
        let _ = self.writes.send(Command::Close).await;
        join(writer.into_iter().collect()).await;
    }
}

async fn run<T, E, F>(queue: &mpsc::Sender<Command>, work: F) -> Result<T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    E: From<DbError> + Send + 'static,
    T: Send + 'static,
{
    let (job, outcome) = job::ask(work);
    if queue.send(Command::Run(job)).await.is_err() {
        return Err(gone().into());
    }
    outcome.await.unwrap_or_else(|_| Err(gone().into()))
}
