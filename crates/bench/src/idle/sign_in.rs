//! What signing in costs. Nearly all of it is Argon2id, which is meant to be dear.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher as _};
use magpie_protocol::{
    accounts::Platform,
    routes,
    sessions::{NewDevice, SignIn, SignedIn},
};
use reqwest::Client;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    floor::{per_thousand, rate},
    measure::Latencies,
    report::{Figure, Report},
    stand::{Child, Person, digest, post},
};

/// What hashing costs by default in the product, which is what OWASP recommends as a minimum.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Measures hashes alone, sign-ins one after the other, and sign-ins as fast as they go.
///
/// # Errors
/// When somebody is not let in.
pub(super) async fn measure(
    report: &mut Report,
    server: &Child,
    people: &[Person],
    count: usize,
    alone: usize,
) -> Result<()> {
    let (one, all) = bare(alone)?;
    let client = Client::new();
    let url = format!("http://{}{}", server.address(), routes::SESSIONS);

    let mut singly = Latencies::new()?;
    for person in people.iter().cycle().take(alone) {
        let begin = Instant::now();
        sign_in(&client, &url, person).await?;
        singly.add(begin.elapsed());
    }

    let cpu = server.tree().cpu()?;
    let begin = Instant::now();
    let turns = Arc::new(Semaphore::new(16));
    let mut signing_in = JoinSet::new();
    for person in people.iter().cycle().take(count) {
        let (turns, client) = (Arc::clone(&turns), client.clone());
        let (url, person) = (url.clone(), person.clone());
        signing_in.spawn(async move {
            let _turn = turns.acquire().await?;
            sign_in(&client, &url, &person).await
        });
    }
    while let Some(signed_in) = signing_in.join_next().await {
        signed_in??;
    }
    let took = begin.elapsed();
    let cpu = server.tree().cpu()?.saturating_sub(cpu);

    let count = u64::try_from(count)?;
    report.add(Figure::new("sign-ins", rate(count, took), "1/s").floor(all));
    report.add(Figure::new("one sign-in alone, p50", singly.quantile(0.5), "ms").floor(one));
    report.add(Figure::new(
        "server CPU, one sign-in",
        per_thousand(cpu, count),
        "ms",
    ));
    report.add(Figure::new("Argon2id alone, one hash", one, "ms"));
    report.add(Figure::new("Argon2id alone, all cores", all, "hashes/s"));
    Ok(())
}

async fn sign_in(client: &Client, url: &str, person: &Person) -> Result<()> {
    let request = SignIn {
        login: person.username.clone(),
        password: digest(),
        device: NewDevice {
            name: "bench".into(),
            platform: Platform::Linux,
        },
    };
    let _: SignedIn = post(client, url, None, &request).await?;
    Ok(())
}

/// Returns what a hash with the product's settings takes, in milliseconds, and how many all cores
/// together make in a second.
fn bare(count: usize) -> Result<(f64, f64)> {
    let one = hash(count)?.as_secs_f64() * 1_000.0 / f64::from(u32::try_from(count)?);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let begin = Instant::now();
    let hashing: Vec<_> = (0..cores)
        .map(|_| thread::spawn(move || hash(count)))
        .collect();
    for thread in hashing {
        thread.join().ok().context("a hash failed")??;
    }
    Ok((one, rate(u64::try_from(count * cores)?, begin.elapsed())))
}

fn hash(count: usize) -> Result<Duration> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(said)?);
    let begin = Instant::now();
    for _ in 0..count {
        let digest = digest();
        argon2
            .hash_password_with_salt(digest.as_str().as_bytes(), &[7; 16])
            .map_err(said)?;
    }
    Ok(begin.elapsed())
}

fn said(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}
