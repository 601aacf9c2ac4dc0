//! What an account takes on the disk, and giving some of it back.
//!
//! Old messages can leave this device; the server keeps them. Those that are unsent, unread or
//! among the newest stay. What left is not fetched again by itself, only when somebody scrolls up to
//! it, until it leaves once more.

use magpie_protocol::ConversationId;
use serde::{Deserialize, Serialize};

use crate::{
    Core, CoreError,
    store::table::{space, trim},
    sync::commit,
};

/// How many messages leave in one transaction, so that others get their turn.
const BATCH: u32 = 2_000;
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
        let trimmable: u64 = self.trimmable().await?.iter().map(|part| part.many).sum();
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
    /// gives the room back to the disk. `progress` hears how far it has come, first of nothing done.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`]. What was removed before stays
    /// removed.
    pub async fn free_space(
        &self,
        mut progress: impl FnMut(FreeingProgress) + Send,
    ) -> Result<StorageUsed, CoreError> {
        let parts = self.trimmable().await?;
        let total: u64 = parts.iter().map(|part| part.many).sum();
        let mut done = 0;
        progress(FreeingProgress { done, total });
        for part in parts {
            loop {
                let many = self.trim(part.id, part.up_to).await?;
                if many == 0 {
                    break;
                }
                done = total.min(done + many);
                progress(FreeingProgress { done, total });
            }
        }
        self.shared.store.compact().await?;
        self.storage_used().await
    }

    /// Returns what may leave, by conversation.
    async fn trimmable(&self) -> Result<Vec<trim::Part>, CoreError> {
        let Some(days) = self.shared.settings.borrow().keep_days else {
            return Ok(Vec::new());
        };
        let age = DAY_MS.saturating_mul(i64::from(days));
        let before = self.shared.clock.now().plus_millis(-age);
        let me = self.shared.me;
        let read = self
            .shared
            .store
            .read(move |db| trim::parts(db, me, before));
        Ok(read.await?)
    }

    /// Removes a few messages up to a place. Tells how many there were.
    async fn trim(&self, id: ConversationId, up_to: u64) -> Result<u64, CoreError> {
        commit(&self.shared, move |tx, _| trim::some(tx, id, up_to, BATCH)).await
    }
}
