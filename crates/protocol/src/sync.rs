//! Scopes, revisions and differences: how a client learns what it has missed.
//!
//! Everything synced is a row in a [`Scope`], and each scope has one counter, its revision (`rev`).
//! A change takes the next revision and stamps the row with it, so "what changed since 41?" is one
//! range, and any answer may be applied twice.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    ConversationId, InvalidId, Timestamp, UserId,
    accounts::{Account, Device},
    conversations::{Conversation, Member, Membership},
    friends::{Block, Friend, FriendRequest},
    messages::Message,
};

/// Who sees a change. Written as `user:7` or `conversation:12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One user: profile, friends, requests, blocks, devices, and their side of conversations.
    User(UserId),
    /// A conversation's members: the conversation, its members and marks, its messages.
    Conversation(ConversationId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Conversation(id) => write!(f, "conversation:{id}"),
        }
    }
}

impl FromStr for Scope {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once(':') {
            Some(("user", id)) => id.parse().map(Self::User),
            Some(("conversation", id)) => id.parse().map(Self::Conversation),
            _ => Err(InvalidId("scope")),
        }
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        String::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Scope {}

/// A row of a scope. Rows of both sorts of scope travel in one shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    /// User scope: one's own account.
    Account(Account),
    /// User scope: a friend, or (deleted) a former one.
    Friend(Friend),
    /// User scope: a friend request, sent or received.
    FriendRequest(FriendRequest),
    /// User scope: somebody blocked, or (deleted) not any more.
    Block(Block),
    /// User scope: a device, or an ended one.
    Device {
        /// The device.
        device: Device,
        /// It was ended.
        #[serde(default)]
        deleted: bool,
    },
    /// User scope: my side of a conversation.
    Membership(Membership),
    /// Conversation scope: the conversation itself.
    Conversation(Conversation),
    /// Conversation scope: a member and their marks.
    Member(Member),
    /// Conversation scope: a message.
    Message(Message),
    /// A row of a newer version.
    #[serde(other)]
    Unknown,
}

/// A row and the revision that stamped it. No two changes of a scope share a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// The revision.
    pub rev: u64,
    /// The row as it is since then.
    pub item: Item,
}

/// `GET /api/v1/account/changes` and `GET /api/v1/conversations/{id}/changes`: what changed since a
/// revision, in revision order. A row that changed twice is there once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Difference {
    /// The changed rows.
    pub changes: Vec<Change>,
    /// Having applied `changes`, the client holds the scope up to here. Where `more` is set this is
    /// the last change's revision, otherwise the scope's present one.
    pub rev: u64,
    /// There is more; ask again since `rev`.
    pub more: bool,
}

/// What a conversation looks like from a list: enough to show its line and to decide how to catch
/// up with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Head {
    /// The conversation.
    pub conversation: Conversation,
    /// Its scope's present revision.
    pub rev: u64,
    /// Its last message's place; 0 when there is none.
    pub last_seq: u64,
    /// How many messages of others lie after `membership.read_seq`.
    pub unread: u64,
    /// The last message.
    pub last_message: Option<Message>,
    /// My side of it.
    pub membership: Membership,
    /// Both members of a direct conversation; empty for a group, whose members come with its
    /// difference.
    pub members: Vec<Member>,
}

/// `GET /api/v1/sync?user_rev=R&since=T&limit=N`: all that a device which comes online needs for a
/// right list, in one round trip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sync {
    /// What changed in the user's scope since `user_rev`.
    pub user: Difference,
    /// The conversations that moved since `since`, newest first; all of them where it is 0. A
    /// conversation may be there without having moved.
    pub heads: Vec<Head>,
    /// What to pass as `since` the next time. Opaque to clients.
    pub next_since: u64,
    /// Which past this answer is of. Another number than before says that the server was restored
    /// from a copy: what a client holds may never have been, and it starts again from nothing. 0
    /// where a server does not say.
    #[serde(default)]
    pub history: u64,
    /// The server's clock.
    pub server_time: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_one_spelling() {
        for text in ["user:7", "conversation:9007199254740991"] {
            assert_eq!(
                text.parse::<Scope>().map(|scope| scope.to_string()),
                Ok(text.to_owned())
            );
        }
        for bad in [
            "", "user", "user:", "user:0", "user:+1", "team:1", "user:1:2", "User:1",
        ] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rows_of_a_newer_version_are_passed_over() {
        let change: Change =
            serde_json::from_str(r#"{"rev":3,"item":{"type":"sticker_pack","id":1}}"#).unwrap();
        assert_eq!(
            change,
            Change {
                rev: 3,
                item: Item::Unknown
            }
        );
    }
}
