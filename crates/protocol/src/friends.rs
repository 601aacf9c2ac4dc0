//! Friends, requests to become one, and blocks.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, FriendRequestId, Timestamp, UserId, accounts::User};

/// A friend as one's own list holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Friend {
    /// The friend's public profile.
    pub user: User,
    /// The name that the list's owner gave them; may be empty.
    pub remark: String,
    /// Since when.
    pub since: Timestamp,
    /// The direct conversation with them.
    pub conversation_id: ConversationId,
    /// No friend any more. The row stays, for the history still needs a name.
    #[serde(default)]
    pub deleted: bool,
}

/// What became of a friend request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Not answered yet. Past [`FriendRequest::expires_at`] this counts as ignored.
    Pending,
    /// They are friends now.
    Accepted,
    /// Answered with no.
    Rejected,
    /// Put aside. The person who asked still sees it pending until it runs out.
    Ignored,
}

/// A request to become friends, as one of the two sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FriendRequest {
    /// The request.
    pub id: FriendRequestId,
    /// Who asks.
    pub from: User,
    /// Who is asked.
    pub to: User,
    /// What they wrote with it; may be empty.
    pub message: String,
    /// What became of it.
    pub state: RequestState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
}

/// Somebody whom one has blocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Block {
    /// The person.
    pub user: User,
    /// Since when.
    pub since: Timestamp,
    /// Not blocked any more.
    #[serde(default)]
    pub deleted: bool,
}

/// `POST /api/v1/friend-requests`. Answered with the [`FriendRequest`].
///
/// Where the other person has asked already, this accepts their request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewFriendRequest {
    /// Who is asked.
    pub user_id: UserId,
    /// At most [`crate::limits::FRIEND_MESSAGE_CHARS`]; may be empty.
    #[serde(default)]
    pub message: String,
}

/// Which friend requests to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Those that others sent me.
    Received,
    /// Those that I sent.
    Sent,
}

/// `PATCH /api/v1/friends/{user}`. Answered with the [`Friend`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateFriend {
    /// At most [`crate::limits::REMARK_CHARS`]; empty to take it away.
    pub remark: String,
}
