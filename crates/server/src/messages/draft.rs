//! A message that somebody wants to send.

use magpie_protocol::{
    ConversationId, ErrorBody, MessageId,
    messages::{MessageKind, SendMessage},
};
use serde_json::Value;

/// A message whose content has been checked, and its content as it will be stored.
#[derive(Debug)]
pub(crate) struct Draft {
    message: SendMessage,
    content: String,
}

impl Draft {
    /// Checks a message that somebody wants to send.
    ///
    /// # Errors
    /// `invalid_content`.
    pub(crate) fn check(message: SendMessage) -> Result<Self, ErrorBody> {
        message.check().map_err(|code| {
            ErrorBody::new(code, "the content does not fit its kind, or is too long")
        })?;
        let content = message.content.to_string();
        Ok(Self { message, content })
    }

    /// Returns the message's id.
    pub(crate) fn id(&self) -> MessageId {
        self.message.id
    }

    /// Returns where the message is to go.
    pub(crate) fn conversation_id(&self) -> ConversationId {
        self.message.conversation_id
    }

    /// Returns what sort of content it has.
    pub(super) fn kind(&self) -> MessageKind {
        self.message.kind
    }

    /// Returns the content.
    pub(super) fn content(&self) -> &Value {
        &self.message.content
    }

    /// Returns the content as it will be stored.
    pub(super) fn stored_content(&self) -> &str {
        &self.content
    }

    /// Tells whether this is the same message as `other`, whose id it has.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.message.conversation_id == other.message.conversation_id
            && self.message.kind == other.message.kind
            && self.content == other.content
    }
}
