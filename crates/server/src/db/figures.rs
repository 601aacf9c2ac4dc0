//! What an engine counts of itself.

use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;

/// The transactions that were committed; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Commits {
    /// How many were committed together.
    pub(crate) size: Histogram,
    /// How long that took, from the beginning of the first to the end of the commit, in seconds.
    pub(crate) seconds: Histogram,
}

impl Default for Commits {
    fn default() -> Self {
        Self {
            size: Histogram::new((0..9).map(|power| f64::from(1 << power))),
            seconds: Histogram::new([
                0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                1.0, 2.5,
            ]),
        }
    }
}

impl Commits {
    /// Counts a commit of so many transactions.
    pub(super) fn committed(&self, transactions: usize, took: Duration) {
        let transactions = u32::try_from(transactions).unwrap_or(u32::MAX);
        self.size.observe(transactions.into());
        self.seconds.observe(took.as_secs_f64());
    }
}

/// How many closures wait for their transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// For one that reads.
    pub(crate) reads: usize,
    /// For one that writes.
    pub(crate) writes: usize,
}
