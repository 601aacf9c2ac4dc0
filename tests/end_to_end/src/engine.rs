//! The engine that a run of the tests is for.

#[cfg(unix)]
pub(crate) use magpie_server::testing::Database;

/// There is none where no PostgreSQL can be started.
#[cfg(not(unix))]
pub(crate) enum Database {}

#[cfg(not(unix))]
impl Database {
    fn create() -> Result<Self, &'static str> {
        Err("PostgreSQL is started on Unix only")
    }

    pub(crate) fn url(&self) -> String {
        match *self {}
    }
}

/// Makes an empty database on PostgreSQL, gone when it is dropped, where `MAGPIE_TEST_ENGINE` says
/// `postgres`; `None` where SQLite is meant.
///
/// # Panics
/// When it cannot be made, or the variable says something else.
pub(crate) fn fresh_database() -> Option<Database> {
    match std::env::var("MAGPIE_TEST_ENGINE").as_deref() {
        // Starting a server takes a moment.
        Ok("postgres") => Some(tokio::task::block_in_place(Database::create).unwrap()),
        Ok("sqlite") | Err(_) => None,
        Ok(other) => panic!("MAGPIE_TEST_ENGINE is {other}, not sqlite or postgres"),
    }
}
