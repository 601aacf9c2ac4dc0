//! Messages.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ConversationId, ErrorCode, MessageId, Timestamp, UserId, limits::TEXT_CHARS};

/// What sort of content a message has. The server routes by this and checks the shapes of the kinds
/// it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Plain text; see [`Text`].
    Text,
    /// Something that happened, told by the server and worded by the client; see [`SystemEvent`].
    System,
    /// A kind of a newer version.
    #[serde(other)]
    Unknown,
}

/// A message as the server stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Message {
    /// The message, for ever.
    pub id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place there: 1, 2, 3 … without a gap.
    pub seq: u64,
    /// Who wrote it; nobody wrote system messages.
    pub sender_id: Option<UserId>,
    /// What sort of content it has.
    pub kind: MessageKind,
    /// The content, in its kind's shape.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub content: Value,
    /// When the server stored it.
    pub created_at: Timestamp,
}

impl Message {
    /// Reads the content in its kind's shape.
    #[must_use]
    pub fn body(&self) -> Body {
        Body::read(self.kind, &self.content)
    }
}

/// The content of a [`MessageKind::Text`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// 1 to [`TEXT_CHARS`] characters, not only white space, without U+0000.
    pub text: String,
}

/// The content of a [`MessageKind::System`]: what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SystemEvent {
    /// The two are friends now.
    Befriended {
        /// Who asked.
        requester: UserId,
        /// Who accepted.
        accepter: UserId,
        /// What was written with the request; may be empty.
        message: String,
    },
    /// An event of a newer version; see [`Body::read`].
    Unknown,
}

/// A message's content, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// Plain text.
    Text(Text),
    /// Something that happened.
    System(SystemEvent),
    /// A kind, or a shape of a kind, that this version cannot read.
    Unsupported,
}

impl Body {
    /// Reads `content` in the shape of `kind`; [`Body::Unsupported`] where it has another, and
    /// [`SystemEvent::Unknown`] for an event that this version does not know.
    #[must_use]
    pub fn read(kind: MessageKind, content: &Value) -> Self {
        let body = match kind {
            MessageKind::Text => content.get("text").and_then(Value::as_str).map(|text| {
                Self::Text(Text {
                    text: text.to_owned(),
                })
            }),
            MessageKind::System => Some(Self::System(
                SystemEvent::deserialize(content).unwrap_or(SystemEvent::Unknown),
            )),
            MessageKind::Unknown => None,
        };
        body.unwrap_or(Self::Unsupported)
    }
}

/// `POST /api/v1/messages`, and a frame of the socket: sends a message. Answered with [`Sent`].
///
/// May be sent any number of times: the same id with the same content is stored once, and each time
/// answered alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SendMessage {
    /// Minted by the sender's device.
    pub id: MessageId,
    /// Where to.
    pub conversation_id: ConversationId,
    /// What sort of content it has.
    pub kind: MessageKind,
    /// The content, in its kind's shape.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub content: Value,
}

impl SendMessage {
    /// Makes a text message.
    #[must_use]
    pub fn text(id: MessageId, conversation_id: ConversationId, text: &str) -> Self {
        let content = serde_json::json!({ "text": text });
        Self {
            id,
            conversation_id,
            kind: MessageKind::Text,
            content,
        }
    }

    /// Checks that the content has its kind's shape and size.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidContent`].
    pub fn check(&self) -> Result<(), ErrorCode> {
        match self.kind {
            MessageKind::Text => {
                let Text { text } =
                    Text::deserialize(&self.content).map_err(|_| ErrorCode::InvalidContent)?;
                check_text(&text)
            }
            MessageKind::System | MessageKind::Unknown => Err(ErrorCode::InvalidContent),
        }
    }
}

/// Checks the text of a message.
///
/// # Errors
/// [`ErrorCode::InvalidContent`] when it is blank, longer than [`TEXT_CHARS`], or holds U+0000,
/// which not every database can store.
pub fn check_text(text: &str) -> Result<(), ErrorCode> {
    if text.trim().is_empty() || text.chars().count() > TEXT_CHARS || text.contains('\0') {
        return Err(ErrorCode::InvalidContent);
    }
    Ok(())
}

/// The answer to a send: the message is stored and synced to disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sent {
    /// The message.
    pub id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place there.
    pub seq: u64,
    /// When the server stored it.
    pub created_at: Timestamp,
}

/// `GET /api/v1/conversations/{id}/messages`: a stretch of history, in `seq` order whichever way it
/// was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    /// The messages, dense in `seq`.
    pub messages: Vec<Message>,
    /// The conversation's last `seq`; 0 when it is empty.
    pub last_seq: u64,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// The server has it.
    Sent,
    /// A device of each other member has it.
    Delivered,
    /// Each other member has seen it.
    Read,
}

/// `GET /api/v1/messages/{id}/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageStatus {
    /// The message.
    pub id: MessageId,
    /// How far it has come.
    pub state: MessageState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_checked_by_characters_not_bytes() {
        assert_eq!(check_text(&"喜".repeat(TEXT_CHARS)), Ok(()));
        for bad in ["", " \n\t", "a\0b", &"鹊".repeat(TEXT_CHARS + 1)] {
            assert_eq!(check_text(bad), Err(ErrorCode::InvalidContent));
        }
    }

    #[test]
    fn clients_send_only_kinds_that_they_may() {
        let id = MessageId::from_parts(1, [0; 10]);
        let conversation_id = ConversationId::new(1).unwrap();
        let mut message = SendMessage::text(id, conversation_id, "喜鹊");
        assert_eq!(message.check(), Ok(()));
        message.content["more"] = 1.into();
        assert_eq!(message.check(), Err(ErrorCode::InvalidContent));
        message.kind = MessageKind::System;
        assert_eq!(message.check(), Err(ErrorCode::InvalidContent));
    }

    #[test]
    fn what_a_newer_server_sends_is_unsupported_not_an_error() {
        let message: Message = serde_json::from_value(serde_json::json!({
            "id": MessageId::from_parts(1, [0; 10]), "conversation_id": 1, "seq": 1,
            "sender_id": null, "kind": "hologram", "content": {"x": 1}, "created_at": 5, "new": 1,
        }))
        .unwrap();
        assert_eq!(message.body(), Body::Unsupported);
        let system = |content| Body::read(MessageKind::System, &content);
        assert_eq!(
            system(serde_json::json!({"event": "coronation", "of": 3})),
            Body::System(SystemEvent::Unknown)
        );
    }
}
