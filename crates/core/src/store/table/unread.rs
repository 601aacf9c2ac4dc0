//! The one place that computes what is unread.
//!
//! Unread are the messages of others after my read mark; system messages are nobody's. Where
//! everything after the mark is held, they are counted. Where something is missing, the server's
//! count from the last head tells how many of others lie in the missing part.

use magpie_protocol::ConversationId;
use rusqlite::Connection;

use super::{conversations::ConversationRow, held_ranges, messages};
use crate::store::Result;

/// Computes the unread messages of a conversation. Exact where everything after the read mark is
/// held, and otherwise where nothing is missing before the mark that the server counted.
pub(super) fn count(db: &Connection, row: &ConversationRow) -> Result<u64> {
    if row.last_seq <= row.read_seq {
        return Ok(0);
    }
    let held = messages::count_counting(db, row.id, row.read_seq, row.last_seq)?;
    let missing = missing(db, row.id, row.read_seq, row.head_seq)?;
    if missing == 0 {
        return Ok(held);
    }
    let elsewhere = row.head_unread.saturating_sub(messages::count_counting(
        db,
        row.id,
        row.head_read,
        row.head_seq,
    )?);
    // Where reading went on past a hole, some of those elsewhere may be read.
    Ok(held.saturating_add(elsewhere.min(missing)))
}

fn missing(db: &Connection, id: ConversationId, after: u64, to: u64) -> Result<u64> {
    let gaps = held_ranges::gaps(db, id, after.saturating_add(1), to)?;
    Ok(gaps.iter().map(|gap| gap.to - gap.from + 1).sum())
}
