//! The frames of the socket at [`crate::routes::SOCKET`].
//!
//! Each is one WebSocket text message holding one JSON object whose `type` names the frame. The
//! subprotocol is [`SUBPROTOCOL`]; the access token stands in the `Authorization` header of the
//! upgrade.

use serde::{Deserialize, Serialize};

use crate::{
    ConversationId, DeviceId, ErrorBody, MessageId, Timestamp, UserId,
    conversations::Marks,
    messages::{SendMessage, Sent},
    sync::{Change, Scope},
};

/// The WebSocket subprotocol that both sides name.
pub const SUBPROTOCOL: &str = "magpie.v1";

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Sends a message; answered with `ack` or `nack`.
    Send(SendMessage),
    /// Says how far this user has come in a conversation. Answered only when it fails.
    Mark(Mark),
}

/// How far this user has come in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// As in [`Marks`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
    /// As in [`Marks`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
}

impl Mark {
    /// Returns the marks without the conversation.
    #[must_use]
    pub const fn marks(&self) -> Marks {
        Marks {
            delivered: self.delivered,
            read: self.read,
        }
    }
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame: this socket now hears of every change in its user's scopes, so that a sync
    /// asked for from now on leaves no gap.
    Ready {
        /// Whose socket it is.
        user_id: UserId,
        /// Which device's.
        device_id: DeviceId,
        /// The server's clock.
        server_time: Timestamp,
        /// The server pings this often, and takes a socket for dead that was silent three times as
        /// long. In milliseconds.
        heartbeat_ms: u64,
    },
    /// A message is stored and synced to disk.
    Ack(Sent),
    /// A frame was refused and had no effect.
    Nack {
        /// The message that was not stored, where it was a `send` that could be read so far.
        id: Option<MessageId>,
        /// Why.
        error: ErrorBody,
    },
    /// Rows changed. To be applied when the client holds the scope up to `prev`; old news when it
    /// already holds `rev`; otherwise something in between was missed and is to be asked for.
    Changes {
        /// Where.
        scope: Scope,
        /// The scope's revision before.
        prev: u64,
        /// The scope's revision after.
        rev: u64,
        /// The rows, in revision order.
        changes: Vec<Change>,
    },
    /// Which friends are online. The first after `ready` name all friends, in as many frames as that
    /// takes; each later one those for whom it has changed. May be lost.
    Presence {
        /// The friends.
        users: Vec<Presence>,
    },
    /// Changes were left out because this socket was too slow: ask what changed.
    Resync {
        /// In this scope; in every scope where absent.
        scope: Option<Scope>,
    },
    /// The server closes this socket.
    Bye {
        /// Why.
        reason: ByeReason,
    },
    /// A frame of a newer version.
    #[serde(other)]
    Unknown,
}

/// Whether a person is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Presence {
    /// The person.
    pub user_id: UserId,
    /// Whether any of their devices is connected.
    pub online: bool,
    /// When one was connected last, where they are not online and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
}

/// Why the server closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    /// The server is stopping; connect again, with some patience.
    ShuttingDown,
    /// This device's session was ended: sign in again.
    SessionEnded,
    /// This device opened another socket.
    Replaced,
    /// Frames came far too fast.
    TooManyFrames,
    /// A frame was larger than [`crate::limits::FRAME_BYTES`].
    FrameTooLarge,
    /// A frame was not text.
    NotText,
    /// Nothing was heard for three heartbeats.
    Silent,
    /// A reason of a newer version.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_keep_their_shape() {
        let id = MessageId::from_parts(1_700_000_000_000, [1; 10]);
        let conversation_id = ConversationId::new(12).unwrap();
        let send = ClientFrame::Send(SendMessage::text(id, conversation_id, "喜鹊"));
        assert_eq!(
            serde_json::to_string(&send).unwrap(),
            r#"{"type":"send","id":"018bcfe5-6800-7101-8101-010101010101","conversation_id":12,"kind":"text","content":{"text":"喜鹊"}}"#
        );
        let ack = ServerFrame::Ack(Sent {
            id,
            conversation_id,
            seq: 3,
            created_at: Timestamp(5),
        });
        assert_eq!(
            serde_json::to_string(&ack).unwrap(),
            r#"{"type":"ack","id":"018bcfe5-6800-7101-8101-010101010101","conversation_id":12,"seq":3,"created_at":5}"#
        );
        let changes = ServerFrame::Changes {
            scope: Scope::Conversation(conversation_id),
            prev: 1,
            rev: 1,
            changes: vec![],
        };
        assert_eq!(
            serde_json::to_string(&changes).unwrap(),
            r#"{"type":"changes","scope":"conversation:12","prev":1,"rev":1,"changes":[]}"#
        );
    }

    #[test]
    fn clients_are_held_to_the_shape_and_servers_may_grow() {
        for bad in [
            r#"{"type":"mark","conversation_id":1,"seen":3}"#,
            r#"{"type":"mark","conversation_id":-1}"#,
            r#"{"type":"sing"}"#,
            r#"{"conversation_id":1}"#,
            r"[]",
        ] {
            assert!(serde_json::from_str::<ClientFrame>(bad).is_err(), "{bad}");
        }
        let frame: ServerFrame = serde_json::from_str(r#"{"type":"applause","n":3}"#).unwrap();
        assert_eq!(frame, ServerFrame::Unknown);
    }
}
