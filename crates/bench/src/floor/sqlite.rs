//! The statements of a send in a bare loop, on SQLite.
//!
//! They are those of the server with its conversations, members and friends: has the id been used,
//! may the sender send there, take the next place, store the message.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result};
use rusqlite::{Connection, params};

use super::{Pace, Paced, SqlCounts, SqlFloor, rate};
use crate::{measure::Latencies, stand::Pairs, wire::fresh};

const BY_ID: &str = "SELECT conversation_id, seq, created_at, sender_id, kind, content
     FROM messages WHERE id = ?1";
const MAY_SEND: &str = "SELECT c.kind,
        (SELECT COUNT(*) FROM friends f WHERE f.user_id = me.user_id
            AND f.friend_id = c.low_user_id + c.high_user_id - me.user_id AND f.deleted = 0),
        (SELECT COUNT(*) FROM blocks b WHERE b.blocked_id = me.user_id
            AND b.user_id = c.low_user_id + c.high_user_id - me.user_id AND b.deleted = 0),
        (SELECT COUNT(*) FROM blocks b WHERE b.user_id = me.user_id
            AND b.blocked_id = c.low_user_id + c.high_user_id - me.user_id AND b.deleted = 0)
     FROM members me JOIN conversations c ON c.id = me.conversation_id
     WHERE me.conversation_id = ?1 AND me.user_id = ?2";
const TAKE_PLACE: &str = "UPDATE conversations
     SET rev = rev + 1, last_seq = last_seq + 1, activity = ?2
     WHERE id = ?1 RETURNING rev, last_seq";
const STORE: &str = "INSERT INTO messages
     (conversation_id, seq, rev, sender_id, id, kind, created_at, content)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const TOUCH: &str = "UPDATE counters SET value = value + 1 WHERE name = 'activity'";
pub(super) const CONTENT: &str =
    r#"{"text":"00000000 00000000 0000000000000000 0123456789abcdefghijklmnopqrs"}"#;

/// A bare loop on a copy of a server's database.
pub(crate) struct SqliteLoop {
    connection: Connection,
    pairs: Vec<(i64, i64)>,
    next: usize,
}

impl SqliteLoop {
    /// Copies the database of a server that has been stopped, and opens the copy as the server
    /// opens it.
    ///
    /// # Errors
    /// When it cannot be copied or opened.
    pub(crate) fn open(folder: &Path, pairs: &Pairs) -> Result<Self> {
        let path = folder.join("floor.db");
        std::fs::copy(folder.join("magpie.db"), &path).context("there is no database to copy")?;
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768;
             PRAGMA temp_store = MEMORY;",
        )?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self {
            connection,
            pairs: pairs.numbers(),
            next: 0,
        })
    }

    /// Runs it: one by one, 64 together, as many together as are in flight, and at a pace.
    ///
    /// # Errors
    /// What SQLite says.
    pub(crate) fn run(&mut self, counts: SqlCounts) -> Result<SqlFloor> {
        // Warm, as the server will be.
        self.sends(counts.singly / 10, 1)?;
        let one_by_one = rate(counts.singly, self.sends(counts.singly, 1)?);
        let together = counts.together;
        let batched = rate(together, self.sends(together, 64)?);
        let all = self.sends(together, counts.in_flight)?;
        let all_together = rate(together, all);
        let mut commit = Latencies::new()?;
        for _ in 0..counts.singly {
            self.connection
                .prepare_cached("BEGIN IMMEDIATE")?
                .execute([])?;
            self.connection.prepare_cached(TOUCH)?.execute([])?;
            let begin = Instant::now();
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            commit.add(begin.elapsed());
        }
        let paced = counts.pace.map(|pace| self.paced(pace)).transpose()?;
        Ok(SqlFloor {
            one_by_one,
            batched,
            all_together,
            commit,
            paced,
        })
    }

    /// Commits at once what is due.
    fn paced(&mut self, pace: Pace) -> Result<Latencies> {
        let mut paced = Paced::start(pace)?;
        loop {
            let due = paced.due();
            if due == 0 {
                return Ok(paced.end());
            }
            self.sends(due.into(), due.into())?;
            paced.done(due);
        }
    }

    fn sends(&mut self, count: u64, batch: u64) -> Result<Duration> {
        let begin = Instant::now();
        let mut left = count;
        while left > 0 {
            let now = left.min(batch);
            self.connection
                .prepare_cached("BEGIN IMMEDIATE")?
                .execute([])?;
            for _ in 0..now {
                self.send()?;
            }
            self.connection.prepare_cached(TOUCH)?.execute([])?;
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            left -= now;
        }
        Ok(begin.elapsed())
    }

    fn send(&mut self) -> Result<()> {
        let at = self.next % self.pairs.len().max(1);
        let (sender, conversation) = *self.pairs.get(at).context("nobody talks")?;
        self.next += 1;
        let now = clock_millis()?;
        let id = magpie_protocol::MessageId::from_parts(now.unsigned_abs(), fresh());
        let used = self
            .connection
            .prepare_cached(BY_ID)?
            .exists(params![id.as_bytes()])?;
        anyhow::ensure!(!used, "an id was minted twice");
        let friends: i64 = self
            .connection
            .prepare_cached(MAY_SEND)?
            .query_row(params![conversation, sender], |row| row.get(1))?;
        anyhow::ensure!(friends == 1, "the two are no friends");
        let (rev, seq): (i64, i64) = self
            .connection
            .prepare_cached(TAKE_PLACE)?
            .query_row(params![conversation, now], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        self.connection.prepare_cached(STORE)?.execute(params![
            conversation,
            seq,
            rev,
            sender,
            id.as_bytes(),
            "text",
            now,
            CONTENT
        ])?;
        Ok(())
    }
}

/// Returns the time, for ids and rows.
pub(super) fn clock_millis() -> Result<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_millis())?)
}
