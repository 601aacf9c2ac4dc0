//! `paced`: a thousand messages a second, whether the server is quick or not.
//!
//! Latencies count from when a message should have been sent, so that a server which holds up one
//! message cannot hide that it held up those behind it.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use crate::{
    args::ServerArgs,
    floor::{self, Pace, SqlCounts},
    load::{self, Outcome, Phase, Talker},
    measure::Latencies,
    pairs::{add_floor, add_latencies, judge, sql_floor, talkers},
    report::{Budget, Figure, Report},
    stand::{Pairs, Stand},
    wire::nanos,
};

/// What the workload takes.
struct Counts {
    sockets: usize,
    in_second: u32,
    warm_up_seconds: u32,
    seconds: u32,
    floor: u64,
}

const FULL: Counts = Counts {
    sockets: 200,
    in_second: 1_000,
    warm_up_seconds: 2,
    seconds: 10,
    floor: 2_000,
};

const QUICK: Counts = Counts {
    sockets: 8,
    in_second: 200,
    warm_up_seconds: 1,
    seconds: 1,
    floor: 50,
};

/// How long the last messages may take after they should have been sent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the workload.
///
/// # Errors
/// When it cannot be run, or when what was received is not right.
pub(crate) async fn paced(args: &ServerArgs) -> Result<()> {
    let counts = if args.common.quick { QUICK } else { FULL };
    let mut report = Report::new(format!("paced-{}", args.engine), &args.common);
    report.count("sockets", counts.sockets);
    report.count("messages in a second", counts.in_second);
    report.count("seconds", counts.seconds);
    report.count("bytes of text", 64_u64);

    let stand = Stand::new(args).await?;
    let pairs = stand.pairs(counts.sockets).await?;
    let sql_counts = SqlCounts {
        singly: counts.floor,
        together: counts.floor,
        in_flight: 64,
        pace: Some(Pace {
            in_second: counts.in_second,
            count: counts.in_second * counts.seconds,
        }),
    };
    let sql = sql_floor(&stand, &pairs, sql_counts).await?;
    let sync = floor::sync(stand.folder(), usize::try_from(counts.floor)?.min(1_000))?;
    let echo = floor::echo_paced(counts.sockets, counts.in_second, counts.seconds).await?;
    if args.floor_only {
        add_floor(&mut report, &sql, &sync);
        add_latencies(&mut report, "echo alone", &echo);
        report.name.push_str("-floor");
        return report.publish(&args.common.out);
    }

    let (outcome, late) = talk(&stand, &pairs, &counts).await?;
    judge(&mut report, &outcome, 2);
    let received = outcome.received()?;
    let committed = sql.paced.as_ref().context("the floor has no pace")?;
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        let figure = Figure::new(
            format!("send to receipt, {name}"),
            received.quantile(share),
            "ms",
        )
        .floor(committed.quantile(share) + echo.quantile(share));
        report.add(match name {
            "p99" => figure.budget(Budget::AtMost(3.0)),
            _ => figure,
        });
    }
    report.add(Figure::new("send to receipt, max", received.max(), "ms"));
    add_latencies(&mut report, "send to ack", &outcome.acked()?);
    let messages = u64::from(counts.in_second * counts.seconds);
    let cpu = floor::per_thousand(outcome.server_cpu, messages);
    report.add(Figure::new("server CPU, 1,000 messages", cpu, "s"));
    report.add(Figure::new(
        "sent later than meant, p99",
        late.quantile(0.99),
        "ms",
    ));
    add_latencies(&mut report, "echo alone, there and back", &echo);
    add_latencies(&mut report, "bare SQL alone, until committed", committed);
    add_floor(&mut report, &sql, &sync);
    report.publish(&args.common.out)
}

async fn talk(stand: &Stand, pairs: &Pairs, counts: &Counts) -> Result<(Outcome, Latencies)> {
    let server = stand.serve(None).await?;
    let sockets = u32::try_from(counts.sockets)?;
    let share = |seconds: u32| counts.in_second * seconds / sockets;
    let (warm, measured) = (share(counts.warm_up_seconds), share(counts.seconds));
    let mut talkers = talkers(server.address(), pairs, warm + measured).await?;
    let mut turns = Vec::with_capacity(talkers.len());
    for talker in &mut talkers {
        let (turn, pace) = mpsc::unbounded_channel();
        talker.pace(pace);
        turns.push(turn);
    }
    let phase = |sends: u32| Phase {
        sends,
        in_flight: usize::MAX,
        hears: 2 * u64::from(sends),
        until: tokio::time::Instant::now()
            + Duration::from_secs((sends * sockets / counts.in_second).into())
            + PATIENCE,
    };
    let each = |talkers: Vec<Talker>, sends| {
        talkers
            .into_iter()
            .map(|talker| (talker, phase(sends)))
            .collect()
    };
    let beat = Beat::start(turns.clone(), counts.in_second, warm * sockets)?;
    let warmed = load::run(each(talkers, warm), server.tree()).await?;
    beat.end()?;
    let beat = Beat::start(turns, counts.in_second, measured * sockets)?;
    let outcome = load::run(each(warmed.talkers, measured), server.tree()).await?;
    Ok((outcome, beat.end()?))
}

/// Gives each in turn the word, at even distances, on a thread of its own: it sleeps more exactly
/// than timers tick.
pub(crate) struct Beat(thread::JoinHandle<Result<Latencies>>);

impl Beat {
    /// Starts giving the word, `count` times.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(crate) fn start(
        turns: Vec<mpsc::UnboundedSender<u64>>,
        in_second: u32,
        count: u32,
    ) -> Result<Self> {
        let every = Duration::from_secs(1) / in_second.max(1);
        let beat = move || {
            let mut late = Latencies::new()?;
            let (begin, begin_nanos) = (Instant::now(), nanos());
            for (nth, turn) in (0..count).zip(turns.iter().cycle()) {
                let meant = every * nth;
                thread::sleep(meant.saturating_sub(begin.elapsed()));
                late.add(begin.elapsed().saturating_sub(meant));
                // Whoever has gone says so by himself.
                let _ = turn.send(begin_nanos + u64::try_from(meant.as_nanos())?);
            }
            Ok(late)
        };
        Ok(Self(
            thread::Builder::new().name("beat".into()).spawn(beat)?,
        ))
    }

    /// Waits for the last one, and returns by how much later than meant the word was given.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn end(self) -> Result<Latencies> {
        self.0.join().ok().context("the beat stopped")?
    }
}
