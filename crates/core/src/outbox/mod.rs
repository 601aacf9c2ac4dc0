//! What is still owed to the server.
//!
//! A message lies in the outbox from the moment it is written until the transaction that gives it
//! its place in the conversation. It is sent again after every loss of the link, a restart or a
//! kill, always under the id with which it was written, which the server stores once. Within a
//! conversation the order of writing is kept. One that the server refuses for good stays with the
//! reason and lets those after it pass.

mod flight;
mod ids;
mod sender;

pub(crate) use flight::Flight;
pub(crate) use ids::Mint;
pub(crate) use sender::{may_retry, run};

use magpie_protocol::{ConversationId, ErrorBody, ErrorCode, MessageId, messages::SendMessage};

use crate::{
    Core, CoreError, pipeline,
    store::table::outbox,
    sync::commit,
    timeline::{MessageView, unsent},
};

impl Core {
    /// Puts a text into the outbox and returns it as it will be shown. It is on the disk when this
    /// returns, and is sent once, after those before it, when the server can be reached.
    ///
    /// # Errors
    /// [`magpie_protocol::ErrorCode::InvalidContent`] when it is blank or too long,
    /// [`crate::LocalCode::Storage`], [`crate::LocalCode::DiskFull`].
    pub async fn send_text(
        &self,
        conversation_id: ConversationId,
        text: &str,
    ) -> Result<MessageView, CoreError> {
        let shared = &self.shared;
        let message = SendMessage::text(shared.new_message_id(), conversation_id, text);
        let (me, now) = (shared.me, shared.clock.now());
        let row = commit(shared, move |tx, touched| {
            let queued = pipeline::queue(tx, message, now)?;
            if let Ok(row) = &queued {
                touched.outbox();
                touched.messages(conversation_id, [row.id]);
            }
            Ok(queued)
        })
        .await??;
        Ok(unsent(me, &row))
    }

    /// Returns how many messages wait to be sent or are under way. Those that were refused wait for
    /// nobody but the user, and are not counted.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`].
    pub async fn unsent(&self) -> Result<u64, CoreError> {
        Ok(self.shared.store.read(outbox::count_queued).await?)
    }

    /// Tries a refused message again.
    ///
    /// # Errors
    /// [`magpie_protocol::ErrorCode::MessageNotFound`] when it is not in the outbox.
    pub async fn retry_message(&self, id: MessageId) -> Result<(), CoreError> {
        let found = commit(&self.shared, move |tx, touched| {
            let found = outbox::requeue(tx, id)?;
            if let Some(row) = outbox::get(tx, id)? {
                touched.outbox();
                touched.messages(row.conversation_id, [id]);
            }
            Ok(found)
        })
        .await?;
        found.then_some(()).ok_or_else(not_here)
    }

    /// Deletes a refused message, or one that has not left yet.
    ///
    /// # Errors
    /// [`magpie_protocol::ErrorCode::MessageNotFound`] when it is not in the outbox, or has left
    /// and waits for the server's answer.
    pub async fn delete_unsent(&self, id: MessageId) -> Result<(), CoreError> {
        let shared = &self.shared;
        if !shared.flight.withdraw(id) {
            return Err(not_here());
        }
        let removed = commit(shared, move |tx, touched| {
            if let Some(row) = outbox::get(tx, id)? {
                touched.messages(row.conversation_id, [id]);
            }
            outbox::remove(tx, id)
        })
        .await;
        if !matches!(removed, Ok(true)) {
            shared.flight.release(id);
        }
        removed?.then_some(()).ok_or_else(not_here)
    }
}

fn not_here() -> CoreError {
    ErrorBody::new(ErrorCode::MessageNotFound, "it is not in the outbox").into()
}
