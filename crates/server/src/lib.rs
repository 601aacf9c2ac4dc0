//! Magpie's server: accounts, friends, conversations and their messages over HTTP and one socket.
//!
//! [`Server::start`] runs it inside the program that calls it; `magpie-server` is such a program,
//! and so is the desktop app. `docs/architecture.md` says how the parts work together.

mod app;
pub mod bus;
pub mod clock;
pub mod config;
pub mod db;
mod docs;
mod error;
mod health;
mod sessions;

pub use app::{App, Server, StartError, Surroundings};
pub use config::Config;
pub use error::AppError;
