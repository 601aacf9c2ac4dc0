//! The server as a whole: its state, its routes, and its life from start to stop.

mod connections;
mod observe;
mod router;
mod server;

use std::sync::Arc;

use magpie_protocol::{DeviceId, Timestamp};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    admin,
    bus::{Bus, Event, NodeId},
    clock::{self, Clock, Random, SystemClock, SystemRandom},
    config::Config,
    copy,
    db::{Db, DbError},
    gather::Gather,
    health::LastLook,
    limits::Limits,
    messages::Lanes,
    metrics::Metrics,
    nodes::Nodes,
    presence::Presence,
    sessions::{self, EndedDevices, Passwords, TokenMaker},
    sync::history,
};

pub(crate) use connections::Place;
pub(crate) use server::lock;
pub use server::{Server, StartError};

/// The most lanes on which messages are written; see [`Lanes`]. With more of them each writes fewer
/// messages at a time.
const LANES: usize = 4;

/// What the server is given by its surroundings.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

impl Default for Surroundings {
    /// The machine's clock and the operating system's randomness.
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(SystemRandom),
        }
    }
}

/// The state that all requests share; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    config: Config,
    db: Db,
    bus: Bus,
    surroundings: Surroundings,
    tokens: TokenMaker,
    ended: Arc<EndedDevices>,
    passwords: Passwords,
    limits: Limits,
    nodes: Nodes,
    presence: Presence,
    metrics: Metrics,
    last_look: LastLook,
    lanes: Lanes,
    seen: Gather<DeviceId>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl App {
    /// Opens the database in the data folder, which exists, and gets the rest ready.
    async fn open(config: Config, surroundings: Surroundings) -> Result<Self, StartError> {
        let passwords = Passwords::new(&config, &*surroundings.random)
            .map_err(|error| StartError::Hashing(error.to_string()))?;
        let keep_millis = i64::from(config.access_token_seconds) * 1_000;
        let ended = Arc::new(EndedDevices::new(keep_millis, Vec::new()));
        let bus = open_bus(&config, &surroundings, &ended);
        let publish = {
            let (bus, ended) = (bus.clone(), Arc::clone(&ended));
            let clock = Arc::clone(&surroundings.clock);
            move |events: Vec<Event>| {
                for event in events {
                    if let Event::EndDevice { device } = event {
                        ended.insert(device, clock.now());
                    }
                    bus.publish(event);
                }
            }
        };
        let place = config.database_place();
        let connections = usize::try_from(config.database_connections).unwrap_or(usize::MAX);
        let opening = move || Db::open(&place, connections, Box::new(publish));
        let db = tokio::task::spawn_blocking(opening)
            .await
            .map_err(|error| DbError::Unavailable(error.to_string()))??;

        if db.read::<_, DbError, _>(copy::is_under_way).await? {
            return Err(StartError::UnfinishedCopy);
        }
        let fresh = clock::bytes(&*surroundings.random);
        let past = clock::bytes(&*surroundings.random);
        let keys = db
            .write::<_, DbError, _>(move |tx| {
                history::begin(tx, &past)?;
                sessions::keys(tx, &fresh)
            })
            .await?;
        // Before the ended devices: what is noticed later is ended later.
        let noticed = db.read::<_, DbError, _>(admin::last_notice).await?;
        let since = surroundings.clock.now().plus_millis(-keep_millis);
        let devices = db
            .read::<_, DbError, _>(move |tx| sessions::load_ended(tx, since))
            .await?;
        for (device, at) in devices {
            ended.insert(device, at);
        }
        let app = Self(Arc::new(Parts {
            tokens: TokenMaker::new(&keys, &config),
            limits: Limits::new(&config, &surroundings.clock),
            // The other connections are for what is not sent.
            lanes: Lanes::new(db.writers().div_ceil(2).min(LANES)),
            seen: Gather::default(),
            metrics: Metrics::new(&db),
            last_look: LastLook::default(),
            nodes: Nodes::default(),
            presence: Presence::default(),
            passwords,
            config,
            db,
            bus,
            surroundings,
            ended,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }));
        app.tasks().spawn(admin::watch(app.clone(), noticed));
        Ok(app)
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Returns the database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Returns the bus.
    #[must_use]
    pub fn bus(&self) -> &Bus {
        &self.0.bus
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.surroundings.clock
    }

    /// Returns the time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Returns the source of randomness.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        &*self.0.surroundings.random
    }

    /// Returns the tasks that a stop waits for, for a while: sockets belong here.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// Returns what is cancelled when the server begins to stop.
    #[must_use]
    pub fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    pub(crate) fn tokens(&self) -> &TokenMaker {
        &self.0.tokens
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    pub(crate) fn seen(&self) -> &Gather<DeviceId> {
        &self.0.seen
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn last_look(&self) -> &LastLook {
        &self.0.last_look
    }

    pub(crate) fn nodes(&self) -> &Nodes {
        &self.0.nodes
    }

    pub(crate) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    pub(crate) fn ended_devices(&self) -> &EndedDevices {
        &self.0.ended
    }
}

/// Makes the bus that the settings ask for.
fn open_bus(config: &Config, surroundings: &Surroundings, ended: &Arc<EndedDevices>) -> Bus {
    let Some(address) = config.bus.clone() else {
        return Bus::new();
    };
    let own = NodeId(u64::from_be_bytes(clock::bytes(&*surroundings.random)));
    let (clock, ended) = (Arc::clone(&surroundings.clock), Arc::clone(ended));
    let random = Arc::clone(&surroundings.random);
    Bus::between_nodes(address, own, random, move |device| {
        ended.insert(device, clock.now());
    })
}
