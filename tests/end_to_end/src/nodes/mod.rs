//! Several nodes of one server, each a process of its own, on one PostgreSQL and one Redis.
//!
//! Each node reaches both over a [`Pipe`] of its own, so that one of them can be cut off while the
//! others are not.

#[cfg(unix)]
mod machines;
#[cfg(not(unix))]
#[path = "no_machines.rs"]
mod machines;

use std::{net::SocketAddr, path::Path, time::Duration};

use magpie_protocol::{
    routes,
    server::{Health, HealthStatus},
};
use tokio::sync::Mutex;

use machines::Machines;

use crate::{ChildServer, Link, PATIENCE, Pipe, ServerSettings, eventually};

/// Where devices open their sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sockets {
    /// Where they ask everything else: behind the proxy in front of the nodes.
    BehindTheProxy,
    /// Where the gateway sends them: at a door of the node's own.
    ByGateway,
}

/// The nodes, and what they share. Everything is killed and removed when this is dropped.
pub struct Nodes {
    nodes: Vec<Node>,
    http: reqwest::Client,
    // Below the nodes, which are dropped before.
    machines: Machines,
}

struct Node {
    address: SocketAddr,
    server: Mutex<ChildServer>,
    database: Pipe,
    bus: Pipe,
    /// Where the gateway sends devices.
    door: Option<Link>,
}

impl Nodes {
    /// Starts PostgreSQL, Redis and so many nodes, and waits until each says that it is well.
    ///
    /// # Panics
    /// When one of them does not start.
    pub(crate) async fn start(
        program: &Path,
        folder: &Path,
        count: usize,
        sockets: Sockets,
    ) -> Self {
        let machines = Machines::start();
        let mut nodes = Vec::new();
        for n in 1..=count {
            let to_database = Pipe::to(machines.postgres_address()).await;
            let to_bus = Pipe::to(machines.redis_address()).await;
            let door = match sockets {
                Sockets::ByGateway => Some(Link::to_first_of(vec![]).await),
                Sockets::BehindTheProxy => None,
            };
            let settings = ServerSettings {
                data_dir: folder.join(format!("node-{n}")),
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                database: Some(machines.database_url(to_database.address())),
                bus: Some(format!("redis://{}", to_bus.address())),
                advertise: door.as_ref().map(Link::url),
            };
            let server = ChildServer::start(program, settings).await;
            if let Some(door) = &door {
                door.lead_to(vec![server.address()]);
            }
            nodes.push(Node {
                address: server.address(),
                server: Mutex::new(server),
                database: to_database,
                bus: to_bus,
                door,
            });
        }
        // Cores in the same process may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let nodes = Self {
            nodes,
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(Duration::from_secs(5))
                .build()
                .unwrap(),
            machines,
        };
        nodes.all_are_well().await;
        nodes
    }

    /// Returns how many nodes there are, dead ones included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Returns where the nodes listen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|node| node.address).collect()
    }

    /// Returns the nodes' doors, where sockets are opened by the gateway.
    pub fn doors(&self) -> impl Iterator<Item = &Link> {
        self.nodes.iter().filter_map(|node| node.door.as_ref())
    }

    /// Returns the wire between a node and PostgreSQL.
    #[must_use]
    pub fn database(&self, node: usize) -> &Pipe {
        &self.nodes[node].database
    }

    /// Returns the wire between a node and Redis.
    #[must_use]
    pub fn bus(&self, node: usize) -> &Pipe {
        &self.nodes[node].bus
    }

    /// Returns whether a node runs.
    pub async fn runs(&self, node: usize) -> bool {
        self.nodes[node].server.lock().await.runs()
    }

    /// Kills a node with `SIGKILL`.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn kill(&self, node: usize) {
        self.nodes[node].server.lock().await.kill().await;
    }

    /// Starts a node again that was killed, at the same address.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn revive(&self, node: usize) {
        self.nodes[node].server.lock().await.restart().await;
    }

    /// Kills Redis with `SIGKILL`. What it held is gone.
    pub fn kill_redis(&self) {
        self.machines.kill_redis();
    }

    /// Starts Redis at the same address, where it does not run.
    pub fn start_redis(&self) {
        self.machines.start_redis();
    }

    /// Kills PostgreSQL as a power cut would.
    pub fn kill_postgres(&self) {
        self.machines.kill_postgres();
    }

    /// Starts PostgreSQL at the same address, where it does not run.
    pub fn start_postgres(&self) {
        self.machines.start_postgres();
    }

    /// Asks a node how it is, past all links.
    ///
    /// # Errors
    /// When it does not answer in its own words.
    pub async fn health(&self, node: usize) -> Result<Health, String> {
        let url = format!("http://{}{}", self.nodes[node].address, routes::HEALTH);
        let answer = self.http.get(url).send().await;
        let answer = answer.map_err(|error| format!("{error:?}"))?;
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }

    /// Waits until a node says so of itself.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_health(&self, node: usize, what: &str, says: impl Fn(&Health) -> bool) {
        let what = format!("node {node} {what}");
        eventually(&what, PATIENCE, async || {
            let health = self.health(node).await?;
            if says(&health) {
                Ok(())
            } else {
                Err(format!("{health:?}"))
            }
        })
        .await;
    }

    /// Waits until a node reaches its database.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_reaches_database(&self, node: usize) {
        self.until_health(node, "reaches its database", |health| {
            health.database == HealthStatus::Ok
        })
        .await;
    }

    /// Opens every wire, starts whatever is down, and waits until every node says that it is well.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn heal(&self) {
        self.start_postgres();
        self.start_redis();
        for (number, node) in self.nodes.iter().enumerate() {
            node.database.open();
            node.bus.open();
            if !self.runs(number).await {
                self.revive(number).await;
            }
        }
        self.all_are_well().await;
    }

    async fn all_are_well(&self) {
        for node in 0..self.count() {
            self.until_health(node, "is well", |health| health.status == HealthStatus::Ok)
                .await;
        }
    }
}
