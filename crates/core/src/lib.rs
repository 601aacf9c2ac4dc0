//! Magpie's client without a window.
//!
//! [`Home`] is the data folder of one profile of the app: its settings and the accounts that were
//! used in it. Signing in, registering or resuming gives a [`Core`], a cheap handle over the tasks
//! of one account. What the screen shows comes from the local database, which is written first;
//! then a [`CoreEvent`] is emitted.

mod client;
mod clock;
mod error;
mod event;
mod tasks;

pub mod contacts;
pub mod conversations;
pub mod diagnostics;
pub mod home;
pub mod notify;
pub mod outbox;
pub mod presence;
pub mod secrets;
pub mod session;
pub mod settings;
pub mod socket;
pub mod storage;
pub mod timeline;

mod api;
mod pipeline;
mod store;
mod sync;

pub use api::GuestWay;
pub use client::Core;
pub use clock::{Clock, SystemClock, this_platform};
pub use error::{CoreError, Failure, FailureCode, LocalCode};
pub use event::{CoreEvent, EventStream, Notice};
pub use home::{Home, HomeOptions};
pub use magpie_protocol as protocol;
