//! People who talk: each is one socket, sends its share, and takes note of all it hears.

mod talker;

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::{
    measure::{Latencies, Tree},
    wire::{Verdict, nanos},
};

pub(crate) use talker::{Phase, Talker};

/// What came of a phase, in which each has done its share.
pub(crate) struct Outcome {
    /// The people, in the order they were given.
    pub(crate) talkers: Vec<Talker>,
    /// From the beginning to the last acknowledgement.
    pub(crate) until_durable: Duration,
    /// From the beginning to the last receipt.
    pub(crate) until_delivered: Duration,
    /// CPU time of the server meanwhile.
    pub(crate) server_cpu: Duration,
    /// CPU time of this program meanwhile.
    pub(crate) own_cpu: Duration,
}

/// Lets all do their share at the same time, and waits until each has done it or the time is up.
///
/// # Errors
/// When the server is gone.
pub(crate) async fn run(talkers: Vec<(Talker, Phase)>, server: Tree) -> Result<Outcome> {
    let (server_before, own_before) = (server.cpu()?, Tree::own().cpu_alone()?);
    let (begin, begin_nanos) = (Instant::now(), nanos());
    let mut running = JoinSet::new();
    for (place, (mut talker, phase)) in talkers.into_iter().enumerate() {
        running.spawn(async move {
            talker.run(&phase).await;
            (place, talker)
        });
    }
    let mut ended = running.join_all().await;
    let took = begin.elapsed();
    let (server_after, own_after) = (server.cpu()?, Tree::own().cpu_alone()?);
    ended.sort_by_key(|(place, _)| *place);
    let talkers: Vec<Talker> = ended.into_iter().map(|(_, talker)| talker).collect();
    let last = |at: fn(&Talker) -> u64| {
        let last = talkers.iter().map(at).max().unwrap_or(0);
        Duration::from_nanos(last.saturating_sub(begin_nanos)).min(took)
    };
    Ok(Outcome {
        until_durable: last(Talker::last_acked_at),
        until_delivered: last(Talker::last_heard_at),
        server_cpu: server_after.saturating_sub(server_before),
        own_cpu: own_after.saturating_sub(own_before),
        talkers,
    })
}

impl Outcome {
    /// Returns the latencies from send to receipt by somebody else.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn received(&self) -> Result<Latencies> {
        merged(self.talkers.iter().map(Talker::received))
    }

    /// Returns the latencies from send to acknowledgement.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn acked(&self) -> Result<Latencies> {
        merged(self.talkers.iter().map(Talker::acked))
    }

    /// Returns what was wrong, and the first refusal or failure in words.
    pub(crate) fn judge(&self) -> (Verdict, u64, Option<String>) {
        let mut verdict = Verdict::default();
        let mut refused = 0;
        let mut failure = None;
        for talker in &self.talkers {
            verdict.add(talker.judge());
            refused += talker.refused();
            failure = failure.or_else(|| talker.failure().map(str::to_owned));
        }
        (verdict, refused, failure)
    }
}

fn merged<'a>(sets: impl Iterator<Item = &'a Latencies>) -> Result<Latencies> {
    let mut all = Latencies::new()?;
    for set in sets {
        all.merge(set);
    }
    Ok(all)
}
