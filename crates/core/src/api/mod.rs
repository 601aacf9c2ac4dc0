//! The server's HTTP interface, one typed call per route.
//!
//! [`Http`] asks without being signed in. [`Api`] adds the access token: a call that meets an
//! expired one refreshes it once and is repeated, and one that meets the end of the session says so
//! to [`crate::session::Session`]. Failures come with the server's own code, or with a local one
//! when the server's mouth was not reached.

mod authorised;
mod call;
mod failure;
mod guest;
mod open;
mod tls;
mod way;

pub(crate) use authorised::Api;
pub(crate) use call::Http;
pub(crate) use failure::transport_code;
pub use guest::GuestWay;
pub(crate) use way::Way;
