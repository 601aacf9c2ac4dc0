//! The server, asked over the network as its clients ask it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in the functions that tests share too"
)]

mod accounts;
mod admin;
mod api;
mod backup;
#[cfg(unix)]
mod bus;
#[cfg(unix)]
mod copy;
mod doctor;
mod friends;
mod invitations;
mod limits;
mod marks;
mod messages;
mod metrics;
#[cfg(unix)]
mod nodes;
mod presence;
mod program;
mod routes;
mod server;
mod sessions;
#[cfg(unix)]
mod shared;
mod sockets;
mod sync;
mod updates;
mod world;
