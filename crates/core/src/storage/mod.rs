//! What an account takes on the disk, and giving some of it back.
//!
//! Old messages can leave this device; the server keeps them. Those that are unsent, unread or
//! among the newest stay. What left is not fetched again by itself, only when somebody scrolls up to
//! it, until it leaves once more.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::{
    Core, CoreError,
    client::Shared,
    socket::LinkState,
    store::table::{space, trim},
    sync::commit,
};

/// How many messages leave in one transaction, so that others get their turn.
const BATCH: u32 = 2_000;
const DAY: Duration = Duration::from_secs(24 * 3_600);
const DAY_MS: i64 = 24 * 3_600_000;

/// What an account takes on the disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct StorageUsed {
    /// Messages.
    pub messages: u64,
    /// What they are searched by.
    pub search: u64,
    /// Everything else.
    pub other: u64,
    /// What could be given back: room that nothing takes, and, about, what
    /// [`Core::free_space`] would remove.
    pub free: u64,
    /// How many messages there are.
    pub message_count: u64,
}

/// How far [`Core::free_space`] has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct FreeingProgress {
    /// How many messages were removed.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

impl Core {
    /// Returns what this account takes on the disk. Looks at every page of the database, which takes
    /// a while where it is large.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`].
    pub async fn storage_used(&self) -> Result<StorageUsed, CoreError> {
        let files = self.shared.store.size_on_disk();
        let trimmable: u64 = trimmable(&self.shared)
            .await?
            .iter()
            .map(|part| part.many)
            .sum();
        let used = self.shared.store.read(space::used).await?;
        let kinds = used.messages.saturating_add(used.search);
        let free = used.free.min(files);
        // Each as large as the average.
        let leaving = match used.message_count {
            0 => 0,
            many => used.messages / many * trimmable,
        };
        Ok(StorageUsed {
            messages: used.messages,
            search: used.search,
            other: files.saturating_sub(kinds).saturating_sub(free),
            free: free.saturating_add(leaving),
            message_count: used.message_count,
        })
    }

    /// Removes messages from this device that are older than the settings say, where they do, and
    /// gives the room back to the disk. It is done once a day without being asked for; `progress`
    /// hears how far it has come, first of nothing done.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`]. What was removed before stays
    /// removed.
    pub async fn free_space(
        &self,
        progress: impl FnMut(FreeingProgress) + Send,
    ) -> Result<StorageUsed, CoreError> {
        free(&self.shared, progress).await?;
        self.shared.store.compact().await?;
        self.storage_used().await
    }
}

/// Removes what is too old, once a day while there is a link: without one, what left could not come
/// back.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut link = shared.link.subscribe();
    while link
        .wait_for(|link| *link == LinkState::Online)
        .await
        .is_ok()
    {
        if let Err(error) = tidy(&shared).await {
            tracing::warn!(%error, "old messages could not be removed");
            shared.troubles.note("storage", error.code());
        }
        sleep(DAY).await;
    }
    std::future::pending().await
}

async fn tidy(shared: &Arc<Shared>) -> Result<(), CoreError> {
    let mut many = 0;
    free(shared, |progress| many = progress.done).await?;
    if many > 0 {
        tracing::info!(many, "old messages were removed from this device");
        shared.store.compact().await?;
    }
    Ok(())
}

async fn free(
    shared: &Arc<Shared>,
    mut progress: impl FnMut(FreeingProgress) + Send,
) -> Result<(), CoreError> {
    let parts = trimmable(shared).await?;
    let total: u64 = parts.iter().map(|part| part.many).sum();
    let mut done = 0;
    progress(FreeingProgress { done, total });
    for trim::Part { id, up_to, .. } in parts {
        loop {
            let leaving = commit(shared, move |tx, _| trim::some(tx, id, up_to, BATCH));
            let many = leaving.await?;
            if many == 0 {
                break;
            }
            done = total.min(done + many);
            progress(FreeingProgress { done, total });
        }
    }
    Ok(())
}

/// Returns what may leave, by conversation.
async fn trimmable(shared: &Shared) -> Result<Vec<trim::Part>, CoreError> {
    let Some(days) = shared.settings.borrow().keep_days else {
        return Ok(Vec::new());
    };
    let age = DAY_MS.saturating_mul(i64::from(days));
    let (me, before) = (shared.me, shared.clock.now().plus_millis(-age));
    let read = shared.store.read(move |db| trim::parts(db, me, before));
    Ok(read.await?)
}
