//! The statements that copy one table, and what they do.

use sha2::{Digest as _, Sha256};

use super::cell::Cell;
use crate::db::{self, DbError, ToValue as _, Tx, Value};

/// How many rows are read and written at a time.
pub(super) const PAGE: usize = 1_000;

/// A table, and the statements for it.
pub(super) struct Table {
    pub(super) name: &'static str,
    width: usize,
    key: Vec<usize>,
    count: &'static str,
    first: &'static str,
    next: &'static str,
    last: &'static str,
    insert: &'static str,
}

/// What tells a table's rows from any others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    /// How many rows there are.
    pub(super) rows: u64,
    /// SHA-256 of all of them, in the order of the primary key.
    pub(super) digest: [u8; 32],
}

/// Some rows, in the order of the primary key.
pub(super) type Rows = Vec<Vec<Cell>>;

impl Table {
    /// Writes the statements. They stay for as long as the process, as the engines ask of them:
    /// some dozens, in a program that copies once and ends.
    pub(super) fn new(shape: &db::Table) -> Self {
        let (name, columns, key) = (&shape.name, shape.columns.join(", "), shape.key.join(", "));
        let backwards = shape.key.join(" DESC, ");
        let after: Vec<String> = (1..=shape.key.len()).map(|nth| format!("${nth}")).collect();
        let (after, limit) = (after.join(", "), after.len() + 1);
        let position = |wanted| shape.columns.iter().position(|column| column == wanted);
        Self {
            name: keep(name.clone()),
            width: shape.columns.len(),
            key: shape.key.iter().filter_map(position).collect(),
            count: keep(format!("SELECT COUNT(*) FROM {name}")),
            first: keep(format!(
                "SELECT {columns} FROM {name} ORDER BY {key} LIMIT $1"
            )),
            next: keep(format!(
                "SELECT {columns} FROM {name} WHERE ({key}) > ({after}) ORDER BY {key} LIMIT ${limit}"
            )),
            last: keep(format!(
                "SELECT {key} FROM {name} ORDER BY {backwards} DESC LIMIT 1"
            )),
            insert: keep(format!("INSERT INTO {name} ({columns}) ROWS")),
        }
    }

    /// Returns how many rows there are.
    pub(super) fn count(&self, tx: &mut Tx<'_>) -> Result<u64, DbError> {
        tx.one(self.count, &[], |row| row.get(0))
    }

    /// Returns the greatest key, unless the table is empty.
    pub(super) fn last(&self, tx: &mut Tx<'_>) -> Result<Option<Vec<Cell>>, DbError> {
        tx.first(self.last, &[], |row| {
            (0..self.key.len()).map(|place| row.get(place)).collect()
        })
    }

    /// Returns the rows that follow a key, or the first ones; at most [`PAGE`].
    pub(super) fn page(&self, tx: &mut Tx<'_>, after: Option<&[Cell]>) -> Result<Rows, DbError> {
        let mut params: Vec<Value<'_>> = after.into_iter().flatten().map(Cell::to_value).collect();
        params.push(Value::Int(i64::try_from(PAGE).unwrap_or(i64::MAX)));
        let sql = if after.is_some() {
            self.next
        } else {
            self.first
        };
        tx.all(sql, &params, |row| {
            (0..self.width).map(|place| row.get(place)).collect()
        })
    }

    /// Stores rows.
    pub(super) fn store(&self, tx: &mut Tx<'_>, rows: &[Vec<Cell>]) -> Result<(), DbError> {
        let rows: Vec<Vec<Value<'_>>> = rows
            .iter()
            .map(|row| row.iter().map(Cell::to_value).collect())
            .collect();
        tx.insert_all(self.insert, &rows).map(drop)
    }

    /// Returns the key of a row.
    pub(super) fn key(&self, row: &[Cell]) -> Vec<Cell> {
        let cell = |place: &usize| row.get(*place).cloned();
        self.key.iter().filter_map(cell).collect()
    }
}

/// Adds rows to a digest.
pub(super) fn add(digest: &mut Sha256, rows: &[Vec<Cell>]) {
    rows.iter().flatten().for_each(|cell| cell.digest(digest));
}

/// Ends a digest.
pub(super) fn sum(rows: u64, digest: Sha256) -> Sum {
    Sum {
        rows,
        digest: digest.finalize().into(),
    }
}

fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
