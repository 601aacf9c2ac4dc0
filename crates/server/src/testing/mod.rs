//! A server for tests: on a temporary folder, with a clock that can be put forward and passwords
//! that cost nothing to hash.

#[cfg(unix)]
mod database;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod redis;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use magpie_protocol::{
    Timestamp,
    accounts::{Platform, Register},
    sessions::{NewDevice, PasswordDigest, SignedIn},
};
use tempfile::TempDir;

use crate::{
    App, Config, Server, StartError, Surroundings, accounts,
    clock::{Clock, SystemClock, SystemRandom},
};

#[cfg(unix)]
pub use self::{
    database::{Database, SHARED},
    postgres::{Postgres, PostgresError},
    redis::Redis,
};

/// The machine's clock, put forward.
#[derive(Debug, Default)]
pub struct TestClock {
    machine: SystemClock,
    ahead_millis: AtomicI64,
}

impl TestClock {
    /// Puts the clock forward.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.ahead_millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn ahead(&self) -> i64 {
        self.ahead_millis.load(Ordering::SeqCst)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.machine.now().plus_millis(self.ahead())
    }

    fn elapsed(&self) -> Duration {
        self.machine.elapsed() + Duration::from_millis(self.ahead().unsigned_abs())
    }
}

/// A running server. Its data are gone when it is dropped.
pub struct TestServer {
    server: Server,
    clock: Arc<TestClock>,
    folder: TempDir,
}

impl TestServer {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(|_| {}).await
    }

    /// Starts a server with other settings than those that suit most tests. Where the data lie
    /// cannot be chosen.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Result<Self, StartError> {
        let folder = TempDir::new().map_err(|source| StartError::DataFolder {
            path: std::env::temp_dir(),
            source,
        })?;
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            argon2_memory_kib: 8,
            argon2_passes: 1,
            tries_per_account_and_hour: 100_000,
            sign_ins_per_address_and_hour: 1_000_000,
            registrations_per_address_and_hour: 1_000_000,
            writes_per_user_and_second: 100_000,
            friend_requests_per_user_and_hour: 1_000_000,
            profile_changes_per_user_and_hour: 1_000_000,
            shutdown_seconds: 3,
            ..Config::default()
        };
        adjust(&mut config);
        config.data_dir = folder.path().to_owned();
        let clock = Arc::new(TestClock::default());
        let server = start(config, &clock).await?;
        Ok(Self {
            server,
            clock,
            folder,
        })
    }

    /// Stops the server, leaving its data.
    pub async fn stop(self) -> StoppedServer {
        let mut config = self.server.app().config().clone();
        config.listen = self.server.local_addr();
        self.server.shutdown().await;
        StoppedServer {
            config,
            clock: self.clock,
            folder: self.folder,
        }
    }

    /// Returns where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// Returns the URL of a path such as those of `magpie_protocol::routes`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Returns the server's clock.
    #[must_use]
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Returns the server's state.
    #[must_use]
    pub fn app(&self) -> &App {
        self.server.app()
    }

    /// Registers somebody without going over the network. Their password is [`password_of`] their
    /// name.
    ///
    /// # Errors
    /// The code with which the server refuses it.
    pub async fn sign_up(&self, name: &str) -> Result<SignedIn, magpie_protocol::ErrorBody> {
        let request = Register {
            invitation: None,
            username: name.to_owned(),
            nickname: name.to_owned(),
            email: None,
            password: password_of(name),
            device: NewDevice {
                name: format!("{name}'s laptop"),
                platform: Platform::Linux,
            },
        };
        accounts::create(self.app(), request)
            .await
            .map_err(crate::AppError::into_body)
    }
}

/// A server that was stopped.
pub struct StoppedServer {
    config: Config,
    clock: Arc<TestClock>,
    folder: TempDir,
}

impl StoppedServer {
    /// Starts it again, with the same data and at the same address.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(self) -> Result<TestServer, StartError> {
        Ok(TestServer {
            server: start(self.config, &self.clock).await?,
            clock: self.clock,
            folder: self.folder,
        })
    }

    /// Returns the folder that holds the data.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

async fn start(config: Config, clock: &Arc<TestClock>) -> Result<Server, StartError> {
    let surroundings = Surroundings {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        random: Arc::new(SystemRandom),
    };
    Server::start_in(config, surroundings).await
}

/// Returns the digest that stands for the password of somebody whom [`TestServer::sign_up`]
/// registered. No plain password belongs to it.
#[must_use]
pub fn password_of(name: &str) -> PasswordDigest {
    let mut digest = [0; 16];
    for (byte, letter) in digest.iter_mut().zip(name.bytes().cycle()) {
        *byte = letter;
    }
    PasswordDigest::from_md5(digest)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_database_survives_kills_and_its_folder_does_not_survive_its_server() {
        let postgres = Postgres::start_on_loopback().unwrap();
        let database = Database::create_at(&postgres).unwrap();
        database
            .execute("CREATE TABLE kept AS SELECT 7 AS seven")
            .unwrap();
        postgres.kill().unwrap();
        assert!(database.execute("SELECT 1").is_err());
        postgres.start_again().unwrap();
        database.execute("SELECT seven FROM kept").unwrap();
        database.break_connections().unwrap();
        postgres.stop().unwrap();
        postgres.start_again().unwrap();
        database.execute("SELECT seven FROM kept").unwrap();
        let address = postgres.address().unwrap();
        assert!(std::net::TcpStream::connect(address).is_ok());

        let url = database.url();
        let folder = url.split(['@', ':']).nth(2).unwrap().replace("%2F", "/");
        assert!(std::path::Path::new(&folder).is_dir());
        drop(database);
        drop(postgres);
        assert!(!std::path::Path::new(&folder).exists());
    }
}
