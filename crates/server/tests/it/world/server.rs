//! A server of one's own.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use magpie_protocol::{
    ConversationId, DeviceId, Timestamp, UserId,
    accounts::{Platform, Register},
    routes,
    sessions::{NewDevice, PasswordDigest, SignIn, SignedIn},
};
#[cfg(unix)]
use magpie_server::testing::Database;
use magpie_server::{
    Config, Server, Surroundings,
    clock::{Clock, SystemClock},
};
use parking_lot::Mutex;
use tempfile::TempDir;

use super::people::{Person, befriend};

/// The machine's clock, which a test can put forward.
#[derive(Default)]
pub(crate) struct MovableClock {
    system: SystemClock,
    ahead: AtomicI64,
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        self.system
            .now()
            .plus_millis(self.ahead.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed()
            + Duration::from_millis(self.ahead.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// A server on a folder of its own.
pub(crate) struct World {
    server: Option<Server>,
    config: Config,
    clock: Arc<MovableClock>,
    http: reqwest::Client,
    address: Arc<Mutex<SocketAddr>>,
    // Dropped after the server.
    #[cfg(unix)]
    _database: Option<Database>,
    _folder: TempDir,
}

/// Tells whether these tests are run on PostgreSQL, for which the environment asks. Without it they
/// are run on SQLite.
pub(crate) fn on_postgres() -> bool {
    match std::env::var("MAGPIE_TEST_ENGINE").as_deref() {
        Err(_) | Ok("sqlite") => false,
        // The tests start one of their own, which they can do there only.
        Ok("postgres") if cfg!(unix) => true,
        Ok(other) => panic!("MAGPIE_TEST_ENGINE is sqlite or postgres, not {other}"),
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: folder.path().to_owned(),
            argon2_memory_kib: 8,
            argon2_passes: 1,
            writes_per_user_and_second: 100_000,
            friend_requests_per_user_and_hour: 1_000_000,
            profile_changes_per_user_and_hour: 1_000_000,
            // A test that waits for a clock that was put forward must not lose its tokens.
            access_token_seconds: 365 * 24 * 60 * 60,
            ..Config::default()
        };
        #[cfg(unix)]
        let database = on_postgres().then(|| Database::create().unwrap());
        #[cfg(unix)]
        if let Some(database) = &database {
            config.database = Some(database.url().parse().unwrap());
        }
        change(&mut config);
        let mut world = Self {
            server: None,
            config,
            clock: Arc::new(MovableClock::default()),
            http: crate::api::http(),
            address: Arc::new(Mutex::new(SocketAddr::from(([127, 0, 0, 1], 1)))),
            #[cfg(unix)]
            _database: database,
            _folder: folder,
        };
        world.run().await;
        world
    }

    async fn run(&mut self) {
        let surroundings = Surroundings {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ..Surroundings::default()
        };
        let server = Server::start_in(self.config.clone(), surroundings)
            .await
            .unwrap();
        *self.address.lock() = server.local_addr();
        self.server = Some(server);
    }

    /// Stops the server and starts it again on the same folder.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    /// Starts the server that was stopped.
    pub(crate) async fn start_again(&mut self) {
        self.run().await;
    }

    pub(crate) async fn stop(&mut self) {
        self.server.take().unwrap().shutdown().await;
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// The server's time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.clock.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// Returns somebody as they talk to this server instead of the one that they knew.
    #[cfg(unix)]
    pub(crate) fn visited_by(&self, person: &Person) -> Person {
        Person {
            address: Arc::clone(&self.address),
            ..person.clone()
        }
    }

    /// Ends the server as if its process were killed: nobody is told.
    #[cfg(unix)]
    pub(crate) fn kill(&mut self) {
        drop(self.server.take().unwrap());
    }

    fn person(&self, signed_in: &SignedIn) -> Person {
        Person {
            id: signed_in.account.user.id,
            device: signed_in.device.id,
            token: signed_in.tokens.access_token.expose().to_owned(),
            http: self.http.clone(),
            address: Arc::clone(&self.address),
        }
    }

    /// Somebody who is not signed in.
    pub(crate) fn nobody(&self) -> Person {
        Person {
            id: UserId::new(1).unwrap(),
            device: DeviceId::new(1).unwrap(),
            token: String::new(),
            http: self.http.clone(),
            address: Arc::clone(&self.address),
        }
    }

    pub(crate) async fn register(&self, name: &str) -> Person {
        let register = Register {
            invitation: None,
            username: name.into(),
            nickname: name.into(),
            email: None,
            password: PasswordDigest::from_md5([7; 16]),
            device: device("first"),
        };
        let signed_in: SignedIn = self
            .nobody()
            .post(routes::ACCOUNTS, &register)
            .await
            .unwrap();
        self.person(&signed_in)
    }

    /// Signs another device of somebody in.
    pub(crate) async fn another_device(&self, name: &str) -> Person {
        let sign_in = SignIn {
            login: name.into(),
            password: PasswordDigest::from_md5([7; 16]),
            device: device("second"),
        };
        let signed_in: SignedIn = self
            .nobody()
            .post(routes::SESSIONS, &sign_in)
            .await
            .unwrap();
        self.person(&signed_in)
    }

    /// Two people who are friends, and their conversation.
    pub(crate) async fn friends(&self, one: &str, other: &str) -> (Person, Person, ConversationId) {
        let (one, other) = (self.register(one).await, self.register(other).await);
        let conversation = befriend(&one, &other).await;
        (one, other, conversation)
    }
}
fn device(name: &str) -> NewDevice {
    NewDevice {
        name: name.into(),
        platform: Platform::Linux,
    }
}
