//! Latencies, kept as a histogram.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest latency that is told from longer ones: two minutes, in nanoseconds.
const LONGEST: u64 = 120_000_000_000;

/// A set of latencies, exact to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// Starts with none.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1_000, LONGEST, 3)?))
    }

    /// Adds one. What is longer than two minutes counts as two minutes.
    pub(crate) fn add(&mut self, latency: Duration) {
        self.add_nanos(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// As [`Latencies::add`], in nanoseconds.
    pub(crate) fn add_nanos(&mut self, nanos: u64) {
        self.0.saturating_record(nanos);
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.0.reset();
    }

    /// Adds all of another set.
    pub(crate) fn merge(&mut self, other: &Self) {
        // Both have the same bounds, so this cannot fail.
        let _ = self.0.add(&other.0);
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Returns the latency, in milliseconds, that this share (0 to 1) of them does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        millis(self.0.value_at_quantile(share))
    }

    /// Returns the longest, in milliseconds.
    pub(crate) fn max(&self) -> f64 {
        millis(self.0.max())
    }
}

fn millis(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_all_that_was_added() {
        let mut one = Latencies::new().unwrap();
        let mut other = Latencies::new().unwrap();
        for n in 1..=1_000 {
            let set = if n % 2 == 0 { &mut one } else { &mut other };
            set.add(Duration::from_millis(n));
        }
        one.merge(&other);
        assert_eq!(one.count(), 1_000);
        for (share, millis) in [(0.5, 500.0), (0.99, 990.0)] {
            assert!((one.quantile(share) / millis - 1.0).abs() < 0.002);
        }
        assert!((one.max() / 1_000.0 - 1.0).abs() < 0.002);
    }
}
