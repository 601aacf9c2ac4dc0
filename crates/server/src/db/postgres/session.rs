//! One connection, used by one thread, and how statements run on it.
//!
//! A transaction is begun together with its first statement: both are sent before either is waited
//! for. The first failure of a transaction is kept, for the server takes nothing more in it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    future::Future,
    sync::Arc,
    time::Duration,
};

use futures_util::future;
use tokio::{runtime::Runtime, task::JoinHandle, time};
use tokio_postgres::{Client, SimpleQueryMessage, Statement, types::Type};

use super::{
    failure::{Failure, Remedy},
    target::Target,
    values::Param,
};
use crate::db::{DbError, Row, Value, tx::Cells};

/// How long an answer may take. The server gives a statement up before.
const PATIENCE: Duration = Duration::from_secs(40);

/// What each connection asks of the server. Statements are few and know their indexes, so one plan
/// serves them always, and it never is to read a whole table: that would also make all writes get
/// in each other's way, as the server watches what each has read. Whoever holds locks and goes
/// silent is not waited for.
const SETTINGS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s';
     SET idle_in_transaction_session_timeout = '60s';
     SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off;
     SET TIME ZONE 'UTC'; SET client_min_messages = warning";

/// How a transaction is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It sees one state and changes nothing.
    Read,
    /// It is as if it were alone.
    Serializable,
    /// It sees what was committed before each statement.
    Locked,
}

impl Mode {
    fn begin(self) -> &'static str {
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT pg_current_xact_id()",
            Self::Locked => "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_current_xact_id()",
        }
    }
}

/// Where the transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// It will be begun with its first statement.
    Awaited(Mode),
    Begun,
}

/// A connection.
pub(in crate::db) struct Session {
    runtime: Arc<Runtime>,
    client: Client,
    driver: JoinHandle<()>,
    // By the address of the text.
    statements: RefCell<HashMap<(usize, usize), Statement>>,
    inserts: RefCell<HashMap<(usize, usize), Statement>>,
    phase: Cell<Phase>,
    transaction: Cell<i64>,
    failure: RefCell<Option<Failure>>,
    stamp_offset: Cell<i64>,
}

type Rows = Vec<tokio_postgres::Row>;

impl Session {
    /// Connects.
    pub(super) fn open(runtime: Arc<Runtime>, target: &Target) -> Result<Self, Failure> {
        let (client, driver) = runtime.block_on(async {
            let connecting = target.config.connect(target.tls.clone());
            let (client, connection) = within(PATIENCE, connecting).await?;
            let driver = tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "db.connection_ended");
                }
            });
            within(PATIENCE, client.batch_execute(SETTINGS)).await?;
            Ok::<_, Failure>((client, driver))
        })?;
        Ok(Self {
            runtime,
            client,
            driver,
            statements: RefCell::default(),
            inserts: RefCell::default(),
            phase: Cell::new(Phase::Idle),
            transaction: Cell::new(0),
            failure: RefCell::default(),
            stamp_offset: Cell::new(0),
        })
    }

    /// Sets what is added to a transaction's number to make its activity stamp.
    pub(super) fn set_stamp_offset(&self, offset: i64) {
        self.stamp_offset.set(offset);
    }

    /// Lets the statements that follow be a transaction.
    pub(super) fn begin(&self, mode: Mode) {
        self.phase.set(Phase::Awaited(mode));
        self.transaction.set(0);
        self.failure.take();
    }

    /// Commits, if there is anything to commit.
    pub(super) fn commit(&self) -> Result<(), Failure> {
        if self.phase.replace(Phase::Idle) != Phase::Begun {
            return Ok(());
        }
        self.wait(self.client.batch_execute("COMMIT"))
    }

    /// Rolls back.
    pub(super) fn roll_back(&self) -> Result<(), Failure> {
        if self.phase.replace(Phase::Idle) != Phase::Begun {
            return Ok(());
        }
        self.wait(self.client.batch_execute("ROLLBACK"))
    }

    /// Returns the number of the transaction that was begun last, 0 where it has none.
    pub(super) fn transaction(&self) -> i64 {
        self.transaction.get()
    }

    /// Returns the first failure since the transaction was begun.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.failure.take()
    }

    /// Runs statements that take no parameters, outside of what [`Session::begin`] began.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.wait(self.client.batch_execute(sql))
    }

    /// Returns the first column of the first row that a statement answers with, as a text.
    pub(super) fn text(&self, sql: &str) -> Result<Option<String>, Failure> {
        let messages = self.wait(self.client.simple_query(sql))?;
        Ok(first_text(&messages).map(str::to_owned))
    }

    /// Returns the activity stamp of the transaction; 0 where it only reads.
    pub(in crate::db) fn stamp(&self) -> i64 {
        if let Phase::Awaited(_) = self.phase.get()
            && let Err(failure) = self.wait(self.begin_now())
        {
            // Said by the next statement, and at the latest by the commit.
            let _ = self.fail(failure);
            return 0;
        }
        match self.transaction.get() {
            0 => 0,
            number => number.saturating_add(self.stamp_offset.get()),
        }
    }

    /// Returns the smallest stamp that a transaction can have which this one does not see.
    pub(in crate::db) fn horizon(&self) -> Result<i64, DbError> {
        let rows = self.rows(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
            &[],
        )?;
        let row = rows.first().ok_or(DbError::NoRow("the horizon"))?;
        let number: i64 = row
            .try_get(0)
            .map_err(|_| DbError::Column("a whole number"))?;
        Ok(number.saturating_add(self.stamp_offset.get()))
    }

    pub(in crate::db) fn execute(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> Result<u64, DbError> {
        self.run(async {
            let statement = self.prepared(sql).await?;
            let params = params.iter().copied().map(Param::One);
            Ok(self.client.execute_raw(&statement, params).await?)
        })
    }

    pub(in crate::db) fn each(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        for row in self.rows(sql, params)? {
            visit(&Row(Cells::Postgres(&row)))?;
        }
        Ok(())
    }

    fn rows(&self, sql: &'static str, params: &[Value<'_>]) -> Result<Rows, DbError> {
        self.run(self.query(sql, params))
    }

    /// Runs a statement for each set of parameters. All are sent, in order, before any is waited
    /// for.
    pub(in crate::db) fn each_of<'v>(
        &self,
        sql: &'static str,
        sets: &[impl AsRef<[Value<'v>]>],
    ) -> Result<Vec<Rows>, DbError> {
        if sets.is_empty() {
            return Ok(Vec::new());
        }
        self.run(async {
            self.prepared(sql).await?;
            let asked = sets.iter().map(|params| self.query(sql, params.as_ref()));
            future::join_all(asked).await.into_iter().collect()
        })
    }

    /// Stores rows with one statement.
    pub(in crate::db) fn insert_all<'v>(
        &self,
        insert: &'static str,
        rows: &[impl AsRef<[Value<'v>]>],
    ) -> Result<u64, DbError> {
        let Some(first) = rows.first() else {
            return Ok(0);
        };
        let columns = (0..first.as_ref().len()).map(|column| {
            let values = rows.iter().map(|row| row.as_ref().get(column).copied());
            Param::Column(values.map(|value| value.unwrap_or(Value::Null)).collect())
        });
        self.run(async {
            let statement = self.prepared_insert(insert).await?;
            Ok(self.client.execute_raw(&statement, columns).await?)
        })
    }

    async fn query(&self, sql: &'static str, params: &[Value<'_>]) -> Result<Rows, Failure> {
        let statement = self.prepared(sql).await?;
        let params: Vec<Param<'_>> = params.iter().copied().map(Param::One).collect();
        let params: Vec<_> = params.iter().map(|param| param as _).collect();
        Ok(self.client.query(&statement, &params).await?)
    }

    async fn prepared(&self, sql: &'static str) -> Result<Statement, Failure> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(statement) = self.statements.borrow().get(&key) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&spell(sql)).await?;
        let known = statement.clone();
        self.statements.borrow_mut().insert(key, known);
        Ok(statement)
    }

    /// Prepares an insert whose rows come as one list for each column. Which type each has, the
    /// server says.
    async fn prepared_insert(&self, insert: &'static str) -> Result<Statement, Failure> {
        let key = (insert.as_ptr().addr(), insert.len());
        if let Some(statement) = self.inserts.borrow().get(&key) {
            return Ok(statement.clone());
        }
        let parts = || {
            let (head, tail) = insert.split_once(" ROWS")?;
            let (table, columns) = head.strip_prefix("INSERT INTO ")?.split_once('(')?;
            Some((head, table, columns.strip_suffix(')')?, tail))
        };
        let (head, table, columns, tail) = parts().ok_or_else(|| Failure {
            remedy: Remedy::None,
            error: DbError::NoRow(insert),
        })?;
        let shape = format!("SELECT {columns} FROM {table}");
        let shape = self.client.prepare(&shape).await?;
        let lists: Vec<String> = (1..)
            .zip(shape.columns())
            .map(|(place, column)| match *column.type_() {
                Type::INT8 => format!("${place}::bigint[]"),
                Type::BYTEA => format!("${place}::bytea[]"),
                _ => format!("${place}::text[]"),
            })
            .collect();
        let sql = format!("{head} SELECT * FROM unnest({}){tail}", lists.join(", "));
        let statement = self.client.prepare(&sql).await?;
        let known = statement.clone();
        self.inserts.borrow_mut().insert(key, known);
        Ok(statement)
    }

    /// Runs a statement of the transaction, which is begun with it where it was not before.
    fn run<T>(&self, statement: impl Future<Output = Result<T, Failure>>) -> Result<T, DbError> {
        if self.failure.borrow().is_some() {
            return Err(DbError::Unavailable("the transaction has failed".into()));
        }
        let answered = if let Phase::Awaited(_) = self.phase.get() {
            self.wait(async {
                // Polled in this order, so sent in this order.
                let (begun, answer) = future::join(self.begin_now(), statement).await;
                begun?;
                answer
            })
        } else {
            self.wait(statement)
        };
        answered.map_err(|failure| self.fail(failure))
    }

    async fn begin_now(&self) -> Result<(), Failure> {
        let Phase::Awaited(mode) = self.phase.replace(Phase::Begun) else {
            return Ok(());
        };
        let messages = self.client.simple_query(mode.begin()).await;
        // A server on which no transaction can be begun is not the right one any more.
        let messages = messages.map_err(|error| Failure::lost(error.to_string()))?;
        if let Some(number) = first_text(&messages).and_then(|text| text.parse().ok()) {
            self.transaction.set(number);
        }
        Ok(())
    }

    /// Keeps a failure for whoever runs the transaction, and returns the closure's version of it.
    fn fail(&self, failure: Failure) -> DbError {
        let told = match &failure.error {
            DbError::Duplicate => DbError::Duplicate,
            DbError::Postgres { code, message } => DbError::Postgres {
                code: code.clone(),
                message: message.clone(),
            },
            error => DbError::Unavailable(error.to_string()),
        };
        self.failure.borrow_mut().get_or_insert(failure);
        told
    }

    fn wait<T, E: Into<Failure>>(
        &self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        self.runtime.block_on(within(PATIENCE, answer))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Whatever transaction is open is given up by the server when the connection closes, which
        // it does when the driver has gone.
        self.driver.abort();
        let _ = self.runtime.block_on(&mut self.driver);
    }
}

async fn within<T, E: Into<Failure>>(
    patience: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
    match time::timeout(patience, answer).await {
        Ok(answered) => answered.map_err(Into::into),
        Err(_) => Err(Failure::lost("no answer in time")),
    }
}

fn first_text(messages: &[SimpleQueryMessage]) -> Option<&str> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    })
}

/// Says to PostgreSQL what is a comment to SQLite.
fn spell(sql: &str) -> String {
    sql.replace("/* FOR UPDATE */", "FOR UPDATE")
}
