//! The core against a scripted server.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod client;
mod diagnostics;
mod events;
mod fake;
mod gateway;
mod home;
mod link;
mod lock;
mod notify;
mod outbox;
mod presence;
mod proxy;
mod storage;
mod sync;
