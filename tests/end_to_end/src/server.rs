//! The real server, as tests run it.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use magpie_server::{Config, Server, StartError, Surroundings};

use crate::TestClock;

/// Returns the settings of a server for tests: hashing is cheap, and everybody comes from one
/// address.
#[must_use]
pub fn server_config(data_dir: PathBuf, listen: SocketAddr) -> Config {
    Config {
        listen,
        data_dir,
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

/// Starts a server in this process.
///
/// # Errors
/// As [`Server::start_in`].
pub async fn serve(config: Config, clock: TestClock) -> Result<Server, StartError> {
    let surroundings = Surroundings {
        clock: Arc::new(clock),
        ..Surroundings::default()
    };
    Server::start_in(config, surroundings).await
}
