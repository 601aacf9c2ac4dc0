//! Magpie's server: accounts, friends, conversations and their messages over HTTP and one socket.
//!
//! [`Server::start`] runs it inside the program that calls it; `magpie-server` is such a program,
//! and so is the desktop app. `docs/architecture.md` says how the parts work together.

mod accounts;
mod admin;
mod app;
mod backup;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod config;
mod conversations;
mod copy;
pub mod db;
mod docs;
mod doctor;
mod error;
mod friends;
mod gather;
mod health;
mod invitations;
mod limits;
mod messages;
mod metrics;
pub mod nodes;
mod presence;
mod sessions;
mod socket;
pub mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod updates;

pub use app::{App, Server, StartError, Surroundings};
pub use config::Config;
pub use error::AppError;
