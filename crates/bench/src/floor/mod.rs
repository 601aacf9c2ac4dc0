//! What the machine does when only the indispensable part of the work is done: the floors that the
//! figures stand beside.

mod disk;
mod echo;
mod fan;
mod postgres;
mod sqlite;

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Result;

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
    /// From when a send was due until it was committed, where a pace was asked for.
    pub(crate) paced: Option<Latencies>,
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
    /// How often sends are due, where they have a pace.
    pub(crate) pace: Option<Pace>,
}

/// Sends that are due at even distances, whether the ones before are done or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How many are due in a second.
    pub(crate) in_second: u32,
    /// How many there are.
    pub(crate) count: u32,
}

/// A pace that is being kept.
pub(crate) struct Paced {
    pace: Pace,
    begin: Instant,
    done: u32,
    latencies: Latencies,
}

impl Paced {
    /// Starts the clock.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn start(pace: Pace) -> Result<Self> {
        Ok(Self {
            pace,
            begin: Instant::now(),
            done: 0,
            latencies: Latencies::new()?,
        })
    }

    /// Waits until something is due, and returns how many sends are by then; 0 at the end.
    pub(crate) fn due(&self) -> u32 {
        if self.done == self.pace.count {
            return 0;
        }
        sleep(self.meant(self.done).saturating_sub(self.begin.elapsed()));
        let late = self.begin.elapsed().saturating_sub(self.meant(self.done));
        let more = late.as_nanos() / self.every().as_nanos().max(1);
        let left = self.pace.count - self.done;
        u32::try_from(more)
            .unwrap_or(u32::MAX)
            .saturating_add(1)
            .min(left)
    }

    /// Says that so many more are done.
    pub(crate) fn done(&mut self, count: u32) {
        let now = self.begin.elapsed();
        for nth in self.done..self.done + count {
            self.latencies.add(now.saturating_sub(self.meant(nth)));
        }
        self.done += count;
    }

    /// Returns how long each took from when it was due.
    pub(crate) fn end(self) -> Latencies {
        self.latencies
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1) / self.pace.in_second.max(1)
    }

    fn meant(&self, nth: u32) -> Duration {
        self.every() * nth
    }
}

/// Returns how many in a second.
pub(crate) fn rate(count: u64, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let count = count as f64;
    count / took.as_secs_f64().max(f64::EPSILON)
}
