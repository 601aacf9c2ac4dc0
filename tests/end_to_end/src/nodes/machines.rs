//! What all nodes stand on: one PostgreSQL and one Redis.

use std::net::SocketAddr;

use magpie_server::testing::{Database, Postgres, Redis};
use parking_lot::Mutex;
use tokio::task::block_in_place;

/// A PostgreSQL with one database, and a Redis. Both are gone when this is dropped.
pub(super) struct Machines {
    redis: Mutex<Redis>,
    database: Database,
    // Dropped last.
    postgres: Postgres,
}

impl Machines {
    pub(super) fn start() -> Self {
        block_in_place(|| {
            let postgres = Postgres::start_on_loopback().unwrap();
            let database = Database::create_at(&postgres).unwrap();
            Self {
                redis: Mutex::new(Redis::start().unwrap()),
                database,
                postgres,
            }
        })
    }

    pub(super) fn postgres_address(&self) -> SocketAddr {
        self.postgres.address().unwrap()
    }

    pub(super) fn redis_address(&self) -> SocketAddr {
        self.redis.lock().addresses()[0]
    }

    /// Returns the database's URL for those who reach PostgreSQL at `address`.
    pub(super) fn database_url(&self, address: SocketAddr) -> String {
        format!("postgres://postgres@{address}/{}", self.database.name())
    }

    pub(super) fn kill_redis(&self) {
        block_in_place(|| self.redis.lock().kill().unwrap());
    }

    /// Starts Redis at the same address, where it does not run.
    pub(super) fn start_redis(&self) {
        block_in_place(|| self.redis.lock().start_again().unwrap());
    }

    pub(super) fn kill_postgres(&self) {
        block_in_place(|| self.postgres.kill().unwrap());
    }

    /// Starts PostgreSQL at the same address, where it does not run.
    pub(super) fn start_postgres(&self) {
        block_in_place(|| self.postgres.start_again().unwrap());
    }
}
