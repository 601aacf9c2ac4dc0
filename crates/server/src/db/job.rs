//! A closure on its way to the thread that runs it, and its outcome on the way back.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

use super::{DbError, Tx};

/// A closure that waits for its transaction, and whoever waits for its outcome.
pub(super) trait Job: Send {
    /// Runs the closure and keeps its outcome, in place of one that it had before. Returns whether
    /// it wants its changes to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Hands the outcome over, or the reason why none of it came about.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Asked<T, E, F> {
    work: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Makes a job of a closure, and the place where its outcome arrives.
pub(super) fn ask<T, E, F>(work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, E>>)
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    E: From<DbError> + Send + 'static,
    T: Send + 'static,
{
    let (reply, outcome) = oneshot::channel();
    let job = Box::new(Asked {
        work,
        outcome: None,
        reply,
    });
    (job, outcome)
}

impl<T, E, F> Job for Asked<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    E: From<DbError> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        // What the closure left half done is in the transaction, which will be rolled back.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(tx))).unwrap_or_else(|panic| {
            tracing::error!(panic = describe(&*panic), "db.transaction_panicked");
            Err(DbError::Panicked.into())
        });
        self.outcome.insert(outcome).is_ok()
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(gone().into()),
            (Err(error), _) => Err(error.into()),
        };
        // Nobody may be waiting any more.
        let _ = self.reply.send(outcome);
    }
}

fn describe(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of unknown kind")
}

/// What is said of a database that was closed.
pub(super) fn gone() -> DbError {
    DbError::Unavailable("it is closed".into())
}

/// Starts a thread of an engine.
pub(super) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, DbError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| DbError::Unavailable(error.to_string()))
}

/// Waits until threads of an engine have ended.
pub(super) async fn join(threads: Vec<JoinHandle<()>>) {
    // A thread that panicked was reported by the panic itself.
    let _ = tokio::task::spawn_blocking(|| {
        for thread in threads {
            let _ = thread.join();
        }
    })
    .await;
}
