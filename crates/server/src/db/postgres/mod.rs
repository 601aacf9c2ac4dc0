//! The PostgreSQL engine: threads with a connection each, none of them tokio's, that share one
//! queue.
//!
//! A closure is run in a transaction of its own. Reads see one state (`REPEATABLE READ`). Writes
//! are as if each were alone (`SERIALIZABLE`), since the domain was written for one writer; where
//! two get in each other's way one is rolled back and run again. Closures that take their locks
//! themselves run in `READ COMMITTED`. What is published is published after the commit, by the
//! thread that committed: the events of one scope can come in another order than their revisions
//! when several threads write to it, and clients then ask for the difference. A conversation's
//! messages keep theirs, for one lane sends them.
//!
//! A connection that is lost before the commit was sent costs nothing: the closure is run again on
//! another. When it is lost during the commit, the server is asked what became of the transaction,
//! and only where it cannot say is the outcome unknown and the answer
//! [`DbError::Unavailable`]; it is then asked on, for those whom it concerns (`doubt`). A server that
//! is gone is waited for a few seconds; after that everybody is refused until it is back.

mod doubt;
mod failure;
mod figures;
mod session;
mod start;
mod target;
mod values;
mod worker;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::{self, JoinHandle},
};

use parking_lot::{Mutex, RwLock};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};

use self::{doubt::Doubts, figures::Figures, session::Mode, worker::Outage};
use super::{
    Commits, DbError, Publish, Tx,
    job::{self, Job, gone},
};
use crate::bus::Event;

pub(in crate::db) use session::Session;
pub(crate) use target::Target;
pub(super) use values::value;

pub use figures::Pool;

/// How many closures may wait; whoever comes later waits for a place.
const QUEUE: usize = 4_096;

/// A handle to the engine; cheap to clone. The threads end when the last one is dropped.
#[derive(Clone)]
pub(super) struct Postgres {
    queue: mpsc::Sender<Command>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
    shared: Arc<Shared>,
    workers: usize,
}

/// What all workers share.
struct Shared {
    target: Target,
    publish: Publish,
    commits: Commits,
    figures: Figures,
    outage: Mutex<Option<Outage>>,
    // Held by transactions that can get in each other's way, by one alone when it has to be.
    turns: RwLock<()>,
    doubts: Doubts,
}

impl Shared {
    fn publish(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let published = catch_unwind(AssertUnwindSafe(|| (self.publish)(events)));
        if published.is_err() {
            tracing::error!("db.publish_panicked");
        }
    }
}

/// What the threads are told.
enum Command {
    Run(Work),
    /// Do what is waiting and end.
    Close,
}

struct Work {
    job: Box<dyn Job>,
    mode: Mode,
}

impl Postgres {
    /// Brings the database up to this version and starts as many threads as it shall have
    /// connections.
    pub(super) fn open(
        target: &Target,
        connections: usize,
        publish: Publish,
    ) -> Result<Self, DbError> {
        let shared = Arc::new(Shared {
            target: target.clone(),
            publish,
            commits: Commits::default(),
            figures: Figures::default(),
            outage: Mutex::default(),
            turns: RwLock::default(),
            doubts: Doubts::default(),
        });
        let first = {
            let target = target.clone();
            // Whoever calls may be on a thread of tokio, where one must not wait.
            let opening = thread::spawn(move || open_first(&target));
            opening.join().unwrap_or(Err(DbError::Panicked))?
        };
        shared.figures.connected();
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut first = Some(first);
        let threads = (0..connections.max(1) as u64)
            .map(|number| {
                let (runtime, session) = match first.take() {
                    Some((runtime, session)) => (runtime, Some(session)),
                    None => (new_runtime()?, None),
                };
                let worker = worker::Worker::new(runtime, Arc::clone(&shared), session, number);
                let waiting = Arc::clone(&waiting);
                job::spawn("db.worker", move || worker.run(&waiting))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            queue,
            workers: threads.len(),
            threads: Arc::new(Mutex::new(threads)),
            shared,
        })
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        self.run(Mode::Read, work).await
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        self.run(Mode::Serializable, work).await
    }

    pub(super) async fn write_locked<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        self.run(Mode::Locked, work).await
    }

    async fn run<T, E, F>(&self, mode: Mode, work: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        let (job, outcome) = job::ask(work);
        let Ok(place) = self.queue.reserve().await else {
            return Err(gone().into());
        };
        self.shared.figures.asked(mode);
        place.send(Command::Run(Work { job, mode }));
        outcome.await.unwrap_or_else(|_| Err(gone().into()))
    }

    pub(super) fn commits(&self) -> Commits {
        self.shared.commits.clone()
    }

    pub(super) fn waiting(&self) -> super::Waiting {
        self.shared.figures.waiting()
    }

    pub(super) fn pool(&self) -> Pool {
        self.shared.figures.pool()
    }

    pub(super) fn workers(&self) -> usize {
        self.workers
    }

    pub(super) async fn close(&self) {
        // Fails where it is closed already.
        let _ = self.queue.send(Command::Close).await;
        let threads = std::mem::take(&mut *self.threads.lock());
        self.shared.doubts.close();
        job::join(threads).await;
    }
}

fn new_runtime() -> Result<Arc<Runtime>, DbError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map(Arc::new)
        .map_err(|error| DbError::Unavailable(error.to_string()))
}

/// Opens the first connection, and gets the database ready over it.
fn open_first(target: &Target) -> Result<(Arc<Runtime>, Session), DbError> {
    let open = || -> Result<_, DbError> {
        let runtime = new_runtime()?;
        let session =
            Session::open(Arc::clone(&runtime), target).map_err(|failure| failure.error)?;
        Ok((runtime, session))
    };
    {
        let (_runtime, session) = open()?;
        start::prepare(&session)?;
    }
    // Another one: the first has taken no heed of time, and knows the tables as they were before.
    let (runtime, session) = open()?;
    start::introduce(&session).map_err(|failure| failure.error)?;
    Ok((runtime, session))
}
