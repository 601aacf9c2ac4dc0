//! `pairs`: two hundred people talk two by two, as fast as they are acknowledged.

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use crate::{
    args::ServerArgs,
    floor::{self, PostgresLoop, SqlCounts, SqlFloor, SqliteLoop, per_thousand, rate},
    load::{self, Outcome, Phase, Talker},
    measure::Latencies,
    report::{Budget, Figure, Report},
    stand::{Database, Pairs, Stand},
    wire::connect_all,
};

/// What a workload of pairs takes.
struct Counts {
    sockets: usize,
    in_flight: usize,
    warm_up: u32,
    messages: u32,
    floor_singly: u64,
    floor_together: u64,
}

const FULL: Counts = Counts {
    sockets: 200,
    in_flight: 8,
    warm_up: 10_000,
    messages: 100_000,
    floor_singly: 5_000,
    floor_together: 64_000,
};

const QUICK: Counts = Counts {
    sockets: 8,
    in_flight: 8,
    warm_up: 80,
    messages: 800,
    floor_singly: 50,
    floor_together: 640,
};

/// How long the messages may take altogether.
const BOUND: Duration = Duration::from_secs(90);

/// Runs the workload.
///
/// # Errors
/// When it cannot be run, or when what was received is not right.
pub(crate) async fn pairs(args: &ServerArgs) -> Result<()> {
    let counts = if args.common.quick { QUICK } else { FULL };
    let mut report = Report::new(format!("pairs-{}", args.engine), &args.common);
    report.count("sockets", counts.sockets);
    report.count("in flight each", counts.in_flight);
    report.count("messages", counts.messages);
    report.count("bytes of text", 64_u64);

    let stand = Stand::new(args).await?;
    let pairs = stand.pairs(counts.sockets).await?;
    let sql_counts = SqlCounts {
        singly: counts.floor_singly,
        together: counts.floor_together,
        in_flight: u64::try_from(counts.sockets * counts.in_flight)?,
        pace: None,
    };
    let sql = sql_floor(&stand, &pairs, sql_counts).await?;
    let sync = floor::sync(
        stand.folder(),
        usize::try_from(counts.floor_singly)?.min(1_000),
    )?;
    let in_flight = u32::try_from(counts.in_flight)?;
    let echo = floor::echo(counts.sockets, in_flight, counts.messages.into()).await?;
    if args.floor_only {
        add_floor(&mut report, &sql, &sync);
        report.add(Figure::new("echo alone", echo.rate, "frames/s"));
        report.add(Figure::new(
            "CPU of an echo, 1,000 frames",
            echo.cpu_per_thousand,
            "s",
        ));
        report.name.push_str("-floor");
        return report.publish(&args.common.out);
    }

    let outcome = talk(&stand, &pairs, &counts).await?;
    judge(&mut report, &outcome, 2);
    let messages = u64::from(counts.messages);
    report.add(
        Figure::new(
            "durable",
            rate(messages, outcome.until_durable),
            "messages/s",
        )
        .floor(sql.all_together)
        .budget(Budget::RatioAtLeast(0.5)),
    );
    let received = outcome.received()?;
    report.add(
        Figure::new(
            "delivered",
            rate(received.count(), outcome.until_delivered),
            "messages/s",
        )
        .floor(echo.rate),
    );
    add_latencies(&mut report, "send to receipt", &received);
    add_latencies(&mut report, "send to ack", &outcome.acked()?);
    report.add(
        Figure::new(
            "server CPU, 1,000 messages",
            per_thousand(outcome.server_cpu, messages),
            "s",
        )
        .floor(echo.cpu_per_thousand)
        .budget(Budget::AtMost(0.1)),
    );
    let own = per_thousand(outcome.own_cpu, messages);
    report.add(Figure::new("load generator CPU, 1,000 messages", own, "s"));
    add_floor(&mut report, &sql, &sync);
    report.publish(&args.common.out)
}

/// Measures the bare loop of a send's statements on the engine.
///
/// # Errors
/// What the engine says.
pub(crate) async fn sql_floor(stand: &Stand, pairs: &Pairs, counts: SqlCounts) -> Result<SqlFloor> {
    match stand.database() {
        Database::Postgres(postgres) => {
            PostgresLoop::open(&postgres.url(), pairs)
                .await?
                .run(counts)
                .await
        }
        Database::Sqlite => SqliteLoop::open(stand.folder(), pairs)?.run(counts),
    }
}

/// Adds the floors that are no one figure's.
pub(crate) fn add_floor(report: &mut Report, sql: &SqlFloor, sync: &Latencies) {
    report.add(Figure::new(
        "bare SQL, as many together as in flight",
        sql.all_together,
        "messages/s",
    ));
    report.add(Figure::new(
        "bare SQL, 64 together",
        sql.batched,
        "messages/s",
    ));
    report.add(Figure::new(
        "bare SQL, one by one",
        sql.one_by_one,
        "messages/s",
    ));
    report.add(Figure::new(
        "bare commit, p50",
        sql.commit.quantile(0.5),
        "ms",
    ));
    report.add(Figure::new(
        "bare commit, p99",
        sql.commit.quantile(0.99),
        "ms",
    ));
    report.add(Figure::new("disk sync, p50", sync.quantile(0.5), "ms"));
    report.add(Figure::new("disk sync, p99", sync.quantile(0.99), "ms"));
}

/// Adds p50, p95, p99 and the maximum.
pub(crate) fn add_latencies(report: &mut Report, what: &str, latencies: &Latencies) {
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        let value = latencies.quantile(share);
        report.add(Figure::new(format!("{what}, {name}"), value, "ms"));
    }
    report.add(Figure::new(format!("{what}, max"), latencies.max(), "ms"));
}

/// Puts into the report what was wrong. So many who stand side by side share a conversation.
pub(crate) fn judge(report: &mut Report, outcome: &Outcome, together: usize) {
    let (verdict, refused, failure) = outcome.judge();
    report.fault("lost", verdict.lost);
    report.fault("doubled", verdict.doubled);
    report.fault("out of order", verdict.reordered);
    report.fault("frames that do not follow the one before", verdict.gaps);
    report.fault(
        "frames or places that are not what they should be",
        verdict.strange,
    );
    report.fault("refused", refused);
    report.faults.extend(failure);
    let groups = outcome.talkers.chunks(together.max(1));
    let unlike = groups.filter(|group| {
        let mut digests = group.iter().map(Talker::digest);
        let first = digests.next();
        digests.any(|digest| Some(digest) != first)
    });
    let unlike = u64::try_from(unlike.count()).unwrap_or(u64::MAX);
    report.fault("conversations whose members heard different things", unlike);
}

async fn talk(stand: &Stand, pairs: &Pairs, counts: &Counts) -> Result<Outcome> {
    let server = stand.serve(None).await?;
    let sockets = u32::try_from(counts.sockets)?;
    let (warm, measured) = (counts.warm_up / sockets, counts.messages / sockets);
    let talkers = talkers(server.address(), pairs, warm + measured).await?;
    let phase = |sends: u32| Phase {
        sends,
        in_flight: counts.in_flight,
        // Each hears the other, and what they said themselves.
        hears: 2 * u64::from(sends),
        until: Instant::now() + BOUND,
    };
    let each = |talkers: Vec<Talker>, sends| {
        talkers
            .into_iter()
            .map(|talker| (talker, phase(sends)))
            .collect()
    };
    let warm = load::run(each(talkers, warm), server.tree()).await?;
    load::run(each(warm.talkers, measured), server.tree()).await
}

/// Connects everybody, to say so much each.
///
/// # Errors
/// When the server does not take them.
pub(crate) async fn talkers(
    server: std::net::SocketAddr,
    pairs: &Pairs,
    sends: u32,
) -> Result<Vec<Talker>> {
    let tokens = pairs.people.iter().map(|person| Some(&person.token));
    let sockets = connect_all(server, tokens, 16 * 1024).await?;
    let conversations = pairs.conversations.iter().flat_map(|id| [*id, *id]);
    let mut talkers = Vec::with_capacity(sockets.len());
    for ((socket, number), conversation) in sockets.into_iter().zip(0_u32..).zip(conversations) {
        let mut talker = Talker::new(socket, number, conversation)?;
        talker.expect(vec![(number, sends), (number ^ 1, sends)]);
        talkers.push(talker);
    }
    Ok(talkers)
}
