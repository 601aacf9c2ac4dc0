//! `group`: one member of a group of 200 speaks, and all hear it.

use std::time::Duration;

use anyhow::Result;
use tokio::time::Instant;

use crate::{
    args::ServerArgs,
    floor::{self, per_thousand, rate},
    load::{self, Outcome, Phase, Talker},
    measure::Latencies,
    pairs::judge,
    report::{Budget, Figure, Report},
    stand::Stand,
    wire::connect_all,
};

/// What the workload takes.
struct Counts {
    members: usize,
    in_flight: usize,
    warm_up: u32,
    /// No more than a socket may send without a pause, or the server's limit would be measured.
    messages: u32,
}

const FULL: Counts = Counts {
    members: 200,
    in_flight: 8,
    warm_up: 200,
    messages: 2_000,
};

const QUICK: Counts = Counts {
    members: 20,
    in_flight: 8,
    warm_up: 20,
    messages: 100,
};

/// How long the messages may take altogether.
const BOUND: Duration = Duration::from_secs(60);

/// Runs the workload.
///
/// # Errors
/// When it cannot be run, or when what was received is not right.
pub(crate) async fn group(args: &ServerArgs) -> Result<()> {
    let counts = if args.common.quick { QUICK } else { FULL };
    let mut report = Report::new(format!("group-{}", args.engine), &args.common);
    report.count("members online", counts.members);
    report.count("in flight", counts.in_flight);
    report.count("messages", counts.messages);
    report.count("bytes of text", 64_u64);

    let in_flight = u32::try_from(counts.in_flight)?;
    let fan = floor::fan(counts.members, in_flight, counts.messages).await?;
    if args.floor_only {
        report.add(Figure::new("bare fan-out", fan.rate, "deliveries/s"));
        report.name.push_str("-floor");
        return report.publish(&args.common.out);
    }

    let stand = Stand::new(args).await?;
    let outcome = talk(&stand, &counts).await?;
    judge(&mut report, &outcome, counts.members);
    let received = outcome.received()?;
    report.add(
        Figure::new(
            "deliveries",
            rate(received.count(), outcome.until_delivered),
            "deliveries/s",
        )
        .floor(fan.rate)
        .budget(Budget::AtLeast(150_000.0)),
    );
    let messages = u64::from(counts.messages);
    let durable = rate(messages, outcome.until_durable);
    report.add(Figure::new("durable", durable, "messages/s"));
    let last = to_the_last(&outcome.talkers)?;
    for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        let name = format!("send to the last member, {name}");
        report.add(Figure::new(name, last.quantile(share), "ms"));
    }
    report.add(Figure::new(
        "send to the last member, max",
        last.max(),
        "ms",
    ));
    report.add(
        Figure::new(
            "server CPU, 1,000 deliveries",
            per_thousand(outcome.server_cpu, received.count()),
            "s",
        )
        .floor(fan.cpu_per_thousand),
    );
    let own = per_thousand(outcome.own_cpu, received.count());
    report.add(Figure::new(
        "load generator CPU, 1,000 deliveries",
        own,
        "s",
    ));
    report.publish(&args.common.out)
}

/// Returns, of each message, how long it took to the member who got it last.
fn to_the_last(talkers: &[Talker]) -> Result<Latencies> {
    let mut longest: Vec<u64> = Vec::new();
    for talker in talkers {
        let took = talker.took();
        longest.resize(longest.len().max(took.len()), 0);
        for (longest, took) in longest.iter_mut().zip(took) {
            *longest = (*longest).max(*took);
        }
    }
    let mut last = Latencies::new()?;
    for nanos in longest.into_iter().filter(|nanos| *nanos > 0) {
        last.add_nanos(nanos);
    }
    Ok(last)
}

async fn talk(stand: &Stand, counts: &Counts) -> Result<Outcome> {
    let (people, conversation) = stand.group(counts.members).await?;
    let server = stand.serve(None).await?;
    let tokens = people.iter().map(|person| Some(&person.token));
    let sockets = connect_all(server.address(), tokens, 16 * 1024).await?;
    let mut talkers = Vec::with_capacity(sockets.len());
    for (socket, number) in sockets.into_iter().zip(0_u32..) {
        let mut talker = Talker::new(socket, number, conversation)?;
        // The second one has spoken to warm up, so that the first has all of its allowance left.
        talker.expect(vec![(0, counts.messages), (1, counts.warm_up)]);
        talkers.push(talker);
    }
    let each = |talkers: Vec<Talker>, speaker: usize, sends: u32| {
        let phase = |place: usize| Phase {
            sends: if place == speaker { sends } else { 0 },
            in_flight: counts.in_flight,
            hears: sends.into(),
            until: Instant::now() + BOUND,
        };
        let talkers = talkers.into_iter().enumerate();
        talkers
            .map(|(place, talker)| (talker, phase(place)))
            .collect()
    };
    let warm = load::run(each(talkers, 1, counts.warm_up), server.tree()).await?;
    load::run(each(warm.talkers, 0, counts.messages), server.tree()).await
}
