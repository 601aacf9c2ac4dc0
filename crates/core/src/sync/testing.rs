//! What a server would say, said by somebody else.

use std::sync::Arc;

use magpie_protocol::{ConversationId, frames::ServerFrame, messages::History, sync::Sync};

use super::{apply, crew::Crew, run, touched::commit};
use crate::{Core, CoreError, socket::Incoming, store::table::scopes};

impl Core {
    /// Takes what a device hears when it comes online. Nothing is asked for that follows from it.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`].
    pub async fn hear_sync(&self, sync: Sync) -> Result<(), CoreError> {
        let me = self.shared.me;
        commit(&self.shared, move |tx, touched| {
            for head in &sync.heads {
                apply::head(tx, me, head, touched)?;
            }
            for change in &sync.user.changes {
                apply::user_item(tx, me, &change.item, touched)?;
            }
            scopes::set_since(tx, sync.next_since)
        })
        .await
    }

    /// Takes pages of history, all in one transaction.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`] or [`crate::LocalCode::DiskFull`].
    pub async fn hear_history(
        &self,
        pages: Vec<(ConversationId, History)>,
    ) -> Result<(), CoreError> {
        let me = self.shared.me;
        commit(&self.shared, move |tx, touched| {
            for (id, page) in pages {
                apply::history(tx, me, id, page.messages, page.last_seq, touched, false)?;
            }
            Ok(())
        })
        .await
    }

    /// Takes the frames of a socket, given as they travel, in the batches in which sync takes those
    /// that wait for it, and returns when everybody was told of them. What is not a frame is passed
    /// over.
    pub async fn hear_frames(&self, frames: &[String]) {
        let mut state = run::State::new(Arc::clone(&self.shared), Crew::default());
        for batch in frames.chunks(run::BATCH) {
            let read = batch
                .iter()
                .filter_map(|text| serde_json::from_str::<ServerFrame>(text).ok())
                .map(Incoming::Frame);
            state.take(read).await;
        }
    }
}
