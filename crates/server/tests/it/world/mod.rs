//! A server of one's own, and people who use it over real connections.

mod people;
mod server;
mod sockets;

use std::time::Duration;

pub(crate) use self::{
    people::{Person, befriend, message_id, text},
    server::{World, on_postgres},
    sockets::Socket,
};

/// No answer takes as long, so a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
