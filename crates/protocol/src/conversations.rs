//! Conversations, their members, and the marks that tell how far each member has come.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, Timestamp, accounts::User};

/// How many a conversation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// Two people.
    Direct,
    /// Any number, under a title.
    Group,
}

/// A conversation, as all its members see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conversation {
    /// The conversation.
    pub id: ConversationId,
    /// How many it is for.
    pub kind: ConversationKind,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// Somebody in a conversation, and how far they have come.
///
/// A message is delivered to, or read by, a member when the member's mark has reached its `seq`.
/// Marks only grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The person.
    pub user: User,
    /// A device of theirs holds all messages up to here.
    pub delivered_seq: u64,
    /// They have seen all messages up to here.
    pub read_seq: u64,
}

/// My side of a conversation, which nobody else sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Membership {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// I have seen all messages up to here, on whichever device. Unread are the messages of others
    /// after it.
    pub read_seq: u64,
}

/// `POST /api/v1/conversations/{id}/marks`, and a frame of the socket: says how far this user has
/// come. Lower marks than the present ones change nothing; higher ones than the last message's are
/// cut to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[derive(Default)]
pub struct Marks {
    /// All messages up to here are on this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
    /// All messages up to here were seen. Implies `delivered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
}
