//! Which messages may leave this device, and letting them leave.

use magpie_protocol::{ConversationId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _};

use super::{conversations, held_ranges, members};
use crate::store::{Result, Tx, value};

/// The column of `conversations` that tells up to where messages left on purpose: what is missing
/// there is not fetched by itself.
pub(crate) const SCHEMA: &str = "
ALTER TABLE conversations ADD COLUMN trimmed_seq INTEGER NOT NULL DEFAULT 0;
";

/// So many of the newest messages of each conversation stay.
const NEWEST: u64 = 200;

/// What may leave of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// The conversation.
    pub(crate) id: ConversationId,
    /// The last place.
    pub(crate) up_to: u64,
    /// How many messages up to there are held.
    pub(crate) many: u64,
}

/// Returns what was stored before a time and may leave: what I have read and this device has
/// confirmed, except for the newest.
pub(crate) fn parts(db: &Connection, me: UserId, before: Timestamp) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for (id, last_seq) in conversations::last_seqs(db)? {
        let Some(row) = conversations::get(db, id)? else {
            continue;
        };
        let delivered = members::delivered(db, id, me)?;
        let limit = row
            .read_seq
            .min(delivered)
            .min(last_seq.saturating_sub(NEWEST));
        let Some(up_to) = last_before(db, id, limit, before)? else {
            continue;
        };
        let many = db
            .prepare_cached(
                "SELECT count(*) FROM messages WHERE conversation_id = ?1 AND seq <= ?2",
            )?
            .query_row((value::int(id.get()), value::int(up_to)), |row| {
                Ok(value::number(row, 0))
            })??;
        parts.push(Part { id, up_to, many });
    }
    Ok(parts)
}

/// Returns the last place up to `limit` that holds a message from before a time. Places and times
/// grow together, so that halving finds it without looking at all that is newer.
fn last_before(
    db: &Connection,
    id: ConversationId,
    limit: u64,
    before: Timestamp,
) -> Result<Option<u64>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, created_at FROM messages
         WHERE conversation_id = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1",
    )?;
    // Up to `low` everything is old, and beyond `high` nothing is.
    let (mut low, mut high, mut found) = (0, limit, None);
    while low < high {
        let middle = high - (high - low) / 2;
        let last = statement
            .query_row((value::int(id.get()), value::int(middle)), |row| {
                Ok((value::number(row, "seq"), row.get::<_, i64>("created_at")?))
            })
            .optional()?;
        match last {
            Some((seq, at)) if at >= before.0 => high = seq?.saturating_sub(1),
            Some((seq, _)) => {
                found = Some(seq?);
                low = middle;
            }
            None => low = middle,
        }
    }
    Ok(found)
}

/// Removes at most so many of the oldest messages up to a place, and says that they are not held.
/// Tells how many there were.
pub(crate) fn some(tx: &Tx<'_>, id: ConversationId, up_to: u64, at_most: u32) -> Result<u64> {
    let (mut many, mut last) = (0, 0);
    {
        let mut statement = tx.prepare_cached(
            "SELECT seq FROM messages WHERE conversation_id = ?1 AND seq <= ?2
             ORDER BY seq LIMIT ?3",
        )?;
        let mut rows = statement.query((value::int(id.get()), value::int(up_to), at_most))?;
        while let Some(row) = rows.next()? {
            last = value::number(row, "seq")?;
            many += 1;
        }
    }
    if many == 0 {
        return Ok(0);
    }
    tx.prepare_cached("DELETE FROM messages WHERE conversation_id = ?1 AND seq <= ?2")?
        .execute((value::int(id.get()), value::int(last)))?;
    held_ranges::remove_up_to(tx, id, last)?;
    tx.prepare_cached("UPDATE conversations SET trimmed_seq = max(trimmed_seq, ?2) WHERE id = ?1")?
        .execute((value::int(id.get()), value::int(last)))?;
    Ok(many)
}
