//! Opening the database beside the servers.

use anyhow::{Context as _, bail};

use crate::{
    app,
    config::Config,
    db::{Db, Place},
};

/// Opens the database that the settings name. It is brought up to this version only where no
/// server runs on it, and never made: a wrong folder shall not look like a server without people.
pub(super) async fn open(config: &Config) -> anyhow::Result<Db> {
    let path = match config.database_place() {
        Place::Sqlite(path) => path,
        Place::Postgres(target) => {
            // Several servers may bring it up to date, so why not this.
            let open = move || Db::open_postgres(&target, 1, Box::new(drop));
            let opened = tokio::task::spawn_blocking(open).await?;
            return opened.context("cannot open the database");
        }
    };
    if !path.is_file() {
        bail!(
            "there is no database at {}: name the server's data folder with --data-dir, or start \
             the server once",
            path.display()
        );
    }
    let alone = match config.own_folder().map(|folder| app::lock(&folder)) {
        Some(Err(app::StartError::InUse(_))) | None => None,
        Some(lock) => Some(lock?),
    };
    let opened = tokio::task::spawn_blocking(move || {
        // Held until the database is up to date, so that no server does the same meanwhile.
        let lock = alone;
        if lock.is_none() && !Db::is_current_sqlite(&path)? {
            bail!(
                "the running server is of an older version than this command; start it anew first"
            );
        }
        Db::open_sqlite(&path, Box::new(drop)).context("cannot open the database")
    });
    opened.await?
}
