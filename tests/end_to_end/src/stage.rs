//! The stage of a test: a server, and the people who use it.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Once},
    time::Duration,
};

use magpie_protocol::{ConversationId, messages::Message, sync::Head};
use magpie_server::Server;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    ChildServer, Device, Link, Observer, Person, Record, TestClock, check, eventually,
    person::password_of, serve, server_config,
};

/// How long everybody may take to come to the same view at the end of a test.
const CONVERGENCE: Duration = Duration::from_secs(90);

/// A device that has passed nothing for so long fetches nothing any more.
const QUIET: Duration = Duration::from_millis(300);

/// A server and its people. Everything ends and its folders go when this is dropped.
pub struct Stage {
    clock: TestClock,
    record: Arc<Record>,
    observer: Observer,
    address: SocketAddr,
    server: AsyncMutex<Running>,
    cast: Mutex<Vec<Person>>,
    folder: TempDir,
}

enum Running {
    Here(Option<Server>),
    Child(Box<ChildServer>),
}

impl Stage {
    /// Starts a server in this process, with a clock that the test can move.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = TestClock::default();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = server_config(folder.path().join("server"), any_port);
        let server = serve(config, clock.clone()).await.unwrap();
        let address = server.local_addr();
        Self::around(Running::Here(Some(server)), address, clock, folder)
    }

    /// Starts a server as a process of its own, which the test can kill.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn with_child_server(program: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        let server = ChildServer::start(program, &folder.path().join("server")).await;
        let address = server.address();
        Self::around(
            Running::Child(Box::new(server)),
            address,
            TestClock::default(),
            folder,
        )
    }

    fn around(server: Running, address: SocketAddr, clock: TestClock, folder: TempDir) -> Self {
        static LOG: Once = Once::new();
        LOG.call_once(|| {
            // Says what RUST_LOG asks for, and by default nothing.
            let filter = tracing_subscriber::EnvFilter::from_default_env();
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_test_writer()
                .init();
        });
        Self {
            clock,
            record: Arc::default(),
            observer: Observer::new(&format!("http://{address}")),
            address,
            server: AsyncMutex::new(server),
            cast: Mutex::default(),
            folder,
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
        let device = self.device(&format!("{name}-1")).await;
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
        let device = self.device(&format!("{}-{number}", person.name())).await;
        device
            .sign_in(person.name(), &person.password())
            .await
            .unwrap();
        person.add_device(device.clone());
        device
    }

    async fn device(&self, label: &str) -> Device {
        Device::new(
            label.to_owned(),
            self.folder.path().join(label),
            Link::to(self.address).await,
            self.clock.clone(),
            Arc::clone(&self.record),
        )
    }

    /// Kills a server that is a process of its own with `SIGKILL`, and starts it again where it was.
    ///
    /// # Panics
    /// When it runs in this process, or does not start again.
    pub async fn kill_server(&self) {
        match &mut *self.server.lock().await {
            Running::Child(server) => {
                server.kill().await;
                server.restart().await;
            }
            Running::Here(_) => panic!("a server in this process cannot be killed"),
        }
    }

    /// Stops a server in this process properly, and starts it again where it was.
    ///
    /// # Panics
    /// When it is a process of its own, or does not start again.
    pub async fn restart_server(&self) {
        match &mut *self.server.lock().await {
            Running::Here(server) => {
                server.take().unwrap().shutdown().await;
                let config = server_config(self.folder.path().join("server"), self.address);
                *server = Some(serve(config, self.clock.clone()).await.unwrap());
            }
            Running::Child(_) => panic!("a server in a process of its own is killed"),
        }
    }

    /// Checks that everything came right: starts every device, opens every link, and waits until
    /// each, started once more without a network, shows all that the server has from its own disk.
    /// Reading with a network would fetch what is missing and hide that it was. Then all must agree
    /// online as well, marks included. The server is held against the record each time.
    ///
    /// # Panics
    /// When they do not come to agree, with what is wrong.
    pub async fn all_is_well(&self) {
        let cast = self.cast();
        for device in cast.iter().flat_map(Person::devices) {
            device.link().forget_faults();
            device.link().delay(Duration::ZERO);
            device.link().release();
            device.link().open();
            if !device.runs() {
                device.start().await;
            }
            device.core().reconnect();
        }
        for device in cast.iter().flat_map(Person::devices) {
            device.until_online().await;
        }
        for person in &cast {
            for device in person.devices() {
                self.shows_all_offline(person, &device).await;
            }
        }
        for device in cast.iter().flat_map(Person::devices) {
            device.until_online().await;
        }
        eventually("all agree", CONVERGENCE, async || {
            for person in &cast {
                let known = self.known(person).await?;
                for device in person.devices() {
                    check::device(&device, person, &known).await?;
                }
                check::marks(&known, &cast)?;
            }
            Ok(())
        })
        .await;
    }

    /// Waits until the device shows everything without a network, right after its start.
    async fn shows_all_offline(&self, person: &Person, device: &Device) {
        let what = format!("{} holds everything", device.label());
        eventually(&what, CONVERGENCE, async || {
            // It fetches what it missed by itself; a restart in the middle would only delay it.
            device.until_online().await;
            device.link().until_quiet(QUIET).await;
            let known = self.known(person).await?;
            device.link().refuse();
            device.close().await;
            device.start().await;
            let checked = check::device(device, person, &known).await;
            device.link().open();
            device.core().reconnect();
            checked
        })
        .await;
    }

    /// Asks the server what a person should see, and checks the histories against the record.
    async fn known(&self, person: &Person) -> Result<check::Known, String> {
        let sync = self.observer.sync(person).await?;
        let mut conversations: Vec<(Head, Vec<Message>, _)> = Vec::new();
        for head in sync.heads {
            let id: ConversationId = head.conversation.id;
            let history = self.observer.history(person, id).await?;
            let refused = self.record.check(id, &history);
            let refused = refused.map_err(|wrong| format!("the server, in {id}: {wrong}"))?;
            conversations.push((head, history, refused));
        }
        Ok(check::Known {
            conversations,
            friends: self.observer.friends(person).await?,
            blocks: self.observer.blocks(person).await?,
        })
    }
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
