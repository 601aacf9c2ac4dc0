//! The database, where it is SQLite.

use std::{path::Path, time::Duration};

use magpie_protocol::Timestamp;
use rusqlite::{Connection, OpenFlags};

use super::report::Report;
use crate::{
    clock::{Clock as _, SystemClock},
    db::{Db, DbError},
};

const PART: &str = "database";

/// How long is waited for a server that is just writing.
const BUSY: Duration = Duration::from_secs(5);

/// By how much stored times may be ahead of the clock.
const AHEAD_MS: i64 = 60_000;

pub(super) async fn look(path: &Path, report: &mut Report) {
    if !path.exists() {
        report.ok(
            PART,
            format!(
                "{} is not there yet; the first start makes it",
                path.display()
            ),
        );
        return;
    }
    match Db::is_current_sqlite(path) {
        Ok(true) => report.ok(PART, "is of this version"),
        Ok(false) => report.warning(
            PART,
            "is of an older version",
            "the next start of this version brings it up to date; make a backup before",
        ),
        Err(DbError::Newer(step)) => {
            report.problem(
                PART,
                format!("was used by a newer version, which knows {step}"),
                "run that version, or put a backup in place that was made before",
            );
            return;
        }
        Err(error) => {
            report.problem(
                PART,
                format!("{} cannot be read: {error}", path.display()),
                "look at the file's rights; if it is damaged, put a backup in place",
            );
            return;
        }
    }
    match examine(path) {
        Ok(found) => tell(&found, report),
        Err(error) => report.problem(
            PART,
            format!("cannot be examined: {error}"),
            "look at the file's rights; if it is damaged, put a backup in place",
        ),
    }
}

struct Found {
    engine: String,
    verdict: String,
    journal: String,
    writable: Result<(), rusqlite::Error>,
    newest: Option<i64>,
    now: Timestamp,
}

fn examine(path: &Path) -> Result<Found, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(BUSY)?;
    let text = |sql| database.query_row(sql, [], |row| row.get::<_, String>(0));
    Ok(Found {
        engine: text("SELECT sqlite_version()")?,
        // A file can be too damaged to be checked.
        verdict: text("PRAGMA quick_check(1)").unwrap_or_else(|error| error.to_string()),
        journal: text("PRAGMA journal_mode")?,
        // Takes the lock of whoever writes, and gives it back.
        writable: database.execute_batch("BEGIN IMMEDIATE; ROLLBACK"),
        newest: database
            .query_row("SELECT MAX(last_seen_at) FROM devices", [], |row| {
                row.get(0)
            })
            .unwrap_or(None),
        now: SystemClock::default().now(),
    })
}

fn tell(found: &Found, report: &mut Report) {
    if found.verdict == "ok" {
        report.ok(PART, format!("SQLite {}; the file is whole", found.engine));
    } else {
        report.problem(
            PART,
            format!("the file is damaged: {}", found.verdict),
            "stop the server and put the last backup in place; keep the damaged file",
        );
    }
    if found.journal != "wal" {
        report.ok(
            PART,
            "has no log beside it yet, as a backup; the next start begins one",
        );
    }
    match &found.writable {
        Ok(()) => report.ok(PART, "can be written to"),
        Err(error) => report.problem(
            PART,
            format!("cannot be written to: {error}"),
            "look at the rights of the file and of its folder, and at who else holds it",
        ),
    }
    let ahead = found.newest.map(|newest| newest - found.now.0);
    if ahead.is_some_and(|ahead| ahead > AHEAD_MS) {
        report.problem(
            "clock",
            "this machine's clock is behind times that are stored in the database",
            "set the clock, and keep it right with NTP",
        );
    }
}
