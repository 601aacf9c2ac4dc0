//! Moves a grown installation from one database to another, whatever the two engines.
//!
//! Tables are read from the schema, so none can be forgotten. Rows go over in the order of the
//! primary key, a page to a transaction, so a copy that was broken off goes on after the last row
//! that has arrived. At the end every row of both databases is read again and compared. Until that
//! has gone well the target says in its settings that it is a copy under way, and no server starts
//! on it.
//!
//! The two places that are not copied as they are: activity stamps, which go on where the source has
//! come to, and what an engine notes about itself.

mod cell;
mod command;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use self::{
    cell::Cell,
    table::{PAGE, Rows, Sum, Table},
};
use crate::db::{Db, DbError, Tx, params};

pub(crate) use command::{Copy, run};

/// Why a database was not copied. What has arrived stays, and the copy goes on from there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// There is somebody in it already.
    #[error("the target has people of its own; copy into an empty database")]
    NotEmpty,
    /// It was begun with another source.
    #[error(
        "the target holds an unfinished copy of another installation; empty it, or name the \
         source that it was begun with"
    )]
    OtherSource,
    /// Rows differ after copying.
    #[error(
        "table {table} differs: {source_rows} rows in the source, {target_rows} in the target; was \
         the source used meanwhile? Stop all its servers, empty the target and copy again"
    )]
    Differs {
        /// The table.
        table: &'static str,
        /// How many rows the source has.
        source_rows: u64,
        /// How many rows the target has.
        target_rows: u64,
    },
    /// A database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What is being done.
    pub(crate) step: Step,
    /// With which table.
    pub(crate) table: &'static str,
    /// How many of its rows it has been done with.
    pub(crate) done: u64,
    /// How many there are.
    pub(crate) rows: u64,
}

/// A step of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Rows go over.
    Copying,
    /// Both sides are read and compared.
    Comparing,
}

/// Tables that are not copied row by row: see [`finish`], and the history of the schema.
const APART: [&str; 3] = ["counters", "settings", "migrations"];

/// The name of the note among the settings that says that this is an unfinished copy.
const UNDER_WAY: &str = "copy_under_way";

/// Tells whether a database is an unfinished copy.
///
/// # Errors
/// What the engine says; see [`DbError`].
pub(crate) fn is_under_way(tx: &mut Tx<'_>) -> Result<bool, DbError> {
    let found = tx.first(
        "SELECT 1 FROM settings WHERE name = $1",
        params![UNDER_WAY],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Copies everything from one database to another, which is empty or holds the beginning of the same
/// copy. Nobody else may write to either. Returns what each table came to.
///
/// # Errors
/// See [`CopyError`].
pub(crate) async fn copy(
    from: &Db,
    to: &Db,
    mut report: impl FnMut(Progress),
) -> Result<Vec<(&'static str, u64)>, CopyError> {
    begin(from, to).await?;
    let shapes = from.read::<_, DbError, _>(|tx| tx.tables()).await?;
    let mut sums = Vec::new();
    let tables: Vec<Arc<Table>> = shapes
        .iter()
        .filter(|shape| !APART.contains(&shape.name.as_str()))
        .map(|shape| Arc::new(Table::new(shape)))
        .collect();
    for table in &tables {
        copy_table(from, to, table, &mut report).await?;
    }
    for table in &tables {
        let rows = count(from, table).await?;
        let mut done = 0;
        let mut tell = |step_rows: u64| {
            done += step_rows;
            report(Progress {
                step: Step::Comparing,
                table: table.name,
                done: done / 2,
                rows,
            });
        };
        let source = sum_of(from, table, &mut tell).await?;
        let target = sum_of(to, table, &mut tell).await?;
        if source != target {
            return Err(CopyError::Differs {
                table: table.name,
                source_rows: source.rows,
                target_rows: target.rows,
            });
        }
        sums.push((table.name, source.rows));
    }
    finish(from, to).await?;
    Ok(sums)
}

/// Notes in the target whose copy it is, or sees that it is the same source's.
async fn begin(from: &Db, to: &Db) -> Result<(), CopyError> {
    let settings = from.read(settings).await?;
    let mut digest = Sha256::new();
    for (name, value) in settings {
        [Cell::Text(name), Cell::Bytes(value)]
            .iter()
            .for_each(|cell| cell.digest(&mut digest));
    }
    let source: [u8; 32] = digest.finalize().into();
    to.write(move |tx| {
        let noted: Option<Vec<u8>> = tx.first(
            "SELECT value FROM settings WHERE name = $1",
            params![UNDER_WAY],
            |row| row.get(0),
        )?;
        match noted {
            Some(noted) if noted == source => return Ok(()),
            Some(_) => return Err(CopyError::OtherSource),
            None => {}
        }
        if tx
            .first("SELECT 1 FROM users LIMIT 1", &[], |_| Ok(()))?
            .is_some()
        {
            return Err(CopyError::NotEmpty);
        }
        tx.execute(
            "INSERT INTO settings (name, value) VALUES ($1, $2)",
            params![UNDER_WAY, source],
        )?;
        Ok(())
    })
    .await
}

/// Returns the settings that belong to the installation and not to the engine.
fn settings(tx: &mut Tx<'_>) -> Result<Vec<(String, Vec<u8>)>, DbError> {
    tx.all(
        "SELECT name, value FROM settings
         WHERE name NOT IN ('postgres_cluster', 'copy_under_way') ORDER BY name",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

async fn copy_table(
    from: &Db,
    to: &Db,
    table: &Arc<Table>,
    report: &mut impl FnMut(Progress),
) -> Result<(), CopyError> {
    let (rows, mut done) = (count(from, table).await?, count(to, table).await?);
    let mut after = {
        let table = Arc::clone(table);
        to.read(move |tx| table.last(tx)).await?
    };
    loop {
        report(Progress {
            step: Step::Copying,
            table: table.name,
            done,
            rows,
        });
        let page = page(from, table, after).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(table.key(last));
        done += u64::try_from(page.len()).unwrap_or_default();
        let table = Arc::clone(table);
        to.write(move |tx| table.store(tx, &page)).await?;
    }
}

async fn count(db: &Db, table: &Arc<Table>) -> Result<u64, DbError> {
    let table = Arc::clone(table);
    db.read(move |tx| table.count(tx)).await
}

async fn page(db: &Db, table: &Arc<Table>, after: Option<Vec<Cell>>) -> Result<Rows, DbError> {
    let table = Arc::clone(table);
    db.read(move |tx| table.page(tx, after.as_deref())).await
}

async fn sum_of(db: &Db, table: &Arc<Table>, tell: &mut impl FnMut(u64)) -> Result<Sum, DbError> {
    let (mut digest, mut rows, mut after) = (Sha256::new(), 0, None);
    loop {
        let page = page(db, table, after).await?;
        table::add(&mut digest, &page);
        let read = u64::try_from(page.len()).unwrap_or_default();
        rows += read;
        tell(read);
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(table.key(last)),
            _ => return Ok(table::sum(rows, digest)),
        }
    }
}

/// Takes over the counters and the settings, and makes the target a database like any other.
async fn finish(from: &Db, to: &Db) -> Result<(), CopyError> {
    let (counters, settings, activity) = from
        .read::<_, DbError, _>(|tx| {
            let counters: Vec<(String, i64)> = tx.all(
                "SELECT name, value FROM counters WHERE name <> 'activity' ORDER BY name",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            // Beyond every stamp that a client can have been told.
            Ok((counters, settings(tx)?, tx.horizon()?))
        })
        .await?;
    to.write::<_, DbError, _>(move |tx| {
        for (name, value) in counters
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .chain([("activity", activity)])
        {
            tx.execute(
                "INSERT INTO counters (name, value) VALUES ($1, $2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![name, value],
            )?;
        }
        for (name, value) in &settings {
            tx.execute(
                "INSERT INTO settings (name, value) VALUES ($1, $2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![name, value],
            )?;
        }
        tx.execute("DELETE FROM settings WHERE name = $1", params![UNDER_WAY])
            .map(drop)
    })
    .await?;
    Ok(())
}
