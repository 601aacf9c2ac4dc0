//! The real server, as tests run it.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use magpie_server::{Config, Server, StartError, Surroundings};
use serde::{Deserialize, Serialize};

use crate::TestClock;

/// What differs between the servers of tests. Travels to a server in a process of its own as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerSettings {
    /// Where it keeps its data.
    pub data_dir: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The database's URL; `None` for SQLite in the data folder.
    pub database: Option<String>,
    /// The bus's URL; `None` for the one inside the process.
    pub bus: Option<String>,
    /// Where clients reach its socket; `None` where they find it themselves.
    pub advertise: Option<String>,
}

impl ServerSettings {
    /// Returns the settings of a server that stands alone.
    #[must_use]
    pub fn alone(data_dir: PathBuf, listen: SocketAddr, database: Option<String>) -> Self {
        Self {
            data_dir,
            listen,
            database,
            bus: None,
            advertise: None,
        }
    }

    /// Returns the whole configuration: hashing is cheap, and everybody comes from one address.
    ///
    /// # Panics
    /// When an address cannot be read.
    #[must_use]
    pub fn config(self) -> Config {
        Config {
            listen: self.listen,
            data_dir: self.data_dir,
            database: self.database.map(|url| url.parse().unwrap()),
            bus: self.bus.map(|url| url.parse().unwrap()),
            advertise: self.advertise.map(|url| url.parse().unwrap()),
            argon2_memory_kib: 64,
            argon2_passes: 1,
            tries_per_account_and_hour: 100_000,
            sign_ins_per_address_and_hour: 100_000,
            registrations_per_address_and_hour: 100_000,
            writes_per_user_and_second: 100_000,
            friend_requests_per_user_and_hour: 100_000,
            profile_changes_per_user_and_hour: 100_000,
            shutdown_seconds: 2,
            ..Config::default()
        }
    }
}

/// Starts a server in this process.
///
/// # Errors
/// As [`Server::start_in`].
pub async fn serve(settings: ServerSettings, clock: TestClock) -> Result<Server, StartError> {
    let surroundings = Surroundings {
        clock: Arc::new(clock),
        ..Surroundings::default()
    };
    Server::start_in(settings.config(), surroundings).await
}
