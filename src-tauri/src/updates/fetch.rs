//! Fetching a package.

use std::sync::Arc;

use magpie_core::Failure;
use tauri_plugin_updater::Update;
use tokio::sync::Notify;

use super::{UpdateRefusal, UpdateState, Updates, nothing_there};

/// No package is larger, in bytes; it is held in memory.
const LARGEST: u64 = 512 * 1024 * 1024;
/// So much more must have come before the pages are told again, in parts of the whole.
const STEPS: u64 = 100;
const LEAST_STEP: u64 = 64 * 1024;

/// How much of a package is here.
#[derive(Debug, Default)]
struct Progress {
    done: u64,
    told: u64,
}

impl Progress {
    /// Counts what came; returns whether it is worth telling.
    fn more(&mut self, bytes: usize, total: Option<u64>) -> bool {
        self.done = self
            .done
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let step = LEAST_STEP.max(total.unwrap_or_default() / STEPS);
        let is_news = self.done.saturating_sub(self.told) >= step || Some(self.done) == total;
        if is_news {
            self.told = self.done;
        }
        is_news
    }
}

impl Updates {
    /// Fetches and checks the newer version that was found. How that ends is told as a state.
    ///
    /// # Errors
    /// When none was found, or somebody is at it already.
    pub(crate) async fn fetch(&self) -> Result<(), Failure> {
        let _work = self.work.try_lock().map_err(|_| nothing_there())?;
        let found = self.found.lock().clone().ok_or_else(nothing_there)?;
        if found.package.is_some() {
            self.ready_or_waiting().await;
            return Ok(());
        }
        match self.download(&found.update, found.size()).await {
            Ok(package) => {
                let mut found = found;
                found.package = Some(Arc::new(package));
                let ready = found.ready();
                *self.found.lock() = Some(found);
                self.tell(ready);
            }
            Err(reason) => self.refuse(reason),
        }
        Ok(())
    }

    async fn download(&self, update: &Update, size: Option<u64>) -> Result<Vec<u8>, UpdateRefusal> {
        let downloading = |done, total| UpdateState::Downloading {
            version: update.version.clone(),
            done,
            total,
        };
        self.tell(downloading(0, size));
        let (too_much, mut progress) = (Notify::new(), Progress::default());
        let counted = |bytes: usize, announced: Option<u64>| {
            let total = announced.or(size);
            if progress.more(bytes, total) {
                self.tell(downloading(progress.done, total));
            }
            if progress.done > LARGEST {
                too_much.notify_one();
            }
        };
        let outcome = tokio::select! {
            outcome = update.download(counted, || {}) => outcome,
            () = too_much.notified() => {
                tracing::warn!("an update is too large to be one");
                return Err(UpdateRefusal::Damaged);
            }
        };
        outcome.map_err(|error| {
            tracing::warn!(%error, "an update was not taken");
            self.refusal(&error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_in_steps_and_at_the_end() {
        let mut progress = Progress::default();
        let total = Some(10 * LEAST_STEP);
        let told = (0..640).filter(|_| progress.more(1024, total)).count();
        assert_eq!(told, 10);
        assert_eq!(progress.done, 640 * 1024);
        let mut small = Progress::default();
        assert!(!small.more(1, Some(3)));
        assert!(small.more(2, Some(3)), "the end is told");
        let mut unknown = Progress::default();
        assert!(!unknown.more(1, None));
    }
}
