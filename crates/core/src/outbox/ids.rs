//! Minting message ids.

use magpie_protocol::{MessageId, Timestamp};

/// Mints ids that are unique, and that grow on one device even within a millisecond and when the
/// clock goes back: the twelve bits after the time are a counter.
#[derive(Debug, Default)]
pub(crate) struct Mint {
    millis: u64,
    counter: u16,
}

const COUNTER_END: u16 = 1 << 12;

impl Mint {
    /// Makes the next id from the present time and ten random bytes.
    pub(crate) fn next(&mut self, now: Timestamp, mut random: [u8; 10]) -> MessageId {
        let now = u64::try_from(now.0).unwrap_or(0);
        if now > self.millis {
            (self.millis, self.counter) = (now, 0);
        } else if self.counter + 1 < COUNTER_END {
            self.counter += 1;
        } else {
            (self.millis, self.counter) = (self.millis + 1, 0);
        }
        let [high, low] = self.counter.to_be_bytes();
        let [first, second, ..] = &mut random;
        (*first, *second) = (high, low);
        MessageId::from_parts(self.millis, random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_within_a_millisecond_and_when_the_clock_goes_back() {
        let mut mint = Mint::default();
        let mut last = mint.next(Timestamp(5_000), [255; 10]);
        for step in 0..10_000_i64 {
            // Decreasing chance and a clock that jumps back must not matter.
            let chance = [u8::try_from(255 - step % 256).unwrap(); 10];
            let id = mint.next(Timestamp(5_000 - step % 3), chance);
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }
}
