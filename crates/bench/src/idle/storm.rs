//! Devices that want to be connected, and try again as the app does.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;
use magpie_protocol::sessions::Secret;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    stand::Person,
    wire::{Socket, connect},
};

/// The app's own waiting times: they double from half a second up to thirty, each with chance in
/// it.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// How long the app waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many connect at the same time when they are not in a hurry.
const AT_ONCE: usize = 64;
/// As small as can be: the generator's memory is not what is measured, but it has to fit.
const READ_BUFFER: usize = 1024;

/// Everybody.
pub(super) struct Crowd {
    size: usize,
    shared: Arc<Shared>,
    connected: watch::Receiver<usize>,
    devices: JoinSet<()>,
}

struct Shared {
    server: SocketAddr,
    connected: watch::Sender<usize>,
    /// Tries to connect that were made after the first connection.
    tries: AtomicU64,
}

impl Crowd {
    /// Connects everybody, a few at a time, and keeps them connected from then on.
    ///
    /// # Errors
    /// When somebody is not let in.
    pub(super) async fn connect(server: SocketAddr, people: &[Person]) -> Result<Self> {
        let (sender, connected) = watch::channel(0);
        let shared = Arc::new(Shared {
            server,
            connected: sender,
            tries: AtomicU64::new(0),
        });
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut connecting = JoinSet::new();
        for person in people {
            let (turns, token) = (Arc::clone(&turns), person.token.clone());
            connecting.spawn(async move {
                let _turn = turns.acquire().await?;
                let socket = connect(server, Some(&token), READ_BUFFER).await?;
                Ok::<_, anyhow::Error>((socket, token))
            });
        }
        let mut first = Vec::with_capacity(people.len());
        while let Some(connected) = connecting.join_next().await {
            first.push(connected?.context("a device was not let in")?);
        }
        let mut devices = JoinSet::new();
        for (place, (socket, token)) in first.into_iter().enumerate() {
            let rng = StdRng::seed_from_u64(u64::try_from(place)?);
            shared.connected.send_modify(|connected| *connected += 1);
            devices.spawn(stay(Arc::clone(&shared), socket, token, rng));
        }
        Ok(Self {
            size: people.len(),
            shared,
            connected,
            devices,
        })
    }

    /// Waits until all are connected who were before, and returns how many are not when the time
    /// is up.
    pub(super) async fn until_all_are_back(&mut self, bound: Duration) -> usize {
        let size = self.size;
        // Also where the time is up, for the count says so.
        let _ = timeout(
            bound,
            self.connected.wait_for(|connected| *connected == size),
        )
        .await;
        size - *self.connected.borrow()
    }

    /// Returns how often each has tried to connect again, on the average.
    pub(super) fn tries_each(&self) -> f64 {
        let tries = self.shared.tries.load(Ordering::Relaxed);
        let per = u64::try_from(self.size).unwrap_or(u64::MAX);
        super::rate(tries, Duration::from_secs(per))
    }

    /// Lets all go.
    pub(super) async fn leave(mut self) {
        self.devices.shutdown().await;
    }
}

/// Keeps a device connected.
async fn stay(shared: Arc<Shared>, mut socket: Socket, token: Secret, mut rng: StdRng) {
    let mut wait = FIRST;
    let mut since = Instant::now();
    loop {
        // Nothing is said to a silent device but pings, which are answered while reading.
        while let Some(Ok(_)) = socket.next().await {}
        drop(socket);
        shared.connected.send_modify(|connected| *connected -= 1);
        if since.elapsed() > Duration::from_secs(10) {
            wait = FIRST;
        }
        socket = loop {
            sleep(wait.mul_f64(0.5 + rng.random::<f64>() / 2.0)).await;
            wait = LONGEST.min(wait * 2);
            shared.tries.fetch_add(1, Ordering::Relaxed);
            let connecting = connect(shared.server, Some(&token), READ_BUFFER);
            if let Ok(Ok(socket)) = timeout(PATIENCE, connecting).await {
                break socket;
            }
        };
        since = Instant::now();
        shared.connected.send_modify(|connected| *connected += 1);
    }
}
