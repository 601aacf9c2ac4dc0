//! Real cores against a real server.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also in the functions that it shares with others"
)]

mod absence;
mod chat;
mod cuts;
mod damage;
mod devices;
mod friends;
mod kills;
mod link;
#[cfg(target_os = "linux")]
mod nodes;
mod plans;
mod tokens;
