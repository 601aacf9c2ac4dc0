//! What travels between Magpie's client and server.
//!
//! This crate holds shapes and the rules that both sides must agree on, and nothing that acts:
//! no I/O, no clock, no randomness. Requests refuse unknown fields, so that a typing mistake is
//! noticed; answers and frames tolerate them, so that an older client can talk to a newer server.

pub mod accounts;
pub mod conversations;
mod error;
pub mod frames;
pub mod friends;
mod ids;
pub mod limits;
pub mod messages;
pub mod names;
mod page;
pub mod routes;
pub mod server;
pub mod sessions;
pub mod sync;
pub mod updates;

pub use error::{ErrorBody, ErrorCode, Retry};
pub use ids::{
    ConversationId, DeviceId, FriendRequestId, InvalidId, MAX_NUMBER, MessageId, Timestamp, UserId,
};
pub use page::Page;
