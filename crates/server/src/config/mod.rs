//! The server's settings: flags win over environment variables, those over the TOML file, and that
//! over the defaults.

mod load;

use std::{net::SocketAddr, path::PathBuf};

use clap::ValueEnum;
use magpie_protocol::server::RegistrationPolicy;
use serde::{Deserialize, Serialize};

use crate::{
    bus::BusAddress,
    db::{DatabaseAddress, Place},
    nodes::SocketUrl,
};

pub use load::{ConfigError, Source, load};

const DATA_DIR: &str = "magpie-data";

/// What the operator decides. Every field can be left out; in the TOML file they have these names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
#[group(skip)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "MAGPIE_LISTEN", value_name = "ADDRESS", default_value_t = Self::default().listen)]
    pub listen: SocketAddr,

    /// Address and port where the server's figures are collected by Prometheus (`/metrics`) and its
    /// health is asked for; off by default. Whoever reaches it may read it
    #[arg(long, env = "MAGPIE_METRICS", value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,

    /// Folder for all that the server keeps; made where there is none
    #[arg(long, env = "MAGPIE_DATA_DIR", value_name = "FOLDER", default_value = DATA_DIR)]
    pub data_dir: PathBuf,

    /// Where the database is: `sqlite:PATH`, or a PostgreSQL server that several nodes can share,
    /// such as `postgres://magpie:password@host/magpie?sslmode=verify-full`. By default, a file in
    /// the data folder
    #[arg(
        long,
        env = "MAGPIE_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<DatabaseAddress>,

    /// Connections to PostgreSQL
    #[arg(long, env = "MAGPIE_DATABASE_CONNECTIONS", value_name = "COUNT", default_value_t = Self::default().database_connections, value_parser = clap::value_parser!(u32).range(1..))]
    pub database_connections: u32,

    /// Redis or Valkey server through which several nodes tell each other what happens, such as
    /// `redis://:password@host:6379`; `rediss` for TLS, several with commas between them for a
    /// cluster. A server that is alone needs none
    #[arg(long, env = "MAGPIE_BUS", value_name = "URL", hide_env_values = true)]
    pub bus: Option<BusAddress>,

    /// Where clients reach this node directly, such as `wss://node1.example.org`. With `--bus`,
    /// clients are told to open their socket at the node with the least to do
    #[arg(long, env = "MAGPIE_ADVERTISE", value_name = "URL")]
    pub advertise: Option<SocketUrl>,

    /// Folder with newer versions of the app for the people of this server: `latest.json` and the
    /// packages that it names, as a release has them. By default the server offers none
    #[arg(long, env = "MAGPIE_UPDATES_DIR", value_name = "FOLDER")]
    pub updates_dir: Option<PathBuf>,

    /// What people see as the server's name
    #[arg(long, env = "MAGPIE_NAME", value_name = "NAME", default_value_t = Self::default().name)]
    pub name: String,

    /// Whether people can make an account by themselves
    #[arg(long, env = "MAGPIE_REGISTRATION", value_enum, default_value_t = Self::default().registration)]
    pub registration: WhoRegisters,

    /// Shape of the log
    #[arg(long, env = "MAGPIE_LOG_FORMAT", value_enum, default_value_t = Self::default().log_format)]
    pub log_format: LogFormat,

    /// What is logged: a level, or a list such as `info,magpie_server=debug`
    #[arg(long, env = "MAGPIE_LOG", value_name = "FILTER", default_value_t = Self::default().log)]
    pub log: String,

    /// Take a caller's address from the last entry of `X-Forwarded-For`; only right where all
    /// requests come through a reverse proxy that sets it
    #[arg(long, env = "MAGPIE_BEHIND_PROXY", value_name = "YES", default_value_t = false, num_args = 0..=1, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub behind_proxy: bool,

    /// Seconds for which an access token is taken
    #[arg(long, env = "MAGPIE_ACCESS_TOKEN_SECONDS", value_name = "SECONDS", default_value_t = Self::default().access_token_seconds, value_parser = clap::value_parser!(u32).range(1..))]
    pub access_token_seconds: u32,

    /// Seconds after which a device that was never seen is signed out
    #[arg(long, env = "MAGPIE_REFRESH_TOKEN_SECONDS", value_name = "SECONDS", default_value_t = Self::default().refresh_token_seconds, value_parser = clap::value_parser!(u32).range(1..))]
    pub refresh_token_seconds: u32,

    /// Memory that hashing one password takes (Argon2id), in KiB
    #[arg(long, env = "MAGPIE_ARGON2_MEMORY_KIB", value_name = "KIB", default_value_t = Self::default().argon2_memory_kib)]
    pub argon2_memory_kib: u32,

    /// Passes that hashing a password makes over its memory
    #[arg(long, env = "MAGPIE_ARGON2_PASSES", value_name = "COUNT", default_value_t = Self::default().argon2_passes)]
    pub argon2_passes: u32,

    /// Lanes that hashing a password divides its memory into
    #[arg(long, env = "MAGPIE_ARGON2_LANES", value_name = "COUNT", default_value_t = Self::default().argon2_lanes)]
    pub argon2_lanes: u32,

    /// Passwords that are hashed at the same time; 0 for one per core
    #[arg(long, env = "MAGPIE_HASHING_THREADS", value_name = "COUNT", default_value_t = Self::default().hashing_threads)]
    pub hashing_threads: u32,

    /// Tries to sign in to one account, or to register one name, that are taken in an hour
    #[arg(long, env = "MAGPIE_TRIES_PER_ACCOUNT_AND_HOUR", value_name = "COUNT", default_value_t = Self::default().tries_per_account_and_hour, value_parser = clap::value_parser!(u32).range(1..))]
    pub tries_per_account_and_hour: u32,

    /// Tries to sign in that are taken from one address in an hour
    #[arg(long, env = "MAGPIE_SIGN_INS_PER_ADDRESS_AND_HOUR", value_name = "COUNT", default_value_t = Self::default().sign_ins_per_address_and_hour, value_parser = clap::value_parser!(u32).range(1..))]
    pub sign_ins_per_address_and_hour: u32,

    /// Tries to register that are taken from one address in an hour
    #[arg(long, env = "MAGPIE_REGISTRATIONS_PER_ADDRESS_AND_HOUR", value_name = "COUNT", default_value_t = Self::default().registrations_per_address_and_hour, value_parser = clap::value_parser!(u32).range(1..))]
    pub registrations_per_address_and_hour: u32,

    /// Questions for newer versions of the app, packages included, that are answered to one address
    /// in an hour; an organisation behind one address has many apps
    #[arg(long, env = "MAGPIE_UPDATES_PER_ADDRESS_AND_HOUR", value_name = "COUNT", default_value_t = Self::default().updates_per_address_and_hour, value_parser = clap::value_parser!(u32).range(1..))]
    pub updates_per_address_and_hour: u32,

    /// Requests that write which one person may make in a second, all devices together; ten times
    /// as many at once. Sockets have their own measure
    #[arg(long, env = "MAGPIE_WRITES_PER_USER_AND_SECOND", value_name = "COUNT", default_value_t = Self::default().writes_per_user_and_second, value_parser = clap::value_parser!(u32).range(1..))]
    pub writes_per_user_and_second: u32,

    /// People whom one person may ask for friendship in an hour
    #[arg(long, env = "MAGPIE_FRIEND_REQUESTS_PER_USER_AND_HOUR", value_name = "COUNT", default_value_t = Self::default().friend_requests_per_user_and_hour, value_parser = clap::value_parser!(u32).range(1..))]
    pub friend_requests_per_user_and_hour: u32,

    /// Times that one person may change their profile in an hour
    #[arg(long, env = "MAGPIE_PROFILE_CHANGES_PER_USER_AND_HOUR", value_name = "COUNT", default_value_t = Self::default().profile_changes_per_user_and_hour, value_parser = clap::value_parser!(u32).range(1..))]
    pub profile_changes_per_user_and_hour: u32,

    /// Connections that are open at the same time, sockets included; further ones have to wait.
    /// Fewer where the system does not allow the process as many files
    #[arg(long, env = "MAGPIE_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = Self::default().max_connections, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// Seconds after which a connection is closed that has not begun, or not ended, to say what it
    /// wants
    #[arg(long, env = "MAGPIE_SILENT_CONNECTION_SECONDS", value_name = "SECONDS", default_value_t = Self::default().silent_connection_seconds, value_parser = clap::value_parser!(u32).range(1..))]
    pub silent_connection_seconds: u32,

    /// Seconds between two pings of a socket, which is closed when it was silent three times as long
    #[arg(long, env = "MAGPIE_HEARTBEAT_SECONDS", value_name = "SECONDS", default_value_t = Self::default().heartbeat_seconds, value_parser = clap::value_parser!(u32).range(1..))]
    pub heartbeat_seconds: u32,

    /// Seconds after which a socket is closed whose other end does not take what it is sent
    #[arg(long, env = "MAGPIE_SLOW_READER_SECONDS", value_name = "SECONDS", default_value_t = Self::default().slow_reader_seconds, value_parser = clap::value_parser!(u32).range(1..))]
    pub slow_reader_seconds: u32,

    /// Seconds that requests under way are given to end when the server stops
    #[arg(long, env = "MAGPIE_SHUTDOWN_SECONDS", value_name = "SECONDS", default_value_t = Self::default().shutdown_seconds)]
    pub shutdown_seconds: u32,
}

impl Config {
    /// Returns where the database is.
    pub(crate) fn database_place(&self) -> Place {
        match &self.database {
            Some(address) => address.place().clone(),
            None => Place::Sqlite(self.data_dir.join("magpie.db")),
        }
    }

    /// Returns the folder that a server marks as its own: the one with the database, unless several
    /// servers can share that.
    pub(crate) fn own_folder(&self) -> Option<PathBuf> {
        self.database_place().folder()
    }

    /// Tells whether several servers can share the database.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.database_place(), Place::Postgres(_))
    }

    /// Returns the name of a field that is 0 and must not be. The command line takes none such, a
    /// file might hold one.
    fn wrongly_zero(&self) -> Option<&'static str> {
        let positive = [
            ("access_token_seconds", self.access_token_seconds),
            ("refresh_token_seconds", self.refresh_token_seconds),
            ("database_connections", self.database_connections),
            (
                "tries_per_account_and_hour",
                self.tries_per_account_and_hour,
            ),
            (
                "sign_ins_per_address_and_hour",
                self.sign_ins_per_address_and_hour,
            ),
            (
                "registrations_per_address_and_hour",
                self.registrations_per_address_and_hour,
            ),
            (
                "updates_per_address_and_hour",
                self.updates_per_address_and_hour,
            ),
            (
                "writes_per_user_and_second",
                self.writes_per_user_and_second,
            ),
            (
                "friend_requests_per_user_and_hour",
                self.friend_requests_per_user_and_hour,
            ),
            (
                "profile_changes_per_user_and_hour",
                self.profile_changes_per_user_and_hour,
            ),
            ("max_connections", self.max_connections),
            ("silent_connection_seconds", self.silent_connection_seconds),
            ("heartbeat_seconds", self.heartbeat_seconds),
            ("slow_reader_seconds", self.slow_reader_seconds),
        ];
        let zero = positive.into_iter().find(|(_, value)| *value == 0);
        zero.map(|(name, _)| name)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8008)),
            metrics: None,
            data_dir: DATA_DIR.into(),
            database: None,
            database_connections: 8,
            bus: None,
            advertise: None,
            updates_dir: None,
            name: "Magpie".into(),
            registration: WhoRegisters::Open,
            log_format: LogFormat::Text,
            log: "info".into(),
            behind_proxy: false,
            access_token_seconds: 15 * 60,
            refresh_token_seconds: 30 * 24 * 60 * 60,
            // What OWASP recommends as a minimum for Argon2id.
            argon2_memory_kib: 19 * 1024,
            argon2_passes: 2,
            argon2_lanes: 1,
            hashing_threads: 0,
            tries_per_account_and_hour: 60,
            sign_ins_per_address_and_hour: 600,
            registrations_per_address_and_hour: 120,
            updates_per_address_and_hour: 6_000,
            writes_per_user_and_second: 20,
            friend_requests_per_user_and_hour: 60,
            profile_changes_per_user_and_hour: 60,
            max_connections: 20_000,
            // Clients commonly keep a connection for 90 seconds that they do not use. Longer than
            // that, so that no request meets a connection that is just being closed.
            silent_connection_seconds: 100,
            heartbeat_seconds: 25,
            slow_reader_seconds: 30,
            shutdown_seconds: 10,
        }
    }
}

/// Who can make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum WhoRegisters {
    /// Everybody
    Open,
    /// Those who bring an invitation (`magpie-server admin invitations create`)
    Invitation,
    /// Nobody
    Closed,
}

impl From<WhoRegisters> for RegistrationPolicy {
    fn from(who: WhoRegisters) -> Self {
        match who {
            WhoRegisters::Open => Self::Open,
            WhoRegisters::Invitation => Self::Invitation,
            WhoRegisters::Closed => Self::Closed,
        }
    }
}

/// Shape of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}
