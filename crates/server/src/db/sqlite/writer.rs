//! The thread that writes.
//!
//! It takes all closures that wait, up to [`BATCH`], and runs them in one transaction, each in its
//! own savepoint: one that fails is rolled back alone. Then it commits once, hands the events to the
//! bus and answers everybody. When the commit fails nothing of the batch has happened, and all are
//! told so, those too whose closure had failed: it may have failed over what did not come about.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread::JoinHandle,
    time::Instant,
};

use tokio::sync::mpsc;

use super::{Command, Connection, Job};
use crate::{
    bus::Event,
    db::{
        Commits, DbError, Publish, Value,
        tx::{Engine, Stamp, Tx},
    },
};

/// The most closures that are committed together.
const BATCH: usize = 256;

pub(super) struct Writer {
    connection: Connection,
    checkpointer: JoinHandle<()>,
    publish: Publish,
    // The greatest activity stamp that was given to a batch.
    last_stamp: i64,
    commits: Commits,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        checkpointer: JoinHandle<()>,
        publish: Publish,
        commits: Commits,
    ) -> Result<Self, DbError> {
        let last_stamp = connection.last_stamp()?;
        Ok(Self {
            connection,
            checkpointer,
            publish,
            last_stamp,
            commits,
        })
    }

    /// Runs what comes until the queue is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut batch: Vec<Box<dyn Job>> = Vec::with_capacity(BATCH);
        while let Some(first) = queue.blocking_recv() {
            let mut next = Some(first);
            while let Some(command) = next {
                match command {
                    Command::Run(job) => batch.push(job),
                    Command::Close => queue.close(),
                }
                next = (batch.len() < BATCH)
                    .then(|| queue.try_recv().ok())
                    .flatten();
            }
            self.commit(&mut batch);
        }
        self.close();
    }

    /// Empties the log and takes it away. The connection that closes last does that, and of two that
    /// close at once neither: so the checkpointer's goes first.
    fn close(mut self) {
        if let Err(error) = self.connection.leave_log() {
            tracing::warn!(%error, "db.checkpointer_kept");
        } else {
            // One that panicked was reported by the panic itself.
            let _ = self.checkpointer.join();
        }
        if let Err(error) = self.connection.batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            // The log stays and is read at the next start.
            tracing::warn!(%error, "db.checkpoint_failed");
        }
    }

    fn commit(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let began = Instant::now();
        match self.transact(batch) {
            Ok(events) => {
                self.commits.committed(batch.len(), began.elapsed());
                let published = catch_unwind(AssertUnwindSafe(|| (self.publish)(events)));
                if published.is_err() {
                    tracing::error!("db.publish_panicked");
                }
                for job in batch.drain(..) {
                    job.answer(Ok(()));
                }
            }
            Err(error) => {
                tracing::error!(%error, transactions = batch.len(), "db.commit_failed");
                if self.connection.in_transaction()
                    && let Err(error) = self.connection.batch("ROLLBACK")
                {
                    tracing::error!(%error, "db.rollback_failed");
                }
                for job in batch.drain(..) {
                    job.answer(Err(DbError::Unavailable(error.to_string())));
                }
            }
        }
    }

    fn transact(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Vec<Event>, DbError> {
        let stamp = self.last_stamp + 1;
        let mut events = Vec::new();
        let mut stamped = false;
        self.connection.control("BEGIN IMMEDIATE")?;
        for job in batch {
            self.connection.control("SAVEPOINT one")?;
            let mut tx = Tx {
                engine: Engine::Sqlite(&self.connection),
                events: Vec::new(),
                stamp: Stamp::Unused(stamp),
            };
            let keep = job.run(&mut tx);
            if !self.connection.in_transaction() {
                // SQLite gives a transaction up by itself on some errors, such as a full disk.
                return Err(DbError::Unavailable("the transaction was given up".into()));
            }
            if keep {
                stamped |= matches!(tx.stamp, Stamp::Used(_));
                events.append(&mut tx.events);
            } else {
                self.connection.control("ROLLBACK TO one")?;
            }
            self.connection.control("RELEASE one")?;
        }
        if stamped {
            self.last_stamp = stamp;
            self.connection.execute(
                "UPDATE counters SET value = $1 WHERE name = 'activity'",
                &[Value::Int(stamp)],
            )?;
        }
        self.connection.control("COMMIT")?;
        Ok(events)
    }
}
