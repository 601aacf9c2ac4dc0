//! A connection: how it is set up, and how statements written for both engines run on it.

use std::{cell::RefCell, collections::HashMap, path::Path, rc::Rc, sync::Arc, time::Duration};

use rusqlite::{
    CachedStatement, OpenFlags, ToSql, ffi,
    hooks::Wal,
    params_from_iter,
    types::{self, ToSqlOutput, ValueRef},
    vtab,
};

use super::super::{DbError, Row, Value, migrate, tx::Cells};

/// How often, and how many times, it is tried to get a lock that another process holds, such as a
/// server that a command of the operator works beside. SQLite's own way of waiting looks less and
/// less often, and a server with much to write lets go of the lock for moments only.
const BUSY: Duration = Duration::from_millis(1);
const BUSY_TRIES: i32 = 20_000;

/// Statements that a connection keeps prepared; the program has fewer.
const STATEMENTS: usize = 256;

/// A connection that is used by one thread.
pub(in crate::db) struct Connection {
    sqlite: rusqlite::Connection,
    // The statements as SQLite takes them, by the address of the text that they were made from.
    spelled: RefCell<HashMap<(usize, usize), Arc<str>>>,
}

impl Connection {
    /// Opens the file for writing; makes it where there is none.
    pub(super) fn open_writer(path: &Path) -> Result<Self, DbError> {
        #[cfg(unix)]
        make_private(path).map_err(|error| DbError::Unavailable(error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Self::open(path, flags)?;
        connection.batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA foreign_keys = ON;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -32768;",
        )?;
        Ok(connection)
    }

    /// Opens the file for [`Self::checkpoint`]; it exists.
    pub(super) fn open_checkpointer(path: &Path) -> Result<Self, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Self::open(path, flags)?;
        connection.batch("PRAGMA synchronous = FULL;")?;
        Ok(connection)
    }

    /// Opens the file for reading; it exists.
    pub(in crate::db) fn open_reader(path: &Path) -> Result<Self, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Self::open(path, flags)?;
        connection.batch("PRAGMA cache_size = -8192;")?;
        Ok(connection)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, DbError> {
        let mut sqlite = rusqlite::Connection::open_with_flags(path, flags).map_err(error)?;
        sqlite.busy_handler(Some(wait_for_lock)).map_err(error)?;
        vtab::array::load_module(&sqlite).map_err(error)?;
        sqlite.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self {
            sqlite,
            spelled: RefCell::default(),
        })
    }

    /// Brings the schema up to this version, each step in a transaction of its own.
    pub(super) fn migrate(&self) -> Result<(), DbError> {
        self.batch(migrate::HISTORY)?;
        for step in migrate::pending(&self.applied()?)? {
            let sql = step.sql.replace("/* WITHOUT ROWID */", "WITHOUT ROWID");
            // What is left of a step that failed is undone when the connection closes.
            self.batch("BEGIN IMMEDIATE")?;
            self.batch(&sql)?;
            self.execute(
                "INSERT INTO migrations (name) VALUES ($1)",
                &[Value::Text(step.name)],
            )?;
            self.batch("COMMIT")?;
            tracing::info!(migration = step.name, "db.migrated");
        }
        Ok(())
    }

    /// Returns the steps of the schema's history that were taken.
    pub(in crate::db) fn applied(&self) -> Result<Vec<String>, DbError> {
        let mut applied = Vec::new();
        self.each("SELECT name FROM migrations", &[], |row| {
            applied.push(row.get(0)?);
            Ok(())
        })?;
        Ok(applied)
    }

    /// Runs statements that take no parameters and answer with nothing of interest.
    pub(super) fn batch(&self, sql: &str) -> Result<(), DbError> {
        self.sqlite.execute_batch(sql).map_err(error)
    }

    /// Runs one such statement, which is kept prepared.
    pub(super) fn control(&self, sql: &'static str) -> Result<(), DbError> {
        let mut statement = self.sqlite.prepare_cached(sql).map_err(error)?;
        statement.execute([]).map(drop).map_err(error)
    }

    /// Has `look` called after each commit with the pages (of 4 KiB) that are in the log. From now
    /// on commits copy them into the file only where it returns true.
    pub(super) fn watch_log(
        &mut self,
        mut look: impl FnMut(u32) -> bool + Send + 'static,
    ) -> Result<(), DbError> {
        let hook = move |wal: &mut Wal, pages| {
            if look(u32::try_from(pages).unwrap_or_default()) {
                // The commit is done, whatever becomes of this.
                let _ = wal.checkpoint();
            }
            Ok(())
        };
        self.sqlite.wal_hook(Some(hook)).map_err(error)
    }

    /// Drops what [`Self::watch_log`] was given; from now on commits copy nothing.
    pub(super) fn leave_log(&mut self) -> Result<(), DbError> {
        let nobody: Option<fn(&mut Wal, i32) -> rusqlite::Result<()>> = None;
        self.sqlite.wal_hook(nobody).map_err(error)
    }

    /// Copies pages from the log into the file, as far as nobody has to wait for it.
    pub(super) fn checkpoint(&self) -> Result<(), DbError> {
        self.batch("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Returns whether a transaction is open.
    pub(super) fn in_transaction(&self) -> bool {
        !self.sqlite.is_autocommit()
    }

    /// Returns the greatest activity stamp that is stored.
    pub(in crate::db) fn last_stamp(&self) -> Result<i64, DbError> {
        let mut last = 0;
        self.each(
            "SELECT value FROM counters WHERE name = 'activity'",
            &[],
            |row| {
                last = row.get(0)?;
                Ok(())
            },
        )?;
        Ok(last)
    }

    pub(in crate::db) fn execute(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> Result<u64, DbError> {
        let touched = self
            .prepare(sql)?
            .execute(params_from_iter(params))
            .map_err(error)?;
        Ok(touched as u64)
    }

    /// As [`Self::execute`] for each set of parameters. Returns how many rows were touched.
    pub(in crate::db) fn execute_all<'v>(
        &self,
        sql: &'static str,
        sets: &[impl AsRef<[Value<'v>]>],
    ) -> Result<u64, DbError> {
        let mut statement = self.prepare(sql)?;
        let mut touched = 0;
        for params in sets {
            touched += statement
                .execute(params_from_iter(params.as_ref()))
                .map_err(error)?;
        }
        Ok(touched as u64)
    }

    /// As [`Self::each`] for each set of parameters, whose place `visit` is told.
    pub(in crate::db) fn each_of<'v>(
        &self,
        sql: &'static str,
        sets: &[impl AsRef<[Value<'v>]>],
        mut visit: impl FnMut(usize, &Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut statement = self.prepare(sql)?;
        for (place, params) in sets.iter().enumerate() {
            let params = params_from_iter(params.as_ref());
            let mut rows = statement.query(params).map_err(error)?;
            while let Some(row) = rows.next().map_err(error)? {
                visit(place, &Row(Cells::Sqlite(row)))?;
            }
        }
        Ok(())
    }

    pub(in crate::db) fn each(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.each_of(sql, &[params], |_, row| visit(row))
    }

    fn prepare(&self, sql: &'static str) -> Result<CachedStatement<'_>, DbError> {
        let spelled = Arc::clone(
            self.spelled
                .borrow_mut()
                .entry((sql.as_ptr().addr(), sql.len()))
                .or_insert_with(|| spell(sql).into()),
        );
        self.sqlite.prepare_cached(&spelled).map_err(error)
    }
}

fn wait_for_lock(tries: i32) -> bool {
    std::thread::sleep(BUSY);
    tries < BUSY_TRIES
}

/// Makes the file where there is none, for its owner only: it holds the keys of the tokens. SQLite
/// gives the files beside it the same rights.
#[cfg(unix)]
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::File::options();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).append(true).open(path).map(drop)
}

/// Turns `$1` into `?1`: to SQLite, `$1` is a name and not a number. No statement has a dollar sign
/// elsewhere. What SQLite says otherwise than PostgreSQL is put in its words: lists as parameters,
/// and the rows of [`Tx::insert_all`](super::super::Tx::insert_all), which it is given one by one.
fn spell(sql: &str) -> String {
    let mut sql = sql.replace("= ANY($", "IN rarray($");
    if let Some((insert, rest)) = sql.split_once(" ROWS") {
        let columns = insert.matches(',').count() + 1;
        let places: Vec<String> = (1..=columns).map(|place| format!("${place}")).collect();
        sql = format!("{insert} VALUES ({}){rest}", places.join(", "));
    }
    sql.replace('$', "?")
}

/// Reads the column at `index`.
pub(in crate::db) fn value<'a>(
    row: &'a rusqlite::Row<'_>,
    index: usize,
) -> Result<Value<'a>, DbError> {
    match row.get_ref(index).map_err(error)? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(text) => std::str::from_utf8(text)
            .map(Value::Text)
            .or(Err(DbError::Column("a text in UTF-8"))),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes)),
        ValueRef::Real(_) => Err(DbError::Column("of a type that is used here")),
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Ints(numbers) => return Ok(list(numbers.iter().copied())),
            Value::Texts(texts) => return Ok(list(texts.iter().map(|text| (*text).to_owned()))),
            Value::Blobs(blobs) => return Ok(list(blobs.iter().map(|bytes| bytes.to_vec()))),
        }))
    }
}

/// Makes a list that `rarray` takes.
fn list<'a, T>(values: impl IntoIterator<Item = T>) -> ToSqlOutput<'a>
where
    types::Value: From<T>,
{
    let values: Vec<_> = values.into_iter().map(types::Value::from).collect();
    ToSqlOutput::from_rc(Rc::new(values), c"rarray")
}

fn error(error: rusqlite::Error) -> DbError {
    match error.sqlite_error() {
        Some(ffi::Error { extended_code, .. })
            if matches!(
                *extended_code,
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            ) =>
        {
            DbError::Duplicate
        }
        Some(ffi::Error {
            code:
                ffi::ErrorCode::DiskFull
                | ffi::ErrorCode::SystemIoFailure
                | ffi::ErrorCode::DatabaseBusy
                | ffi::ErrorCode::DatabaseLocked,
            ..
        }) => DbError::Unavailable(error.to_string()),
        _ => DbError::Sqlite(error),
    }
}
