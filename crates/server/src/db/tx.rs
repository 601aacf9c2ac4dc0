//! One transaction, as the domain sees it.

use super::{DbError, FromValue, Value, postgres, sqlite};
use crate::bus::Event;

/// A transaction. What is done in it is there together or not at all.
pub struct Tx<'a> {
    pub(super) engine: Engine<'a>,
    pub(super) events: Vec<Event>,
    pub(super) stamp: Stamp,
}

/// What runs the statements.
pub(super) enum Engine<'a> {
    /// See [`sqlite`].
    Sqlite(&'a sqlite::Connection),
    /// See [`postgres`].
    Postgres(&'a postgres::Session),
}

/// The activity stamp of a transaction, where it is not the engine that knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Reads have none.
    ReadOnly,
    /// Nobody has asked for it so far.
    Unused(i64),
    /// It was handed out.
    Used(i64),
}

/// A row of an answer; valid while the closure that is given it runs.
pub struct Row<'a>(pub(super) Cells<'a>);

pub(super) enum Cells<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// Reads the column at `index`, counted from 0.
    ///
    /// # Errors
    /// [`DbError::Column`] when there is none, or its value does not fit `T`.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, DbError> {
        match &self.0 {
            Cells::Sqlite(row) => T::from_value(sqlite::value(row, index)?),
            Cells::Postgres(row) => T::from_value(postgres::value(row, index)?),
        }
    }
}

impl Tx<'_> {
    /// Runs a statement that answers with no rows, and returns how many rows it touched.
    ///
    /// # Errors
    /// What the engine says; see [`DbError`].
    pub fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> Result<u64, DbError> {
        match self.engine {
            Engine::Sqlite(connection) => connection.execute(sql, params),
            Engine::Postgres(session) => session.execute(sql, params),
        }
    }

    /// Returns all rows that the statement answers with, each through `map`.
    ///
    /// # Errors
    /// What the engine or `map` says; see [`DbError`].
    pub fn all<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut rows = Vec::new();
        self.each(sql, params, |row| {
            rows.push(map(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Returns the row that the statement answers with, if any.
    ///
    /// # Errors
    /// [`DbError::TooManyRows`] when there are several, and what the engine or `map` says.
    pub fn first<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        let mut found = None;
        self.each(sql, params, |row| {
            if found.is_some() {
                return Err(DbError::TooManyRows(sql));
            }
            found = Some(map(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Returns the one row that the statement answers with.
    ///
    /// # Errors
    /// [`DbError::NoRow`] when there is none, otherwise as [`Tx::first`].
    pub fn one<T>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.first(sql, params, map)?.ok_or(DbError::NoRow(sql))
    }

    fn each(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
        visit: impl FnMut(&Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        match self.engine {
            Engine::Sqlite(connection) => connection.each(sql, params, visit),
            Engine::Postgres(session) => session.each(sql, params, visit),
        }
    }

    /// Runs one statement once for each set of parameters, in their order, and returns what each
    /// answered with. An engine behind a network sends them all before it waits.
    ///
    /// # Errors
    /// What the engine or `map` says; see [`DbError`].
    pub fn all_of<'v, T>(
        &mut self,
        sql: &'static str,
        sets: &[impl AsRef<[Value<'v>]>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<Vec<T>>, DbError> {
        let mut answers = Vec::with_capacity(sets.len());
        match self.engine {
            Engine::Sqlite(connection) => {
                answers.resize_with(sets.len(), Vec::new);
                connection.each_of(sql, sets, |place, row| {
                    let rows: &mut Vec<T> = answers.get_mut(place).ok_or(DbError::NoRow(sql))?;
                    rows.push(map(row)?);
                    Ok(())
                })?;
            }
            Engine::Postgres(session) => {
                for rows in session.each_of(sql, sets)? {
                    let rows = rows.iter().map(|row| map(&Row(Cells::Postgres(row))));
                    answers.push(rows.collect::<Result<_, _>>()?);
                }
            }
        }
        Ok(answers)
    }

    /// Stores many rows, in their order, and returns how many were stored. `insert` names the table
    /// and the columns and says `ROWS` where the rows belong, such as
    /// `INSERT INTO friends (user_id, friend_id) ROWS ON CONFLICT DO NOTHING`. Each row has one
    /// value per column.
    ///
    /// # Errors
    /// What the engine says; see [`DbError`].
    pub fn insert_all<'v>(
        &mut self,
        insert: &'static str,
        rows: &[impl AsRef<[Value<'v>]>],
    ) -> Result<u64, DbError> {
        match self.engine {
            Engine::Sqlite(connection) => connection.execute_all(insert, rows),
            Engine::Postgres(session) => session.insert_all(insert, rows),
        }
    }

    /// Takes the next number of the counter `name`, which a migration has set up. A number that was
    /// taken in a transaction that failed may be given again.
    ///
    /// # Errors
    /// [`DbError::NoRow`] when there is no such counter.
    pub fn next_id<T: FromValue>(&mut self, name: &'static str) -> Result<T, DbError> {
        self.one(
            "UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value",
            crate::db::params![name],
            |row| row.get(0),
        )
    }

    /// Hands `event` to the bus when this transaction has been committed; commits and the events of
    /// each keep their order. Nothing is published of a transaction that fails.
    pub fn publish(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Returns this write transaction's activity stamp: greater than those of all transactions that
    /// were committed before it. In a read it is 0.
    pub fn stamp(&mut self) -> i64 {
        if let Engine::Postgres(session) = self.engine {
            return session.stamp();
        }
        match self.stamp {
            Stamp::ReadOnly => 0,
            Stamp::Unused(stamp) | Stamp::Used(stamp) => {
                self.stamp = Stamp::Used(stamp);
                stamp
            }
        }
    }

    /// Returns the smallest stamp that a transaction which this one does not see can have.
    ///
    /// # Errors
    /// What the engine says; see [`DbError`].
    pub fn horizon(&mut self) -> Result<i64, DbError> {
        match self.engine {
            Engine::Sqlite(connection) => connection.last_stamp().map(|stamp| stamp + 1),
            Engine::Postgres(session) => session.horizon(),
        }
    }
}
