//! `catch-up`: a device of somebody who was away for 10,000 messages, with the app's own core.

mod device;
mod relay;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use magpie_protocol::{ConversationId, routes, sync::Sync};
use reqwest::Client;

use crate::{
    args::ServerArgs,
    load::{self, Phase, Talker},
    report::{Budget, Figure, Report},
    stand::{Child, Person, Stand},
    wire::connect_all,
};

use device::Device;
use relay::Relay;

/// What the workload takes.
struct Counts {
    conversations: usize,
    each: u32,
    runs: usize,
}

const FULL: Counts = Counts {
    conversations: 50,
    each: 200,
    runs: 5,
};

const QUICK: Counts = Counts {
    conversations: 5,
    each: 20,
    runs: 1,
};

/// How long the messages may take to be sent, and then to be stored.
const BOUND: Duration = Duration::from_secs(60);

/// What one device needed.
#[derive(Debug, Clone, Copy)]
struct Needed {
    opened: Duration,
    list: Duration,
    all: Duration,
}

/// Runs the workload.
///
/// # Errors
/// When it cannot be run, or when a device does not end up with what was sent.
pub(crate) async fn catch_up(args: &ServerArgs) -> Result<()> {
    let counts = if args.common.quick { QUICK } else { FULL };
    let mut report = Report::new(format!("catch-up-{}", args.engine), &args.common);
    let missed = u64::try_from(counts.conversations)? * u64::from(counts.each);
    report.count("missed messages", missed);
    report.count("conversations", counts.conversations);
    report.count("bytes of text", 64_u64);
    report.count("devices, one after the other", counts.runs);

    let stand = Stand::new(args).await?;
    let (reader, friends, conversations) = stand.circle(counts.conversations).await?;
    let server = stand.serve(None).await?;

    // One device for each run, and one more behind a wire that counts.
    let relay = Relay::start(server.address()).await?;
    let mut devices = Vec::new();
    for run in 0..=counts.runs {
        let address = if run == 0 {
            relay.address()
        } else {
            server.address()
        };
        let device = Device::new(stand.folder().join(format!("device-{run}")), run);
        device.sign_in(address, &reader).await?;
        devices.push(device);
    }
    speak(&server, &friends, &conversations, counts.each).await?;

    let wanted = Wanted {
        conversations: &conversations,
        each: counts.each,
    };
    let before = relay.down();
    let mut needed = Vec::new();
    let mut cpu = Duration::ZERO;
    for (run, device) in devices.iter().enumerate() {
        let cpu_before = server.tree().cpu()?;
        let result = device.catch_up(&wanted, BOUND).await?;
        if run > 0 {
            needed.push(result);
            cpu += server.tree().cpu()?.saturating_sub(cpu_before);
        }
    }
    let floor = bare(&server, &reader, &conversations).await?;

    let median = |of: fn(&Needed) -> Duration| {
        let mut all: Vec<Duration> = needed.iter().map(of).collect();
        all.sort();
        all.get(all.len() / 2)
            .map_or(0.0, |middle| middle.as_secs_f64() * 1_000.0)
    };
    report.add(Figure::new(
        "start to an open database",
        median(|needed| needed.opened),
        "ms",
    ));
    report.add(
        Figure::new("start to a right list", median(|needed| needed.list), "ms").floor(floor.list),
    );
    report.add(
        Figure::new(
            "start to everything stored",
            median(|needed| needed.all),
            "ms",
        )
        .floor(floor.all)
        .budget(Budget::AtMost(1_000.0)),
    );
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let kib = (relay.down() - before) as f64 / 1024.0;
    report.add(Figure::new("bytes that the server sent", kib, "KiB").floor(floor.kib));
    let runs = u32::try_from(counts.runs)?.max(1);
    report.add(Figure::new(
        "server CPU",
        (cpu / runs).as_secs_f64() * 1_000.0,
        "ms",
    ));
    report.publish(&args.common.out)
}

/// What a device should end up with.
struct Wanted<'a> {
    conversations: &'a [ConversationId],
    each: u32,
}

/// Lets each friend say so much.
async fn speak(
    server: &Child,
    friends: &[Person],
    conversations: &[ConversationId],
    each: u32,
) -> Result<()> {
    let tokens = friends.iter().map(|friend| Some(&friend.token));
    let sockets = connect_all(server.address(), tokens, 16 * 1024).await?;
    let mut talkers = Vec::new();
    for ((socket, number), id) in sockets.into_iter().zip(0_u32..).zip(conversations) {
        let mut talker = Talker::new(socket, number, *id)?;
        talker.expect(vec![(number, each)]);
        let phase = Phase {
            sends: each,
            in_flight: 8,
            hears: each.into(),
            until: tokio::time::Instant::now() + BOUND,
        };
        talkers.push((talker, phase));
    }
    let outcome = load::run(talkers, server.tree()).await?;
    let (verdict, refused, failure) = outcome.judge();
    ensure!(
        verdict == crate::wire::Verdict::default() && refused == 0 && failure.is_none(),
        "what was to be missed was not sent well: {verdict:?} {failure:?}"
    );
    Ok(())
}

/// The same over bare HTTP: nothing is stored.
struct Bare {
    list: f64,
    all: f64,
    kib: f64,
}

async fn bare(server: &Child, reader: &Person, conversations: &[ConversationId]) -> Result<Bare> {
    let client = Client::new();
    let get = async |path: String| {
        let url = format!("http://{}{path}", server.address());
        let answer = client
            .get(url)
            .bearer_auth(reader.token.expose())
            .send()
            .await?;
        let answer = answer.error_for_status()?;
        // Packed, as it came over the wire, where the server packs.
        Ok::<_, anyhow::Error>(answer.bytes().await?)
    };
    // The connection is there before the time counts.
    get(routes::SERVER.to_owned()).await?;
    let begin = Instant::now();
    let body = get(format!("{}?user_rev=0&since=0", routes::SYNC)).await?;
    let list = begin.elapsed();
    let mut bytes = body.len();
    let sync: Sync = serde_json::from_slice(&body)?;
    ensure!(
        sync.heads.len() == conversations.len(),
        "some conversations are missing"
    );
    for id in conversations {
        let path = routes::history(*id);
        bytes += get(format!("{path}?limit=500")).await?.len();
    }
    let all = begin.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let kib = bytes as f64 / 1024.0;
    Ok(Bare {
        list: list.as_secs_f64() * 1_000.0,
        all: all.as_secs_f64() * 1_000.0,
        kib,
    })
}
