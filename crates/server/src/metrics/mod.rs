//! What the server counts of itself, for Prometheus.
//!
//! Each figure is an atomic number that is looked up once, when the server starts; only answers
//! over HTTP and refusals are looked up by their labels as they happen. What can be asked for at
//! any time, such as how many wait, is asked for when somebody collects.

mod code;
mod http;
mod listener;
mod process;
mod sockets;

use std::sync::atomic::Ordering;

use magpie_protocol::{ErrorBody, messages::Sent};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{App, AppError, db::Db, health};

pub(crate) use code::{Code, Outcome};
pub(crate) use http::Http;
pub(crate) use listener::Listener;
pub(crate) use sockets::{Counted, Sockets};

/// All figures of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Connections that are open, sockets included.
    pub(crate) connections: Gauge,
    /// Sockets.
    pub(crate) sockets: Sockets,
    /// Requests over HTTP.
    pub(crate) http: Http,
    sign_ins: Family<Outcome, Counter>,
    registrations: Family<Outcome, Counter>,
    messages: Counter,
    sends_refused: Family<Code, Counter>,
    waiting: Family<Queue, Gauge>,
    up: Family<Part, Gauge>,
    pool: Pool,
    bus: Bus,
}

/// The connections to PostgreSQL, where that is the database. Known to the pool, which is asked when
/// somebody collects.
#[derive(Debug)]
struct Pool {
    open: Gauge,
    busy: Gauge,
    retries: Counter,
    lost: Counter,
}

/// The link to the other nodes, where there is one; asked as the pool is.
#[derive(Debug)]
struct Bus {
    waiting: Gauge,
    scopes: Gauge,
    lost: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    queue: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Part {
    part: &'static str,
}

impl Metrics {
    /// Gets ready to count, beside what `db` counts.
    pub(crate) fn new(db: &Db) -> Self {
        let commits = db.commits();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process));
        let ours = registry.sub_registry_with_prefix("magpie");
        let version = env!("CARGO_PKG_VERSION");
        ours.register(
            "build",
            "The program's version",
            prometheus_client::metrics::info::Info::new([("version", version)]),
        );
        ours.register(
            "db_commit_transactions",
            "Transactions that were committed together",
            commits.size,
        );
        ours.register(
            "db_commit_duration_seconds",
            "Time from the first transaction of a batch to the end of its commit",
            commits.seconds,
        );
        Self {
            connections: added(ours, "connections", "Open connections, sockets included"),
            sockets: Sockets::new(ours),
            http: Http::new(ours),
            sign_ins: added(ours, "sign_ins", "Tries to sign in, by outcome"),
            registrations: added(ours, "registrations", "Tries to register, by outcome"),
            messages: added(
                ours,
                "messages_acknowledged",
                "Messages that were stored and synced to disk; one sent again counts again",
            ),
            sends_refused: added(
                ours,
                "messages_refused",
                "Messages that were not stored, by the code of the refusal",
            ),
            waiting: added(
                ours,
                "db_waiting",
                "Transactions that wait for the database",
            ),
            pool: Pool {
                open: added(ours, "db_connections", "Connections to the database"),
                busy: added(
                    ours,
                    "db_connections_busy",
                    "Connections to the database that run a transaction",
                ),
                retries: added(
                    ours,
                    "db_retries",
                    "Transactions that were run again, since others were in the way or the \
                     connection was lost",
                ),
                lost: added(
                    ours,
                    "db_connections_lost",
                    "Connections to the database that were lost",
                ),
            },
            bus: Bus {
                waiting: added(
                    ours,
                    "bus_waiting",
                    "Events that wait to reach the other nodes",
                ),
                scopes: added(
                    ours,
                    "bus_scopes",
                    "Scopes whose events are fetched from the other nodes",
                ),
                lost: added(
                    ours,
                    "bus_lost",
                    "Events that did not reach the other nodes; their sockets are told to resync",
                ),
            },
            up: added(
                ours,
                "up",
                "Whether a part works: 1, or 0 where it does not",
            ),
            registry,
        }
    }

    /// Counts the answers to messages that were sent together.
    pub(crate) fn sent(&self, answers: &[Result<Sent, ErrorBody>]) {
        let mut stored = 0;
        for answer in answers {
            match answer {
                Ok(_) => stored += 1,
                Err(body) => {
                    self.sends_refused.get_or_create(&Code::of(body.code)).inc();
                }
            }
        }
        self.messages.inc_by(stored);
    }

    /// Counts a try to sign in.
    pub(crate) fn signed_in<T>(&self, outcome: &Result<T, AppError>) {
        self.sign_ins.get_or_create(&Outcome::of(outcome)).inc();
    }

    /// Counts a try to register.
    pub(crate) fn registered<T>(&self, outcome: &Result<T, AppError>) {
        self.registrations
            .get_or_create(&Outcome::of(outcome))
            .inc();
    }

    /// Writes all figures down as Prometheus reads them.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) async fn collect(&self, app: &App) -> Result<String, std::fmt::Error> {
        let waiting = app.db().waiting();
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (queue, length) in [("reads", waiting.reads), ("writes", waiting.writes)] {
            let gauge = self.waiting.get_or_create_owned(&Queue { queue });
            gauge.set(count(length));
        }
        if let Some(pool) = app.db().pool() {
            self.pool.open.set(count(pool.connections));
            self.pool.busy.set(count(pool.busy));
            self.pool
                .retries
                .inner()
                .store(pool.retries, Ordering::Relaxed);
            self.pool.lost.inner().store(pool.lost, Ordering::Relaxed);
        }
        let bus = app.bus().figures();
        self.bus.waiting.set(count(bus.waiting));
        self.bus.scopes.set(count(bus.scopes));
        self.bus.lost.inner().store(bus.lost, Ordering::Relaxed);
        let health = health::check(app).await;
        for (part, status) in [("database", health.database), ("bus", health.bus)] {
            let works = status == magpie_protocol::server::HealthStatus::Ok;
            let gauge = self.up.get_or_create_owned(&Part { part });
            gauge.set(i64::from(works));
        }
        let mut figures = String::new();
        text::encode(&mut figures, &self.registry)?;
        Ok(figures)
    }
}

/// Registers a figure and returns it.
fn added<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}
