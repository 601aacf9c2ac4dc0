//! The tables, one file each: its part of the schema, what reads it, what writes it.
//!
//! What reads takes a `&Connection`, what writes takes a `&Tx`. Two promises are kept here, by
//! whatever writes, so that no caller can forget them: a message that is stored leaves the outbox
//! in the same transaction, and the line of the list follows the last message and the marks.

pub(crate) mod account;
pub(crate) mod blocks;
pub(crate) mod conversations;
pub(crate) mod counts;
pub(crate) mod drafts;
pub(crate) mod friend_requests;
pub(crate) mod friends;
pub(crate) mod held_ranges;
pub(crate) mod marks_owed;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod mutes;
pub(crate) mod outbox;
pub(crate) mod scopes;
pub(crate) mod space;
pub(crate) mod trim;
mod unread;
pub(crate) mod users;

#[cfg(test)]
mod tests;
