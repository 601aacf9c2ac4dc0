//! How many frames a client may send.

use std::time::Duration;

use tokio::time::Instant;

/// What a client may send without a pause, and how far beyond it the refusals go before the socket
/// is closed.
const BURST: f64 = 2_000.0;
/// What it may send in a second, for as long as it likes.
const RATE: f64 = 500.0;

/// A token bucket. A frame takes a token whether it is refused or not, so that a client which does
/// not heed the refusals gets ever deeper into debt, until that is called a flood.
#[derive(Debug)]
pub(super) struct Budget {
    tokens: f64,
    counted_at: Instant,
}

/// What is to be done with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is taken.
    Taken,
    /// It is refused; the next one is welcome after this time.
    Refused(Duration),
    /// The socket is to be closed.
    Flood,
}

impl Budget {
    /// Starts with a full bucket.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            counted_at: now,
        }
    }

    /// Counts a frame that came `now`.
    pub(super) fn take(&mut self, now: Instant) -> Verdict {
        let passed = now.saturating_duration_since(self.counted_at).as_secs_f64();
        self.counted_at = now;
        self.tokens = passed.mul_add(RATE, self.tokens).min(BURST) - 1.0;
        if self.tokens >= 0.0 {
            Verdict::Taken
        } else if self.tokens >= -BURST {
            Verdict::Refused(Duration::from_secs_f64((1.0 - self.tokens) / RATE))
        } else {
            Verdict::Flood
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_then_refused_then_a_flood() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        let count = |budget: &mut Budget, wanted: fn(&Verdict) -> bool| {
            (0..10_000)
                .take_while(|_| wanted(&budget.take(now)))
                .count()
        };
        assert_eq!(count(&mut budget, |v| *v == Verdict::Taken), 2_000);
        assert_eq!(
            count(&mut budget, |v| matches!(v, Verdict::Refused(_))),
            1_999
        );
        assert_eq!(budget.take(now), Verdict::Flood);
    }

    #[test]
    fn who_waits_as_told_is_taken_again() {
        let mut now = Instant::now();
        let mut budget = Budget::new(now);
        let wait = loop {
            if let Verdict::Refused(wait) = budget.take(now) {
                break wait;
            }
        };
        now += wait;
        assert_eq!(budget.take(now), Verdict::Taken);
    }

    #[test]
    fn a_steady_client_is_never_refused() {
        let mut now = Instant::now();
        let mut budget = Budget::new(now);
        for _ in 0..20_000 {
            assert_eq!(budget.take(now), Verdict::Taken);
            now += Duration::from_millis(2);
        }
    }
}
