//! The database. The domain is written once, as closures over one transaction, in SQL that SQLite
//! and PostgreSQL both take; an engine runs it.
//!
//! What both take: placeholders `$1`, `$2` …; columns of `BIGINT`, `TEXT` and `BYTEA`; `RETURNING`
//! and `ON CONFLICT`; lists as parameters of `= ANY($1)`; and `/* FOR UPDATE */` at the end of a
//! statement, which locks the rows where several write at the same time. Ids come from the table
//! `counters` through [`Tx::next_id`].
//!
//! A write is answered after it has been committed and synced to disk. An error that a write's
//! closure returns rolls back what that closure did and nothing else. An error of a statement ends
//! the transaction: a closure that goes on after one gets nowhere with PostgreSQL.

mod address;
mod figures;
mod job;
mod migrate;
mod postgres;
mod schema;
mod sqlite;
#[cfg(test)]
mod tests;
mod tx;
mod value;

use std::path::Path;

use crate::bus::Event;

pub use self::address::{DatabaseAddress, InvalidDatabaseAddress};
pub use crate::__magpie_params as params;
pub(crate) use address::Place;
pub(crate) use figures::{Commits, Waiting};
pub use postgres::Pool;
pub(crate) use postgres::Target;
pub(crate) use schema::Table;
pub use tx::{Row, Tx};
pub use value::{FromValue, ToValue, Value};

/// Why the database did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It is closing, or the commit failed. Nothing was done; the same may be tried again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row with the same unique key exists.
    #[error("a row with this key exists")]
    Duplicate,
    /// The statement should have answered with a row.
    #[error("no row from: {0}")]
    NoRow(&'static str),
    /// The statement should have answered with one row.
    #[error("more than one row from: {0}")]
    TooManyRows(&'static str),
    /// A column is not what it should be.
    #[error("a column is not {0}")]
    Column(&'static str),
    /// The closure panicked. What it did was rolled back.
    #[error("a transaction panicked")]
    Panicked,
    /// The database was written by a newer version of this program.
    #[error("the database has been used by a newer version of this program (it knows {0})")]
    Newer(String),
    /// The engine refused.
    #[error("SQLite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    /// The engine refused.
    #[error("PostgreSQL: {message} ({code})")]
    Postgres {
        /// PostgreSQL's code for it; empty where the statement never reached it.
        code: String,
        /// What it said, without the values.
        message: String,
    },
}

/// What is called with the events of each commit. It must not wait. Where one thread writes, it is
/// called in commit order.
pub(crate) type Publish = Box<dyn Fn(Vec<Event>) + Send + Sync>;

/// Returns how many steps of the schema's history a database has still to take that has taken those
/// in `applied`.
///
/// # Errors
/// [`DbError::Newer`] when it has taken one that this version does not know.
pub(crate) fn steps_missing(applied: &[String]) -> Result<usize, DbError> {
    migrate::pending(applied).map(Iterator::count)
}

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens the SQLite database in the file at `path`, makes it where there is none, and brings
    /// it up to this version.
    ///
    /// # Errors
    /// [`DbError::Newer`], and what the engine says where the file cannot be used.
    pub(crate) fn open_sqlite(path: &Path, publish: Publish) -> Result<Self, DbError> {
        let engine = Engine::Sqlite(sqlite::Sqlite::open(path, publish)?);
        Ok(Self { engine })
    }

    /// Tells whether the SQLite database in the file at `path` is of this version. Changes nothing.
    ///
    /// # Errors
    /// [`DbError::Newer`], and what the engine says where the file cannot be read.
    pub(crate) fn is_current_sqlite(path: &Path) -> Result<bool, DbError> {
        let connection = sqlite::Connection::open_reader(path)?;
        Ok(migrate::pending(&connection.applied()?)?.next().is_none())
    }

    /// Opens the PostgreSQL database, with so many connections, and brings it up to this version.
    /// Other servers may use it at the same time.
    ///
    /// # Errors
    /// [`DbError::Newer`], and what the engine says where the database cannot be used.
    pub(crate) fn open_postgres(
        target: &postgres::Target,
        connections: usize,
        publish: Publish,
    ) -> Result<Self, DbError> {
        let engine = postgres::Postgres::open(target, connections, publish)?;
        Ok(Self {
            engine: Engine::Postgres(engine),
        })
    }

    /// Opens the database at `place`; a PostgreSQL is given so many connections.
    ///
    /// # Errors
    /// As [`Db::open_sqlite`] and [`Db::open_postgres`].
    pub(crate) fn open(
        place: &Place,
        connections: usize,
        publish: Publish,
    ) -> Result<Self, DbError> {
        match place {
            Place::Sqlite(path) => Self::open_sqlite(path, publish),
            Place::Postgres(target) => Self::open_postgres(target, connections, publish),
        }
    }

    /// Returns how many writes run at the same time.
    #[must_use]
    pub fn writers(&self) -> usize {
        match &self.engine {
            Engine::Sqlite(_) => 1,
            Engine::Postgres(engine) => engine.workers(),
        }
    }

    /// Returns how the pool of connections is, where there is one.
    #[must_use]
    pub fn pool(&self) -> Option<Pool> {
        match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(engine) => Some(engine.pool()),
        }
    }

    /// Asks the database for something small, to see whether it answers.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn health(&self) -> Result<(), DbError> {
        self.read(|tx| tx.one("SELECT 1", &[], |_| Ok(()))).await
    }

    /// Runs `f` in a transaction that sees one state of the database and changes nothing.
    ///
    /// # Errors
    /// What `f` returns; [`DbError::Unavailable`] when the database is closing and
    /// [`DbError::Panicked`] when `f` panicked.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(engine) => engine.read(f).await,
            Engine::Postgres(engine) => engine.read(f).await,
        }
    }

    /// Runs `f` in a transaction, which is committed when `f` returns `Ok` and rolled back
    /// otherwise. Returns after the commit has reached the disk. `f` may be run more than once,
    /// each time in a transaction of its own. Once begun, it is carried through even when nobody
    /// waits for the answer any more.
    ///
    /// # Errors
    /// What `f` returns; [`DbError::Unavailable`] when the commit failed or the database is
    /// closing; [`DbError::Panicked`] when `f` panicked. In each case nothing was done.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(engine) => engine.write(f).await,
            Engine::Postgres(engine) => engine.write(f).await,
        }
    }

    /// As [`Db::write`], for closures that lock the rows they rely on themselves, in an order that
    /// all such closures keep, and that are right whatever is committed beside them in other rows.
    /// An engine that runs several writes at the same time then need not watch for those that get
    /// in each other's way. A row is locked by updating it, or by reading it with
    /// `/* FOR UPDATE */` at the end of the statement.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_locked<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        E: From<DbError> + Send + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(engine) => engine.write(f).await,
            Engine::Postgres(engine) => engine.write_locked(f).await,
        }
    }

    /// Returns what is counted of commits; the clones count on.
    pub(crate) fn commits(&self) -> Commits {
        match &self.engine {
            Engine::Sqlite(engine) => engine.commits(),
            Engine::Postgres(engine) => engine.commits(),
        }
    }

    /// Returns how many closures wait for their transaction.
    pub(crate) fn waiting(&self) -> Waiting {
        match &self.engine {
            Engine::Sqlite(engine) => engine.waiting(),
            Engine::Postgres(engine) => engine.waiting(),
        }
    }

    /// Carries through what is waiting, refuses what comes later, and closes the files. All clones
    /// of this handle are closed by it.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(engine) => engine.close().await,
            Engine::Postgres(engine) => engine.close().await,
        }
    }
}
