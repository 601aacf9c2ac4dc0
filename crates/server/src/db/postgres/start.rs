//! What is done before the first transaction: the schema, and where activity stamps begin.
//!
//! A stamp is the number of the transaction that PostgreSQL gives out, plus an offset. Numbers grow
//! with the cluster, so each stamp is greater than those of all transactions that had ended when its
//! own began, on whichever node, and what is not visible yet has a stamp from the oldest running
//! transaction on. Where the database came from elsewhere, out of a dump or out of SQLite, stamps are
//! stored in it that this cluster has not come to: then the offset is raised beyond them.

use super::{failure::Failure, session::Session};
use crate::db::{DbError, migrate};

/// Held while a server starts, so that of several that start at once one brings the schema up.
const LOCK: &str = "SELECT pg_advisory_lock(7089336938131513954)";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7089336938131513954)";

/// How far the offset jumps. Clients have been told stamps that are somewhat beyond the stored ones,
/// as transactions without a stamp take numbers too; never as far as this.
const JUMP: i64 = 1_000_000_000;

const OFFSET: &str = "SELECT value FROM counters WHERE name = 'activity'";
const STORED: &str = "SELECT COALESCE(MAX(activity), 0) FROM conversations";
const PRESENT: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())";
const CLUSTER: &str = "SELECT system_identifier FROM pg_control_system()";
const KNOWN: &str =
    "SELECT convert_from(value, 'UTF8') FROM settings WHERE name = 'postgres_cluster'";

/// Brings the database up to this version, one server at a time.
///
/// # Errors
/// [`DbError::Newer`], and what the server says.
pub(super) fn prepare(session: &Session) -> Result<(), DbError> {
    let refused = |failure: Failure| failure.error;
    // Whoever is first may have much to do.
    session
        .batch("SET statement_timeout = 0; SET lock_timeout = 0")
        .map_err(refused)?;
    session.batch(LOCK).map_err(refused)?;
    let done = migrate(session).and_then(|()| set_offset(session));
    let unlocked = session.batch(UNLOCK).map_err(refused);
    done.and(unlocked)
}

fn migrate(session: &Session) -> Result<(), DbError> {
    let refused = |failure: Failure| failure.error;
    session.batch(&spell(migrate::HISTORY)).map_err(refused)?;
    let applied = "SELECT string_agg(name, ',') FROM migrations";
    let applied = session.text(applied).map_err(refused)?.unwrap_or_default();
    let applied: Vec<String> = applied
        .split(',')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    for step in migrate::pending(&applied)? {
        let (name, sql) = (step.name, spell(step.sql));
        let whole =
            format!("BEGIN; {sql}; INSERT INTO migrations (name) VALUES ('{name}'); COMMIT");
        session.batch(&whole).map_err(refused)?;
        tracing::info!(migration = name, "db.migrated");
    }
    Ok(())
}

/// Makes texts sort by their bytes, as they do in SQLite and in Rust, whatever the language of the
/// cluster.
fn spell(sql: &str) -> String {
    sql.replace(" TEXT", " TEXT COLLATE \"C\"")
}

fn set_offset(session: &Session) -> Result<(), DbError> {
    let number = |sql| {
        let text = session.text(sql).map_err(|failure| failure.error)?;
        let number = text.and_then(|text| text.parse::<i64>().ok());
        number.ok_or(DbError::NoRow(sql))
    };
    let refused = |failure: Failure| failure.error;
    let (offset, stored, present) = (number(OFFSET)?, number(STORED)?, number(PRESENT)?);
    // Not every operator lets us know.
    let cluster = session.text(CLUSTER).ok().flatten().unwrap_or_default();
    let known = session.text(KNOWN).map_err(refused)?;
    let moved = !cluster.is_empty() && known.is_some_and(|known| known != cluster);
    if stored >= present.saturating_add(offset) || (moved && stored > 0) {
        let raised = offset.max(stored.saturating_add(JUMP).saturating_sub(present));
        tracing::warn!(from = offset, to = raised, "db.stamps_raised");
        let raise = format!("UPDATE counters SET value = {raised} WHERE name = 'activity'");
        session.batch(&raise).map_err(refused)?;
    }
    if !cluster.is_empty() {
        let keep = format!(
            "INSERT INTO settings (name, value)
             VALUES ('postgres_cluster', convert_to('{cluster}', 'UTF8'))
             ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        );
        session.batch(&keep).map_err(refused)?;
    }
    Ok(())
}

/// Lets a new connection know what makes a stamp.
pub(super) fn introduce(session: &Session) -> Result<(), Failure> {
    let offset = session.text(OFFSET)?;
    session.set_stamp_offset(offset.and_then(|text| text.parse().ok()).unwrap_or(0));
    Ok(())
}
