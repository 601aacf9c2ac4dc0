//! Redis or Valkey, where there is a bus.

use std::time::{Duration, Instant};

use redis::{Client, ConnectionInfo, RedisError};
use tokio::time::timeout;

use super::report::Report;
use crate::config::Config;

const PART: &str = "bus";

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The first version that knows sharded publish and subscribe.
const OLDEST: u32 = 7;

pub(super) async fn look(config: &Config, report: &mut Report) {
    let Some(bus) = &config.bus else {
        return;
    };
    for seed in bus.seeds() {
        let host = seed.addr().to_string();
        match timeout(PATIENCE, ask(seed.clone())).await {
            Ok(Ok(found)) => tell(&host, &found, report),
            Ok(Err(error)) => away(&host, &error.to_string(), report),
            Err(_) => away(&host, "no answer", report),
        }
    }
}

struct Found {
    info: String,
    took: Duration,
}

async fn ask(seed: ConnectionInfo) -> Result<Found, RedisError> {
    let mut connection = Client::open(seed)?
        .get_multiplexed_async_connection()
        .await?;
    let info = redis::cmd("INFO")
        .arg("server")
        .query_async(&mut connection)
        .await?;
    // What a server has to let us do; nobody listens there.
    redis::cmd("SPUBLISH")
        .arg("magpie:doctor")
        .arg("")
        .exec_async(&mut connection)
        .await
        .or_else(moved)?;
    let began = Instant::now();
    redis::cmd("PING").exec_async(&mut connection).await?;
    let took = began.elapsed();
    Ok(Found { info, took })
}

/// A server of a cluster that does not have the channel says which one does.
fn moved(error: RedisError) -> Result<(), RedisError> {
    match error.code() {
        Some("MOVED" | "ASK") => Ok(()),
        _ => Err(error),
    }
}

fn tell(host: &str, found: &Found, report: &mut Report) {
    let field = |name: &str| {
        found
            .info
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    let (name, version) = match field("valkey_version") {
        Some(version) => ("Valkey", version),
        None => ("Redis", field("redis_version").unwrap_or("?")),
    };
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST) {
        report.problem(
            PART,
            format!("{name} {version} at {host} is too old"),
            format!("use version {OLDEST} or newer"),
        );
        return;
    }
    report.ok(
        PART,
        format!(
            "{name} {version} at {host} answers in {:.1} ms",
            found.took.as_secs_f64() * 1_000.0
        ),
    );
}

fn away(host: &str, why: &str, report: &mut Report) {
    report.problem(
        PART,
        format!("{host} cannot be used: {why}"),
        "look at the address, the password and whether it runs; without it, messages are stored \
         and arrive late",
    );
}
