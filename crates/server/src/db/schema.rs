//! The tables as they are, read from the engine.

use super::{DbError, Tx, tx::Engine};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: String,
    /// Its columns, in their order.
    pub(crate) columns: Vec<String>,
    /// The columns of its primary key, in the key's order.
    pub(crate) key: Vec<String>,
}

/// One row for each column of each table: table, column, and the column's place in the primary key,
/// counted from 1, or 0 where it is not in it. Tables stand in the order in which they were made.
const SQLITE: &str = "SELECT t.name, c.name, c.pk
     FROM sqlite_master t JOIN pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
     ORDER BY t.rowid, c.cid";
const POSTGRES: &str = "SELECT t.relname::text, c.attname::text,
            COALESCE(array_position(k.indkey::int2[], c.attnum) + 1, 0)::bigint
     FROM pg_class t
     JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
     LEFT JOIN pg_index k ON k.indrelid = t.oid AND k.indisprimary
     WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace
     ORDER BY t.oid, c.attnum";

impl Tx<'_> {
    /// Returns all tables, each after those that it refers to.
    ///
    /// # Errors
    /// What the engine says; see [`DbError`].
    pub(crate) fn tables(&mut self) -> Result<Vec<Table>, DbError> {
        let sql = match self.engine {
            Engine::Sqlite(_) => SQLITE,
            Engine::Postgres(_) => POSTGRES,
        };
        let columns: Vec<(String, String, u64)> =
            self.all(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut tables: Vec<Table> = Vec::new();
        let mut places: Vec<(u64, String)> = Vec::new();
        for (table, column, place) in columns {
            if tables.last().is_none_or(|last| last.name != table) {
                places.clear();
                tables.push(Table {
                    name: table,
                    columns: Vec::new(),
                    key: Vec::new(),
                });
            }
            let Some(last) = tables.last_mut() else {
                continue;
            };
            last.columns.push(column.clone());
            if place > 0 {
                places.push((place, column));
                places.sort();
                last.key = places.iter().map(|(_, column)| column.clone()).collect();
            }
        }
        Ok(tables)
    }
}
