//! The server, asked over the network as its clients ask it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in the functions that tests share too"
)]

mod accounts;
mod api;
mod friends;
mod limits;
mod marks;
mod messages;
mod metrics;
mod routes;
mod server;
mod sessions;
mod sockets;
mod sync;
mod world;
