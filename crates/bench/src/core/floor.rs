//! The bare statements on the same file.
//!
//! The settings of the connection are those of the core: the key raw, the same page cache, a
//! write-ahead log that is synced at every commit. The rows are read and nothing is made of them.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use magpie_core::protocol::messages::Message;
use rusqlite::{Connection, OpenFlags, Row, types::ValueRef};

use super::{
    Plan,
    cache::Chat,
    disk,
    reading::{chosen, long, millis},
};
use crate::measure::Latencies;

const LIST: &str = "SELECT * FROM conversations c
    LEFT JOIN users u ON u.id = c.peer_id
    LEFT JOIN friends f ON f.user_id = c.peer_id
    ORDER BY c.updated_at DESC";
const RANGE: &str =
    "SELECT * FROM messages WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq";
const INSERT: &str = "INSERT INTO messages
    (conversation_id, seq, id, sender_id, kind, content, created_at, counts)
    VALUES (?1, ?2, ?3, ?4, 'text', ?5, ?6, 1)";
const LINE: &str = "UPDATE conversations SET last_seq = ?2, cursor = ?2, updated_at = ?3,
    shown_seq = ?2, shown_sender_id = ?4, shown_body = ?5, unread = unread + 1 WHERE id = ?1";
/// How many messages are in one transaction: as many frames as sync takes at once.
const BATCH: usize = 256;
/// How many messages an opened conversation shows.
const PAGE: u64 = 60;

/// The file, without the core.
pub(super) struct Bare {
    path: PathBuf,
    key: String,
}

/// How long the statements took.
pub(super) struct BareRead {
    pub(super) list_cold: f64,
    pub(super) list: Latencies,
    pub(super) opened_cold: Latencies,
    pub(super) opened: Latencies,
    pub(super) climb: Latencies,
}

impl Bare {
    /// Takes a file and its key.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) fn open((path, key): &(PathBuf, String)) -> Result<Self> {
        ensure!(path.is_file(), "there is no database");
        Ok(Self {
            path: path.clone(),
            key: key.clone(),
        })
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.execute_batch(&format!(
            "PRAGMA key = \"x'{}'\";
             PRAGMA cache_size = -8000;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;",
            self.key
        ))?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    }

    /// Reads what the core reads for the same looks.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn reading(&self, plan: Plan, chats: &[Chat]) -> Result<BareRead> {
        disk::forget(&self.path)?;
        let db = self.connect()?;
        let mut list_cold = None;
        let mut list = Latencies::new()?;
        for _ in 0..plan.lists {
            let took = timed(|| drain(&db, LIST, []))?;
            match list_cold {
                None => list_cold = Some(millis(took)),
                Some(_) => list.add(took),
            }
        }
        drop(db);
        disk::forget(&self.path)?;
        let db = self.connect()?;
        let mut passes = [Latencies::new()?, Latencies::new()?];
        for pass in &mut passes {
            for chat in chosen(plan, chats) {
                pass.add(timed(|| page(&db, &chat, chat.messages, PAGE))?);
            }
        }
        let mut climb = Latencies::new()?;
        for chat in long(plan, chats) {
            climb.add(timed(|| page(&db, &chat, chat.messages, plan.climb))?);
        }
        let [opened_cold, opened] = passes;
        Ok(BareRead {
            list_cold: list_cold.unwrap_or_default(),
            list,
            opened_cold,
            opened,
            climb,
        })
    }

    /// Inserts messages and moves their lines, a transaction for as many as sync takes at once, and
    /// returns how long that took in milliseconds.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn hearing(&self, messages: &[Message]) -> Result<f64> {
        let db = self.connect()?;
        let texts: Vec<String> = messages
            .iter()
            .map(|message| message.content.to_string())
            .collect();
        let rows: Vec<(&Message, &String)> = messages.iter().zip(&texts).collect();
        let took = timed(|| {
            for batch in rows.chunks(BATCH) {
                db.execute_batch("BEGIN IMMEDIATE")?;
                for (message, text) in batch {
                    let id = i64::try_from(message.conversation_id.get())?;
                    let seq = i64::try_from(message.seq)?;
                    let sender = message.sender_id.map(|id| id.get().cast_signed());
                    let at = message.created_at.0;
                    let key = message.id.as_bytes().as_slice();
                    db.prepare_cached(INSERT)?
                        .execute((id, seq, key, sender, text, at))?;
                    db.prepare_cached(LINE)?
                        .execute((id, seq, at, sender, text))?;
                }
                db.execute_batch("COMMIT")?;
            }
            Ok(())
        })?;
        Ok(millis(took))
    }
}

fn page(db: &Connection, chat: &Chat, to: u64, many: u64) -> Result<()> {
    let from = to.saturating_sub(many - 1).max(1);
    let range = [chat.id.get(), from, to].map(u64::cast_signed);
    drain(db, RANGE, range)
}

/// Runs a statement and touches every value.
fn drain(db: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(values)?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += touch(row, columns)?;
    }
    std::hint::black_box(bytes);
    Ok(())
}

fn touch(row: &Row<'_>, columns: usize) -> rusqlite::Result<usize> {
    (0..columns)
        .map(|column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
                _ => 8,
            })
        })
        .sum()
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed())
}
