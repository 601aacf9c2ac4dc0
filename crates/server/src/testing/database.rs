//! Databases in a PostgreSQL for tests, one for each test.

use std::{
    env,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio_postgres::NoTls;

use super::postgres::{Postgres, PostgresError};

/// Names a PostgreSQL that several test processes share, by the URL of its database for
/// administration. `cargo xtask test` starts one for all of them.
pub const SHARED: &str = "MAGPIE_TEST_POSTGRES";

/// A database of one's own, fresh and empty. It is gone when this is dropped.
pub struct Database {
    administration: String,
    name: String,
}

impl Database {
    /// Makes one in the PostgreSQL that the environment names as [`SHARED`], otherwise in one that
    /// is started for this process when it is first needed.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn create() -> Result<Self, PostgresError> {
        static OWN: OnceLock<Postgres> = OnceLock::new();
        static STARTING: parking_lot::Mutex<()> = parking_lot::Mutex::new(());
        if let Ok(shared) = env::var(SHARED) {
            return Self::create_in(shared);
        }
        let _one_at_a_time = STARTING.lock();
        let own = match OWN.get() {
            Some(own) => own,
            None => {
                let started = Postgres::start()?;
                OWN.get_or_init(|| started)
            }
        };
        Self::create_in(own.url())
    }

    /// Makes one in a PostgreSQL of the test's own.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn create_at(postgres: &Postgres) -> Result<Self, PostgresError> {
        Self::create_in(postgres.url())
    }

    fn create_in(administration: String) -> Result<Self, PostgresError> {
        static MADE: AtomicU64 = AtomicU64::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        ask(
            &administration,
            &format!("CREATE DATABASE {name} TEMPLATE template0"),
        )?;
        Ok(Self {
            administration,
            name,
        })
    }

    /// Returns its URL, such as `--database` takes.
    #[must_use]
    pub fn url(&self) -> String {
        match self.administration.rsplit_once('/') {
            Some((server, _)) => format!("{server}/{}", self.name),
            None => self.administration.clone(),
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in it, past the server that is tested.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn execute(&self, statements: &str) -> Result<(), PostgresError> {
        ask(&self.url(), statements)
    }

    /// Breaks all connections to it, as a fault of the network or an operator does.
    ///
    /// # Errors
    /// See [`PostgresError`].
    pub fn break_connections(&self) -> Result<(), PostgresError> {
        let name = &self.name;
        ask(
            &self.administration,
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            ),
        )
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = &self.name;
        // Where the server is gone, so is this.
        let _ = ask(
            &self.administration,
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
    }
}

/// Runs statements on a connection of their own. Whoever calls may be running inside tokio, which
/// does not take a second runtime on its threads.
pub(super) fn ask(url: &str, statements: &str) -> Result<(), PostgresError> {
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            let connection = tokio::spawn(connection);
            let done = client.batch_execute(statements).await;
            drop(client);
            let _ = connection.await;
            Ok(done?)
        })
    };
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|_| {
        Err(PostgresError::System(std::io::Error::other(
            "the thread that asks panicked",
        )))
    })
}
