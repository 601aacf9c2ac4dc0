//! What is asked of the engines, each on fresh ground.

#[cfg(unix)]
mod cable;
mod contract;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod schema;
mod sqlite;

use std::sync::Arc;

use parking_lot::Mutex;
use tempfile::TempDir;

use super::{Db, DbError, Place};
use crate::bus::Event;
#[cfg(unix)]
use crate::testing::Database;

type Published = Arc<Mutex<Vec<Vec<Event>>>>;

/// A place for one database, gone when it is dropped.
struct Ground {
    place: Place,
    _folder: Option<TempDir>,
    #[cfg(unix)]
    database: Option<Database>,
}

impl Ground {
    fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            place: Place::Sqlite(folder.path().join("magpie.db")),
            _folder: Some(folder),
            #[cfg(unix)]
            database: None,
        }
    }

    #[cfg(unix)]
    fn postgres() -> Self {
        Self::postgres_in(Database::create().unwrap())
    }

    #[cfg(unix)]
    fn postgres_in(database: Database) -> Self {
        let address: super::DatabaseAddress = database.url().parse().unwrap();
        Self {
            place: address.place().clone(),
            _folder: None,
            database: Some(database),
        }
    }

    fn open(&self) -> (Db, Published) {
        self.open_with(4)
    }

    fn open_with(&self, connections: usize) -> (Db, Published) {
        let published = Published::default();
        let to = Arc::clone(&published);
        let publish = move |events| to.lock().push(events);
        let db = Db::open(&self.place, connections, Box::new(publish)).unwrap();
        (db, published)
    }

    fn try_open(&self, connections: usize) -> Result<Db, DbError> {
        Db::open(&self.place, connections, Box::new(drop))
    }
}

/// Makes a test of each function on each engine.
macro_rules! on_both_engines {
    ($($name:ident,)*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Ground::sqlite()).await;
            })*
        }

        #[cfg(unix)]
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Ground::postgres()).await;
            })*
        }
    };
}

use on_both_engines;
