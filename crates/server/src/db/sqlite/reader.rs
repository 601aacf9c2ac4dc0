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
    loop {
        // Whoever holds the lock waits for the next one; the others wait for the lock.
        let command = queue.lock().blocking_recv();
        match command {
            Some(Command::Run(mut job)) => {
                let done = read(connection, job.as_mut());
                job.answer(done);
            }
            Some(Command::Close) => queue.lock().close(),
            None => return,
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
