//! A thread that reads. Several share one queue.

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::{Command, Connection, Job};
use crate::db::{
    DbError,
    tx::{Engine, Stamp, Tx},
};

/// Runs what comes, each in a transaction of its own, until the queue is closed and empty.
pub(super) fn run(connection: &Connection, queue: &Mutex<mpsc::Receiver<Command>>) {
    while let Some(mut job) = next(queue) {
        let done = read(connection, job.as_mut());
        job.answer(done);
    }
}

/// Waits for the next closure. Whoever holds the lock waits for it; the others wait for the lock.
fn next(queue: &Mutex<mpsc::Receiver<Command>>) -> Option<Box<dyn Job>> {
    let mut queue = queue.lock();
    loop {
        match queue.blocking_recv()? {
            Command::Run(job) => return Some(job),
            Command::Close => queue.close(),
        }
    }
}

fn read(connection: &Connection, job: &mut dyn Job) -> Result<(), DbError> {
    connection.control("BEGIN DEFERRED")?;
    let mut tx = Tx {
        engine: Engine::Sqlite(connection),
        events: Vec::new(),
        stamp: Stamp::ReadOnly,
    };
    job.run(&mut tx);
    if connection.in_transaction() {
        connection.control("ROLLBACK")?;
    }
    Ok(())
}
