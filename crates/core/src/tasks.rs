//! Tasks with names and an owner.
//!
//! A task that panics, or ends though nobody asked it to, is reported and started again after a
//! pause that grows. All tasks end when their owner is dropped.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// The pause before the first new start; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 1_000 });
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The tasks of one owner.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<Vec<AbortOnDropHandle<()>>>);

impl Tasks {
    /// Starts a task, and starts it again with a fresh future of `make` whenever it ends; `failed`
    /// hears of each such end.
    pub(crate) fn spawn<M, F>(
        &self,
        name: &'static str,
        failed: impl Fn() + Send + 'static,
        mut make: M,
    ) where
        M: FnMut() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let watched = async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let started = Instant::now();
                report(name, AssertUnwindSafe(make()).catch_unwind().await.is_ok());
                failed();
                if started.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        };
        self.0
            .lock()
            .push(AbortOnDropHandle::new(tokio::spawn(watched)));
    }

    /// Ends all tasks and waits until they have let go of what they held.
    pub(crate) async fn close(&self) {
        let tasks = std::mem::take(&mut *self.0.lock());
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            // An aborted task ends with an error; that is what was asked for.
            let _ = task.await;
        }
    }
}

fn report(name: &'static str, ended: bool) {
    // What a panic says was printed where it happened.
    let how = if ended { "ended early" } else { "panicked" };
    tracing::error!(task = name, how, "a task must be started again");
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_reported_and_started_again() {
        let (runs, failures) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let done = Arc::new(tokio::sync::Notify::new());
        let tasks = Tasks::default();
        let (counted, told, seen) = (runs.clone(), done.clone(), failures.clone());
        tasks.spawn(
            "test",
            move || {
                seen.fetch_add(1, Ordering::SeqCst);
            },
            move || {
                let (runs, done) = (counted.clone(), told.clone());
                async move {
                    match runs.fetch_add(1, Ordering::SeqCst) {
                        0 => panic!("on purpose"),
                        1 => {}
                        _ => {
                            done.notify_one();
                            std::future::pending::<()>().await;
                        }
                    }
                }
            },
        );
        done.notified().await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
        assert_eq!(failures.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn closing_ends_what_runs() {
        let alive = Arc::new(());
        let tasks = Tasks::default();
        let held = alive.clone();
        tasks.spawn(
            "test",
            || {},
            move || {
                let held = held.clone();
                async move {
                    std::future::pending::<()>().await;
                    drop(held);
                }
            },
        );
        tasks.close().await;
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}
