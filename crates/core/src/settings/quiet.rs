//! When nobody wants to be disturbed.

use magpie_protocol::{MAX_NUMBER, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Clock;

/// The minutes of a day.
const DAY: u16 = 24 * 60;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// At which hour the next morning begins.
const MORNING: i64 = 8;

/// For how long nothing is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// One hour.
    Hour,
    /// Eight hours.
    EightHours,
    /// Until eight the next morning.
    Tomorrow,
    /// Until it is taken back.
    Always,
}

impl Pause {
    /// Returns until when, by the clock's local time; for always, the largest number that a page
    /// can hold.
    #[must_use]
    pub fn until(self, clock: &dyn Clock) -> Timestamp {
        let now = clock.now();
        match self {
            Self::Hour => now.plus_millis(HOUR_MS),
            Self::EightHours => now.plus_millis(8 * HOUR_MS),
            Self::Tomorrow => {
                let local = now.plus_millis(offset_ms(clock, now));
                let tomorrow = (local.0.div_euclid(DAY_MS) + 1) * DAY_MS + MORNING * HOUR_MS;
                let about = Timestamp(tomorrow - offset_ms(clock, now));
                // In the night in between, clocks may be set.
                Timestamp(tomorrow - offset_ms(clock, about))
            }
            Self::Always => Timestamp(i64::try_from(MAX_NUMBER).unwrap_or(i64::MAX)),
        }
    }
}

fn offset_ms(clock: &dyn Clock, at: Timestamp) -> i64 {
    i64::from(clock.offset_minutes(at)) * MINUTE_MS
}

/// When nothing is told of, every week, by local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct QuietHours {
    /// Whether this counts.
    pub enabled: bool,
    /// From which minute of the day, 0 to 1439.
    pub from: u16,
    /// To which minute; not after `from` where it goes over midnight, so that the same minute means
    /// a whole day.
    pub to: u16,
    /// On which days it begins: 1 for Monday to 7. Sorted, each once.
    pub days: Vec<u8>,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self {
            enabled: false,
            from: 22 * 60,
            to: 8 * 60,
            days: (1..=7).collect(),
        }
    }
}

impl QuietHours {
    pub(super) fn tidied(mut self) -> Self {
        self.from %= DAY;
        self.to %= DAY;
        self.days.retain(|day| (1..=7).contains(day));
        self.days.sort_unstable();
        self.days.dedup();
        self
    }

    /// Tells whether the present time lies within them.
    pub(crate) fn are_now(&self, clock: &dyn Clock) -> bool {
        let now = clock.now();
        let local = now.plus_millis(offset_ms(clock, now)).0;
        // The first of January 1970 was a Thursday.
        let day = (local.div_euclid(DAY_MS) + 3).rem_euclid(7) + 1;
        let minute = local.rem_euclid(DAY_MS) / MINUTE_MS;
        match (u8::try_from(day), u16::try_from(minute)) {
            (Ok(day), Ok(minute)) => self.contain(day, minute),
            _ => false,
        }
    }

    fn contain(&self, day: u8, minute: u16) -> bool {
        if !self.enabled {
            return false;
        }
        let before = if day <= 1 { 7 } else { day - 1 };
        let begun_today = self.days.contains(&day) && minute >= self.from;
        let begun_before = self.days.contains(&before) && minute < self.to;
        if self.from < self.to {
            begun_today && minute < self.to
        } else {
            begun_today || begun_before
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: u16, to: u16, days: &[u8]) -> QuietHours {
        QuietHours {
            enabled: true,
            from,
            to,
            days: days.to_vec(),
        }
    }

    /// A clock that stands still, some minutes ahead of UTC until a moment and others after it.
    struct Still {
        now: i64,
        before: i32,
        set_at: i64,
        after: i32,
    }

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp(self.now)
        }

        fn offset_minutes(&self, at: Timestamp) -> i32 {
            if at.0 < self.set_at {
                self.before
            } else {
                self.after
            }
        }
    }

    fn still(now: i64, offset: i32) -> Still {
        Still {
            now,
            before: offset,
            set_at: i64::MAX,
            after: offset,
        }
    }

    #[test]
    fn hours_over_midnight_belong_to_the_day_on_which_they_begin() {
        let friday = hours(22 * 60, 8 * 60, &[5]);
        for (day, minute, quiet) in [
            (5, 22 * 60 - 1, false),
            (5, 22 * 60, true),
            (5, 23 * 60, true),
            (6, 0, true),
            (6, 8 * 60 - 1, true),
            (6, 8 * 60, false),
            (6, 23 * 60, false),
            (5, 3 * 60, false),
        ] {
            assert_eq!(friday.contain(day, minute), quiet, "{day} {minute}");
        }
        let sunday = hours(22 * 60, 8 * 60, &[7]);
        assert!(sunday.contain(1, 60), "Sunday's night ends on Monday");
        assert!(!sunday.contain(7, 60));
    }

    #[test]
    fn hours_within_a_day_and_of_a_whole_day() {
        let lunch = hours(12 * 60, 13 * 60, &[1, 3]);
        assert!(lunch.contain(1, 12 * 60) && lunch.contain(3, 12 * 60 + 59));
        assert!(!lunch.contain(1, 13 * 60) && !lunch.contain(2, 12 * 60));
        let monday = hours(540, 540, &[1]);
        assert!(monday.contain(1, 540) && monday.contain(1, 1439));
        assert!(monday.contain(2, 539) && !monday.contain(2, 540));
        let off = QuietHours {
            enabled: false,
            ..hours(540, 540, &[1])
        };
        assert!(!off.contain(1, 540));
    }

    #[test]
    fn the_day_and_the_minute_are_local_ones() {
        // 2026-11-22 is a Sunday; at 23:30 UTC it is Monday in Shanghai and Sunday in New York.
        let at = 1_795_390_200_000;
        let monday = hours(7 * 60, 8 * 60, &[1]);
        let sunday = hours(18 * 60, 19 * 60, &[7]);
        assert!(monday.are_now(&still(at, 8 * 60)) && !sunday.are_now(&still(at, 8 * 60)));
        assert!(sunday.are_now(&still(at, -5 * 60)) && !monday.are_now(&still(at, -5 * 60)));
    }

    #[test]
    fn tomorrow_is_eight_in_the_morning_also_where_clocks_are_set_overnight() {
        let until = |clock: &Still| Pause::Tomorrow.until(clock).0;
        // 23:30 UTC on the 22nd is 07:30 on the 23rd in Shanghai: tomorrow is the 24th, 00:00 UTC.
        assert_eq!(until(&still(1_795_390_200_000, 480)), 1_795_478_400_000);
        // Berlin, 2026-10-24 12:00 UTC (14:00 local); clocks go back at 01:00 UTC on the 25th.
        let berlin = Still {
            now: 1_792_843_200_000,
            before: 120,
            set_at: 1_792_890_000_000,
            after: 60,
        };
        assert_eq!(until(&berlin), 1_792_911_600_000, "07:00 UTC");
        assert_eq!(Pause::Hour.until(&berlin).0, 1_792_846_800_000);
    }

    #[test]
    fn what_cannot_be_is_brought_in_order() {
        let wild = hours(2_000, 65_535, &[9, 7, 1, 7, 0]).tidied();
        assert_eq!(wild.days, [1, 7]);
        assert!(wild.from < DAY && wild.to < DAY);
    }
}
