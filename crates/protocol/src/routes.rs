//! The paths of the HTTP interface. `{…}` is filled in by the functions beside the constants.
//!
//! The server mounts the constants and the client calls the functions, so that the two cannot
//! drift apart.

use crate::{ConversationId, DeviceId, FriendRequestId, MessageId, UserId};

macro_rules! routes {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $path;)*
    };
}

routes! {
    /// `GET`: [`crate::server::Health`]. Open to everybody.
    HEALTH = "/health";
    /// `GET`: 200 as long as the program answers at all. Open to everybody.
    HEALTH_LIVE = "/health/live";
    /// `GET`: 200 when requests are welcome, 503 otherwise. Open to everybody.
    HEALTH_READY = "/health/ready";
    /// `GET`: [`crate::server::ServerInfo`]. Open to everybody.
    SERVER = "/api/v1/server";
    /// `POST` [`crate::accounts::Register`]: [`crate::sessions::SignedIn`]. Open to everybody.
    ACCOUNTS = "/api/v1/accounts";
    /// `POST` [`crate::sessions::SignIn`]: [`crate::sessions::SignedIn`]. Open to everybody.
    SESSIONS = "/api/v1/sessions";
    /// `POST` [`crate::sessions::Refresh`]: [`crate::sessions::Tokens`]. Open to everybody.
    REFRESH = "/api/v1/sessions/refresh";
    /// `DELETE`: signs this device out.
    CURRENT_SESSION = "/api/v1/sessions/current";
    /// `GET`: [`crate::accounts::Account`]. `PATCH` [`crate::accounts::UpdateAccount`]: the same.
    ACCOUNT = "/api/v1/account";
    /// `PUT` [`crate::accounts::ChangePassword`].
    PASSWORD = "/api/v1/account/password";
    /// `GET ?since=&limit=`: [`crate::sync::Difference`] of the user's scope.
    ACCOUNT_CHANGES = "/api/v1/account/changes";
    /// `GET`: `Vec<`[`crate::accounts::Device`]`>`.
    DEVICES = "/api/v1/devices";
    /// `DELETE`: ends that device's session.
    DEVICE = "/api/v1/devices/{device_id}";
    /// `GET ?q=&cursor=&limit=`: [`crate::Page`] of [`crate::accounts::User`]: the user with this
    /// number or user name first, then those whose user name or nickname begins with it.
    USERS = "/api/v1/users";
    /// `GET`: [`crate::accounts::User`].
    USER = "/api/v1/users/{user_id}";
    /// `GET ?direction=&cursor=&limit=`: [`crate::Page`] of [`crate::friends::FriendRequest`],
    /// newest first. `POST` [`crate::friends::NewFriendRequest`].
    FRIEND_REQUESTS = "/api/v1/friend-requests";
    /// `POST`: accepts; answered with the new [`crate::friends::Friend`].
    ACCEPT_REQUEST = "/api/v1/friend-requests/{request_id}/accept";
    /// `POST`: rejects; answered with the [`crate::friends::FriendRequest`].
    REJECT_REQUEST = "/api/v1/friend-requests/{request_id}/reject";
    /// `POST`: ignores; answered with the [`crate::friends::FriendRequest`].
    IGNORE_REQUEST = "/api/v1/friend-requests/{request_id}/ignore";
    /// `GET ?cursor=&limit=`: [`crate::Page`] of [`crate::friends::Friend`], by number.
    FRIENDS = "/api/v1/friends";
    /// `GET`: [`crate::friends::Friend`]. `PATCH` [`crate::friends::UpdateFriend`]: the same.
    /// `DELETE`: ends the friendship both ways.
    FRIEND = "/api/v1/friends/{user_id}";
    /// `GET ?cursor=&limit=`: [`crate::Page`] of [`crate::friends::Block`], by number.
    BLOCKS = "/api/v1/blocks";
    /// `PUT`: blocks; answered with the [`crate::friends::Block`]. `DELETE`: unblocks.
    BLOCK = "/api/v1/blocks/{user_id}";
    /// `GET`: [`crate::sync::Head`].
    CONVERSATION = "/api/v1/conversations/{conversation_id}";
    /// `GET ?before=&after=&limit=`: [`crate::messages::History`]: the messages before or after a
    /// `seq` (not both), or the newest.
    HISTORY = "/api/v1/conversations/{conversation_id}/messages";
    /// `POST` [`crate::conversations::Marks`].
    MARKS = "/api/v1/conversations/{conversation_id}/marks";
    /// `GET ?since=&limit=&below_seq=`: [`crate::sync::Difference`] of the conversation's scope;
    /// with `below_seq`, of its messages only those before that `seq`.
    CONVERSATION_CHANGES = "/api/v1/conversations/{conversation_id}/changes";
    /// `POST` [`crate::messages::SendMessage`]: [`crate::messages::Sent`].
    MESSAGES = "/api/v1/messages";
    /// `GET`: [`crate::messages::MessageStatus`].
    MESSAGE_STATUS = "/api/v1/messages/{message_id}/status";
    /// `GET ?user_rev=&since=&limit=`: [`crate::sync::Sync`].
    SYNC = "/api/v1/sync";
    /// `GET`: [`crate::server::Gateway`].
    GATEWAY = "/api/v1/gateway";
    /// `GET`: upgrades to the socket; see [`crate::frames`].
    SOCKET = "/api/v1/socket";
    /// `GET`: [`crate::updates::UpdateManifest`], or nothing (204) while there is none. Open to
    /// everybody.
    UPDATES = "/api/v1/updates";
    /// `GET`: a package that the manifest names; parts of it too (`Range`). Open to everybody.
    UPDATE_PACKAGE = "/api/v1/updates/{file}";
}

/// [`DEVICE`], filled in.
#[must_use]
pub fn device(id: DeviceId) -> String {
    format!("{DEVICES}/{id}")
}

/// [`USER`], filled in.
#[must_use]
pub fn user(id: UserId) -> String {
    format!("{USERS}/{id}")
}

/// [`ACCEPT_REQUEST`], filled in.
#[must_use]
pub fn accept_request(id: FriendRequestId) -> String {
    format!("{FRIEND_REQUESTS}/{id}/accept")
}

/// [`REJECT_REQUEST`], filled in.
#[must_use]
pub fn reject_request(id: FriendRequestId) -> String {
    format!("{FRIEND_REQUESTS}/{id}/reject")
}

/// [`IGNORE_REQUEST`], filled in.
#[must_use]
pub fn ignore_request(id: FriendRequestId) -> String {
    format!("{FRIEND_REQUESTS}/{id}/ignore")
}

/// [`FRIEND`], filled in.
#[must_use]
pub fn friend(id: UserId) -> String {
    format!("{FRIENDS}/{id}")
}

/// [`BLOCK`], filled in.
#[must_use]
pub fn block(id: UserId) -> String {
    format!("{BLOCKS}/{id}")
}

/// [`CONVERSATION`], filled in.
#[must_use]
pub fn conversation(id: ConversationId) -> String {
    format!("/api/v1/conversations/{id}")
}

/// [`HISTORY`], filled in.
#[must_use]
pub fn history(id: ConversationId) -> String {
    format!("/api/v1/conversations/{id}/messages")
}

/// [`MARKS`], filled in.
#[must_use]
pub fn marks(id: ConversationId) -> String {
    format!("/api/v1/conversations/{id}/marks")
}

/// [`CONVERSATION_CHANGES`], filled in.
#[must_use]
pub fn conversation_changes(id: ConversationId) -> String {
    format!("/api/v1/conversations/{id}/changes")
}

/// [`MESSAGE_STATUS`], filled in.
#[must_use]
pub fn message_status(id: MessageId) -> String {
    format!("{MESSAGES}/{id}/status")
}
