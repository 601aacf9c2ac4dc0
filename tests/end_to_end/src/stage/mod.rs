//! The stage of a test: a server or several, and the people who use it.

mod running;
mod tally;
mod verdict;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Once},
};

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    ChildServer, Device, Link, Nodes, Observer, Person, Record, ServerSettings, TestClock,
    engine::{Database, fresh_database},
    nodes::Sockets,
    person::password_of,
};
use running::{Running, Servers};
pub use tally::Tally;

/// A server, or several nodes of one, and its people. Everything ends and its folders go when this is
/// dropped.
pub struct Stage {
    clock: TestClock,
    record: Arc<Record>,
    observer: Observer,
    /// Where the server listens, or each of its nodes.
    addresses: Vec<SocketAddr>,
    servers: Servers,
    /// What lies between the observer and the nodes.
    _front: Option<Link>,
    cast: Mutex<Vec<Person>>,
    // Below the servers, which are dropped before it.
    _database: Option<Database>,
    folder: TempDir,
}

impl Stage {
    /// Starts a server in this process, with a clock that the test can move.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn new() -> Self {
        let (folder, database, settings) = one();
        let clock = TestClock::default();
        let server = Running::here(settings, clock.clone()).await;
        Self::around(server, database, clock, folder)
    }

    /// Starts a server as a process of its own, which the test can kill.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn with_child_server(program: &Path) -> Self {
        let (folder, database, settings) = one();
        let server = ChildServer::start(program, settings).await;
        let server = Running::Child(Box::new(server));
        Self::around(server, database, TestClock::default(), folder)
    }

    /// Starts so many nodes as processes of their own, on one PostgreSQL and one Redis, all of which
    /// the test can kill. Devices reach them through a link that finds one that lives, as through a
    /// proxy in front of them; the first device of the n-th person prefers the n-th node.
    ///
    /// # Panics
    /// When something does not start.
    pub async fn with_nodes(program: &Path, count: usize, sockets: Sockets) -> Self {
        tell_what_is_asked_for();
        let folder = TempDir::new().unwrap();
        let nodes = Nodes::start(program, folder.path(), count, sockets).await;
        let addresses = nodes.addresses();
        let front = Link::to_first_of(addresses.clone()).await;
        Self {
            clock: TestClock::default(),
            record: Arc::default(),
            observer: Observer::new(&front.url()),
            addresses,
            servers: Servers::Several(nodes),
            _front: Some(front),
            cast: Mutex::default(),
            _database: None,
            folder,
        }
    }

    fn around(
        server: Running,
        database: Option<Database>,
        clock: TestClock,
        folder: TempDir,
    ) -> Self {
        tell_what_is_asked_for();
        let address = server.address();
        Self {
            clock,
            record: Arc::default(),
            observer: Observer::new(&format!("http://{address}")),
            addresses: vec![address],
            servers: Servers::One(AsyncMutex::new(server)),
            _front: None,
            cast: Mutex::default(),
            _database: database,
            folder,
        }
    }

    /// Returns the nodes.
    ///
    /// # Panics
    /// When there is one server only.
    #[must_use]
    pub fn nodes(&self) -> &Nodes {
        match &self.servers {
            Servers::Several(nodes) => nodes,
            Servers::One(_) => panic!("there is one server only"),
        }
    }

    /// Returns the clock that a server in this process and all cores share.
    #[must_use]
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Returns what was sent so far.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Returns the client that asks the server past all cores.
    #[must_use]
    pub fn observer(&self) -> &Observer {
        &self.observer
    }

    /// Returns everybody who was invited.
    #[must_use]
    pub fn cast(&self) -> Vec<Person> {
        self.cast.lock().clone()
    }

    /// Lets a person make an account on a first device, and connect.
    ///
    /// # Panics
    /// When that fails.
    pub async fn invite(&self, name: &str) -> Person {
        let device = self.device(&format!("{name}-1"), self.cast().len()).await;
        device.register(name, &password_of(name)).await.unwrap();
        device.until_online().await;
        let person = Person::new(name, device, Arc::clone(&self.record));
        self.cast.lock().push(person.clone());
        person
    }

    /// Lets a person sign in on one more device. It may not be connected yet.
    ///
    /// # Panics
    /// When that fails.
    pub async fn another_device(&self, person: &Person) -> Device {
        let number = person.devices().len() + 1;
        let place = self
            .cast()
            .iter()
            .position(|other| other.id() == person.id());
        let label = format!("{}-{number}", person.name());
        let device = self.device(&label, place.unwrap_or(0) + number - 1).await;
        device
            .sign_in(person.name(), &person.password())
            .await
            .unwrap();
        person.add_device(device.clone());
        device
    }

    async fn device(&self, label: &str, node: usize) -> Device {
        let link = Link::to_first_of(self.addresses.clone()).await;
        link.prefer(self.addresses[node % self.addresses.len()]);
        Device::new(
            label.to_owned(),
            self.folder.path().join(label),
            link,
            self.clock.clone(),
            Arc::clone(&self.record),
        )
    }

    /// Cuts a device's link, so that it comes back on this node where that takes it.
    pub fn moves(&self, device: &Device, node: usize) {
        let address = self.addresses[node % self.addresses.len()];
        device.link().prefer(address);
        device.link().cut();
    }

    /// Kills a server that is a process of its own with `SIGKILL`, and starts it again where it was.
    ///
    /// # Panics
    /// When it runs in this process, or does not start again.
    pub async fn kill_server(&self) {
        self.server().lock().await.kill().await;
    }

    /// Stops a server in this process properly, and starts it again where it was.
    ///
    /// # Panics
    /// When it is a process of its own, or does not start again.
    pub async fn restart_server(&self) {
        let clock = self.clock.clone();
        self.server().lock().await.restart(clock).await;
    }

    fn server(&self) -> &AsyncMutex<Running> {
        match &self.servers {
            Servers::One(server) => server,
            Servers::Several(_) => panic!("there are several nodes"),
        }
    }
}

/// Says on the test's output what `RUST_LOG` asks for, and by default nothing.
fn tell_what_is_asked_for() {
    static LOG: Once = Once::new();
    LOG.call_once(|| {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_test_writer()
            .init();
    });
}

/// Makes ready for one server, on the engine that the run of the tests is for.
fn one() -> (TempDir, Option<Database>, ServerSettings) {
    let folder = TempDir::new().unwrap();
    let database = fresh_database();
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let url = database.as_ref().map(Database::url);
    let settings = ServerSettings::alone(folder.path().join("server"), any_port, url);
    (folder, database, settings)
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for device in self.cast().iter().flat_map(Person::devices) {
            println!(
                "the last that passed between {} and the server:",
                device.label()
            );
            for event in device.link().story() {
                println!("  {event}");
            }
        }
    }
}
