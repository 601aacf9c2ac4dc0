//! The history of the schema.
//!
//! Migrations are only ever added, named by when they were written, and each runs in one
//! transaction with the row that says so.

use rusqlite::Connection;

use super::{
    Result, StoreError,
    table::{
        account, blocks, conversations, drafts, friend_requests, friends, held_ranges, marks_owed,
        members, messages, mutes, outbox, scopes, trim, users,
    },
};

/// Grows by one, with the reason here, when an older app could no longer read a file correctly.
/// 1: the first.
pub(super) const READER_VERSION: u32 = 1;

/// A step: when it was written (`YYYYMMDDHHMMSS`), the reader it asks for, and its statements.
struct Migration {
    id: i64,
    reader: u32,
    sql: &'static [&'static str],
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        id: 20261122060000,
        reader: 1,
        sql: &[
            scopes::SCHEMA,
            account::SCHEMA,
            users::SCHEMA,
            friends::SCHEMA,
            friend_requests::SCHEMA,
            blocks::SCHEMA,
            conversations::SCHEMA,
            drafts::SCHEMA,
            members::SCHEMA,
            messages::SCHEMA,
            held_ranges::SCHEMA,
            outbox::SCHEMA,
            marks_owed::SCHEMA,
        ],
    },
    Migration {
        id: 20261122120000,
        reader: 1,
        sql: &[mutes::SCHEMA],
    },
    Migration {
        id: 20261122121000,
        reader: 1,
        sql: &[conversations::APART],
    },
    Migration {
        id: 20261122123000,
        reader: 1,
        sql: &[trim::SCHEMA],
    },
];

/// Brings a file up to date.
///
/// # Errors
/// [`StoreError::Newer`] when this version must not touch it.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
             id INTEGER PRIMARY KEY,
             reader_version INTEGER NOT NULL
         ) STRICT",
    )?;
    let found: u32 = tx.query_row(
        "SELECT coalesce(max(reader_version), 0) FROM migrations",
        [],
        |row| row.get(0),
    )?;
    if found > READER_VERSION {
        return Err(StoreError::Newer {
            found,
            known: READER_VERSION,
        });
    }
    for migration in MIGRATIONS {
        let done: bool = tx.query_row(
            "SELECT EXISTS (SELECT 1 FROM migrations WHERE id = ?1)",
            [migration.id],
            |row| row.get(0),
        )?;
        if !done {
            for sql in migration.sql {
                tx.execute_batch(sql)?;
            }
            tx.execute(
                "INSERT INTO migrations (id, reader_version) VALUES (?1, ?2)",
                (migration.id, migration.reader),
            )?;
        }
    }
    Ok(tx.commit()?)
}
