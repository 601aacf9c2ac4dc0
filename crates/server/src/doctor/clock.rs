//! The machine's clock.

use std::time::{Duration, Instant, SystemTime};

use super::report::Report;

const PART: &str = "clock";

/// 2026-01-01: no server of this version runs before.
const BUILT: Duration = Duration::from_secs(1_767_225_600);

/// For how long the two clocks are compared, and by how much they may differ.
const LOOK: Duration = Duration::from_millis(250);
const APART: Duration = Duration::from_millis(100);

pub(super) async fn look(report: &mut Report) {
    let (day, steady) = (SystemTime::now(), Instant::now());
    if day < SystemTime::UNIX_EPOCH + BUILT {
        report.problem(
            PART,
            "stands before this version was made",
            "set the clock, and keep it right with NTP",
        );
        return;
    }
    tokio::time::sleep(LOOK).await;
    let steady = steady.elapsed();
    match day.elapsed() {
        Ok(day) if day.abs_diff(steady) <= APART => report.ok(PART, "runs evenly"),
        _ => report.warning(
            PART,
            "jumped while it was looked at",
            "see whether something sets the clock again and again",
        ),
    }
}
