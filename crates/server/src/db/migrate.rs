//! The history of the schema, one for all engines. It only ever grows at its end.

use super::DbError;

/// A step of the history.
pub(super) struct Migration {
    /// `YYYYMMDDHHMMSS_verb_object`; the names sort in the order of the history.
    pub(super) name: &'static str,
    /// Statements, run together in one transaction. `/* WITHOUT ROWID */` after a table is a hint
    /// for SQLite and a comment for others.
    pub(super) sql: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration { name: $name, sql: include_str!(concat!("migrations/", $name, ".sql")) }),*]
    };
}

/// All steps, oldest first.
pub(super) const MIGRATIONS: &[Migration] = migrations![
    "20261122054000_create_counters",
    "20261122054100_create_accounts",
    "20261122054200_create_devices",
    "20261122060000_create_friends",
    "20261122060100_create_conversations",
    "20261122060200_create_messages",
    "20261122070000_index_blocks",
    "20261122080000_create_invitations",
    "20261122090000_count_lost_news",
];

/// The table that remembers which steps were taken.
pub(super) const HISTORY: &str =
    "CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL PRIMARY KEY)";

/// Returns the steps that are still to be taken by a database that has taken those in `applied`.
///
/// # Errors
/// [`DbError::Newer`] when it has taken one that this version does not know.
pub(super) fn pending(
    applied: &[String],
) -> Result<impl Iterator<Item = &'static Migration>, DbError> {
    let unknown = applied
        .iter()
        .find(|name| !MIGRATIONS.iter().any(|known| known.name == **name));
    if let Some(name) = unknown {
        return Err(DbError::Newer(name.clone()));
    }
    Ok(MIGRATIONS
        .iter()
        .filter(|known| !applied.iter().any(|name| name == known.name)))
}
