//! The database, where it is PostgreSQL.

use std::time::{Duration, Instant};

use magpie_protocol::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::report::Report;
use crate::{
    clock::{Clock as _, SystemClock},
    db::{DbError, Target, steps_missing},
};

const PART: &str = "database";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The oldest PostgreSQL that is still looked after by its makers.
const OLDEST: i64 = 14;

/// A round trip that takes longer is felt with each message.
const SLOW: Duration = Duration::from_millis(10);

/// By how much two clocks may differ.
const APART_MS: i64 = 1_000;

pub(super) async fn look(target: &Target, report: &mut Report) {
    let client = match timeout(PATIENCE, target.connect()).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => {
            report.problem(
                PART,
                format!("{target} cannot be reached: {}", words(&error)),
                "look at the address, the password and pg_hba.conf, and whether PostgreSQL runs",
            );
            return;
        }
        Err(_) => {
            report.problem(
                PART,
                format!("{target} does not answer"),
                "look at the address, and at firewalls in between",
            );
            return;
        }
    };
    match timeout(PATIENCE, examine(&client, report)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => report.problem(
            PART,
            format!("cannot be examined: {}", words(&error)),
            "look into PostgreSQL's log",
        ),
        Err(_) => report.problem(
            PART,
            "answers too slowly to be examined",
            "look at what PostgreSQL is busy with (pg_stat_activity)",
        ),
    }
}

async fn examine(client: &Client, report: &mut Report) -> Result<(), Error> {
    let number = ask(client, "SHOW server_version_num")
        .await?
        .unwrap_or_default();
    let version = ask(client, "SHOW server_version")
        .await?
        .unwrap_or_default();
    let major = number.parse::<i64>().unwrap_or_default() / 10_000;
    if major >= OLDEST {
        report.ok(PART, format!("PostgreSQL {version} answers"));
    } else {
        report.problem(
            PART,
            format!("PostgreSQL {version} is too old"),
            format!("use version {OLDEST} or newer"),
        );
    }
    schema(client, report).await?;
    rights(client, report).await?;
    collation(client, report).await?;
    pace(client, report).await?;
    clocks(client, report).await
}

async fn schema(client: &Client, report: &mut Report) -> Result<(), Error> {
    let there = ask(client, "SELECT to_regclass('migrations') IS NOT NULL").await?;
    if there.as_deref() != Some("t") {
        report.ok(PART, "is empty; the first start fills it");
        return Ok(());
    }
    let applied = ask(client, "SELECT string_agg(name, ',') FROM migrations").await?;
    let applied: Vec<String> = applied
        .unwrap_or_default()
        .split(',')
        .map(str::to_owned)
        .filter(|name| !name.is_empty())
        .collect();
    match steps_missing(&applied) {
        Ok(0) => report.ok(PART, "is of this version"),
        Ok(_) => report.warning(
            PART,
            "is of an older version",
            "the next start of this version brings it up to date; make a backup before",
        ),
        Err(DbError::Newer(step)) => report.problem(
            PART,
            format!("was used by a newer version, which knows {step}"),
            "run that version, or put a backup in place that was made before",
        ),
        Err(error) => report.problem(PART, error.to_string(), "look into PostgreSQL's log"),
    }
    Ok(())
}

async fn rights(client: &Client, report: &mut Report) -> Result<(), Error> {
    let read_only = ask(client, "SHOW transaction_read_only").await?;
    let may_create = "SELECT has_schema_privilege(current_schema(), 'CREATE')";
    let may_create = ask(client, may_create).await?;
    if read_only.as_deref() == Some("on") {
        report.problem(
            PART,
            "takes no writes: it is a standby, or set to read only",
            "name the primary server",
        );
    } else if may_create.as_deref() != Some("t") {
        report.problem(
            PART,
            "this user may not make tables there",
            "make the user the database's owner, or GRANT CREATE ON SCHEMA public",
        );
    } else {
        report.ok(PART, "can be written to");
    }
    Ok(())
}

async fn collation(client: &Client, report: &mut Report) -> Result<(), Error> {
    let encoding = ask(client, "SHOW server_encoding")
        .await?
        .unwrap_or_default();
    if encoding != "UTF8" {
        report.problem(
            PART,
            format!("its encoding is {encoding}, which does not hold every language"),
            "make the database with ENCODING 'UTF8' TEMPLATE template0",
        );
    }
    // A system library that sorts otherwise than the indexes were built spoils them.
    let changed = "SELECT count(*) FROM pg_database WHERE datname = current_database() AND \
                   datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid)";
    match ask(client, changed).await {
        Ok(Some(count)) if count != "0" => report.warning(
            PART,
            "the system sorts texts otherwise than when the database was made",
            "REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION",
        ),
        // Servers before version 15 cannot tell.
        _ => {}
    }
    Ok(())
}

async fn pace(client: &Client, report: &mut Report) -> Result<(), Error> {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        ask(client, "SELECT 1").await?;
        best = best.min(began.elapsed());
    }
    let words = format!("answers in {:.1} ms", best.as_secs_f64() * 1_000.0);
    if best > SLOW {
        report.warning(PART, words, "run server and database near each other");
    } else {
        report.ok(PART, words);
    }
    Ok(())
}

async fn clocks(client: &Client, report: &mut Report) -> Result<(), Error> {
    let clock = SystemClock::default();
    let before = clock.now();
    let theirs = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let theirs = ask(client, theirs)
        .await?
        .and_then(|millis| millis.parse().ok());
    let after = clock.now();
    let Some(theirs) = theirs.map(Timestamp) else {
        return Ok(());
    };
    // What lies between asking and hearing may be the way's.
    let behind = before.0.saturating_sub(theirs.0).max(0);
    let ahead = theirs.0.saturating_sub(after.0).max(0);
    let apart = behind.max(ahead);
    if apart > APART_MS {
        report.warning(
            "clock",
            format!("this machine's and the database's are {apart} ms apart"),
            "keep both right with NTP",
        );
    } else {
        report.ok("clock", "agrees with the database's");
    }
    Ok(())
}

/// Returns the first column of the answer's first row.
async fn ask(client: &Client, sql: &str) -> Result<Option<String>, Error> {
    let messages = client.simple_query(sql).await?;
    Ok(messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// What went wrong, down to its cause: the library's own words are short.
fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
