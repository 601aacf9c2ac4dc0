//! What the machine does when only the indispensable part of the work is done: the floors that the
//! figures stand beside.

mod disk;
mod echo;
mod fan;
mod postgres;
mod sqlite;

use std::time::Duration;

use crate::measure::Latencies;

pub(crate) use disk::sync;
pub(crate) use echo::{EchoArgs, Echoed, echo, echo_paced, idle_echo, per_thousand, serve};
pub(crate) use fan::{fan, serve_fan};
pub(crate) use postgres::PostgresLoop;
pub(crate) use sqlite::SqliteLoop;

/// What a bare loop of the statements of a send did.
#[derive(Debug, Clone)]
pub(crate) struct SqlFloor {
    /// Sends in a second, each committed by itself.
    pub(crate) one_by_one: f64,
    /// Sends in a second, 64 committed together.
    pub(crate) batched: f64,
    /// Sends in a second, as many committed together as the workload has in flight.
    pub(crate) all_together: f64,
    /// What a commit of one small change takes.
    pub(crate) commit: Latencies,
}

/// How much a bare loop does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SqlCounts {
    /// Sends that are committed by themselves; and commits of nothing but a counter.
    pub(crate) singly: u64,
    /// Sends that are committed together.
    pub(crate) together: u64,
    /// How many messages the workload has in flight.
    pub(crate) in_flight: u64,
}

/// Returns how many in a second.
pub(crate) fn rate(count: u64, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let count = count as f64;
    count / took.as_secs_f64().max(f64::EPSILON)
}
