//! Real cores against a real server, with the network cut on purpose.
//!
//! A [`Stage`] holds a server and the people of a test. Each [`Person`] has one or more [`Device`]s:
//! a real core, a data folder of its own, and a [`Link`] of its own to the server. What people say
//! is written down in a [`Record`], independently of cores and server, and
//! [`Stage::all_is_well`] compares everything with it at the end: nothing lost, doubled or out of
//! order, unread counts right, every device equal to the server.
//!
//! A server runs alone, on the engine that `MAGPIE_TEST_ENGINE` names (`sqlite` or `postgres`), or as
//! several [`Nodes`] on one PostgreSQL and one Redis, each of which can be killed, cut off and started
//! again. What was sent, acknowledged and delivered is printed at the end of each test.
//!
//! Waiting is for conditions, with a deadline; nothing here sleeps for luck.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate holds tests only, and a test fails by panicking"
)]

pub mod check;
mod clock;
mod device;
mod ear;
mod engine;
pub mod link;
pub mod nodes;
mod observer;
mod person;
mod pipe;
pub mod plan;
mod process;
pub mod record;
mod server;
mod stage;
mod wait;

pub use clock::TestClock;

pub use device::{Device, WholeTimeline};
pub use ear::Ear;
pub use link::{Fault, Link};
pub use nodes::Nodes;
pub use observer::Observer;
pub use person::Person;
pub use pipe::Pipe;
pub use process::{ChildClient, ChildServer};
pub use record::Record;
pub use server::{ServerSettings, serve};
pub use stage::{Stage, Tally};
pub use wait::{PATIENCE, eventually};
