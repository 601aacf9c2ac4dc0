//! What a workload stands on: a folder, a database, the server as a process of its own, and people
//! in it.
//!
//! People register, and become friends, over the public interface; only the group is put into the
//! database by hand, for there is no other way yet.

mod child;
mod group;
mod people;
mod postgres;

use std::path::Path;

use anyhow::Result;
use magpie_protocol::{ConversationId, UserId};
use tempfile::TempDir;

use crate::{
    args::{Engine, ServerArgs},
    report::results,
};

pub(crate) use child::Child;
#[cfg(feature = "client")]
pub(crate) use people::PASSWORD;
pub(crate) use people::{Pairs, Person, digest, post};

use people::Registry;
use postgres::Postgres;

/// How the server is set while people register: as fast as it goes.
const HURRIED: [&str; 7] = [
    "argon2-memory-kib=8",
    "argon2-passes=1",
    "hashing-threads=8",
    "registrations-per-address-and-hour=1000000",
    "writes-per-user-and-second=1000000",
    "friend-requests-per-user-and-hour=1000000",
    TOKENS,
];

/// How it is set otherwise: as it comes, but for the limits on signing in, since all come from one
/// address.
const AS_IT_COMES: [&str; 4] = [
    "sign-ins-per-address-and-hour=1000000",
    "tries-per-account-and-hour=1000000",
    "registrations-per-address-and-hour=1000000",
    TOKENS,
];

/// Tokens are taken for longer than any workload lasts.
const TOKENS: &str = "access-token-seconds=86400";

/// A place for a server and its data, gone when dropped.
pub(crate) struct Stand {
    folder: TempDir,
    database: Database,
    args: ServerArgs,
}

/// Where the server's rows lie.
pub(crate) enum Database {
    /// In a file in the data folder.
    Sqlite,
    /// In a PostgreSQL.
    Postgres(Box<Postgres>),
}

impl Stand {
    /// Makes an empty one, on the disk that the workspace lies on.
    ///
    /// # Errors
    /// When the database's program is missing or a folder cannot be made.
    pub(crate) async fn new(args: &ServerArgs) -> Result<Self> {
        // Not in the system's folder for temporary files, which may lie in memory, where nothing
        // is ever synced.
        std::fs::create_dir_all(results())?;
        let folder = TempDir::with_prefix_in("data-", results())?;
        let database = match args.engine {
            Engine::Sqlite => Database::Sqlite,
            Engine::Postgres => {
                Database::Postgres(Box::new(Postgres::start(&args.postgres).await?))
            }
        };
        Ok(Self {
            folder,
            database,
            args: args.clone(),
        })
    }

    /// Returns the server's data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns where the server's rows lie.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Starts the server and waits until it takes connections; at `address` where that is given.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn serve(&self, address: Option<std::net::SocketAddr>) -> Result<Child> {
        self.start(&AS_IT_COMES, address).await
    }

    async fn start(
        &self,
        settings: &[&str],
        address: Option<std::net::SocketAddr>,
    ) -> Result<Child> {
        let mut words = vec![format!("--data-dir={}", self.folder().display())];
        if let Database::Postgres(postgres) = &self.database {
            words.push(format!("--database={}", postgres.url()));
        }
        let settings = settings.iter().copied().chain(["log=warn"]);
        words.extend(settings.map(|setting| format!("--{setting}")));
        words.extend(
            self.args
                .settings
                .iter()
                .map(|setting| format!("--{setting}")),
        );
        Child::serve(&self.args, words, address).await
    }

    /// Makes pairs of people; see [`Pairs`].
    ///
    /// # Errors
    /// When the server does not take them.
    pub(crate) async fn pairs(&self, people: usize) -> Result<Pairs> {
        let server = self.start(&HURRIED, None).await?;
        let registry = Registry::new(server.address());
        let people = registry.register("p", people).await?;
        let pairs = people
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[one, other]| (one, other));
        let conversations = registry.befriend(pairs).await?;
        server.stop().await?;
        Ok(Pairs {
            people,
            conversations,
        })
    }

    /// Makes somebody who has so many friends, and returns them, the friends, and the conversations
    /// with each.
    ///
    /// # Errors
    /// When the server does not take them.
    pub(crate) async fn circle(
        &self,
        friends: usize,
    ) -> Result<(Person, Vec<Person>, Vec<ConversationId>)> {
        let server = self.start(&HURRIED, None).await?;
        let registry = Registry::new(server.address());
        let mut people = registry.register("c", friends + 1).await?;
        let middle = people
            .pop()
            .ok_or_else(|| anyhow::anyhow!("nobody has registered"))?;
        let conversations = registry
            .befriend(people.iter().map(|friend| (friend, &middle)))
            .await?;
        server.stop().await?;
        Ok((middle, people, conversations))
    }

    /// Makes a group.
    ///
    /// # Errors
    /// When the server does not take its members, or the database not the group.
    pub(crate) async fn group(&self, members: usize) -> Result<(Vec<Person>, ConversationId)> {
        let server = self.start(&HURRIED, None).await?;
        let people = Registry::new(server.address())
            .register("g", members)
            .await?;
        server.stop().await?;
        let ids: Vec<UserId> = people.iter().map(|person| person.id).collect();
        let group = match &self.database {
            Database::Sqlite => group::in_sqlite(self.folder(), &ids)?,
            Database::Postgres(postgres) => group::in_postgres(&postgres.url(), &ids).await?,
        };
        Ok((people, group))
    }
}

/// Makes accounts on a server that runs, at what an account costs there.
///
/// # Errors
/// When the server does not take them.
pub(crate) async fn register(server: &Child, prefix: &str, count: usize) -> Result<Vec<Person>> {
    Registry::new(server.address())
        .register(prefix, count)
        .await
}

/// Waits for a request to terminate.
///
/// # Errors
/// When the system does not tell of such requests.
pub(crate) async fn stop_asked() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}
