//! The core against a scripted server.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod client;
mod events;
mod fake;
mod gateway;
mod home;
mod link;
mod outbox;
mod presence;
mod sync;
