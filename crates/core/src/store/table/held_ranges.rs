//! Which stretches of each conversation are held, so that a hole is known as a hole and never shown
//! as the end of history.
//!
//! Ranges of one conversation never touch: what touches is merged.

use magpie_protocol::ConversationId;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE held_ranges (
    conversation_id INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, from_seq)
) STRICT, WITHOUT ROWID;
";

/// A dense stretch, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first place.
    pub(crate) from: u64,
    /// The last place; not before the first.
    pub(crate) to: u64,
}

/// Returns the held stretches, in order.
pub(crate) fn list(db: &Connection, id: ConversationId) -> Result<Vec<Range>> {
    db.prepare_cached(
        "SELECT from_seq, to_seq FROM held_ranges WHERE conversation_id = ?1 ORDER BY from_seq",
    )?
    .query_and_then([value::int(id.get())], read)?
    .collect()
}

/// Returns the held stretch around a place.
pub(crate) fn around(db: &Connection, id: ConversationId, seq: u64) -> Result<Option<Range>> {
    at_or_before(db, id, seq).map(|range| range.filter(|range| range.to >= seq))
}

/// Returns the last held stretch that begins at a place or before it, whether or not it reaches it.
pub(crate) fn at_or_before(db: &Connection, id: ConversationId, seq: u64) -> Result<Option<Range>> {
    db.prepare_cached(
        "SELECT from_seq, to_seq FROM held_ranges WHERE conversation_id = ?1 AND from_seq <= ?2
         ORDER BY from_seq DESC LIMIT 1",
    )?
    .query_row((value::int(id.get()), value::int(seq)), |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// Returns the first held stretch that begins after a place.
pub(crate) fn after(db: &Connection, id: ConversationId, seq: u64) -> Result<Option<Range>> {
    db.prepare_cached(
        "SELECT from_seq, to_seq FROM held_ranges WHERE conversation_id = ?1 AND from_seq > ?2
         ORDER BY from_seq LIMIT 1",
    )?
    .query_row((value::int(id.get()), value::int(seq)), |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// Returns the last held stretch.
pub(crate) fn last(db: &Connection, id: ConversationId) -> Result<Option<Range>> {
    at_or_before(db, id, i64::MAX.unsigned_abs())
}

/// Returns what is missing between two places, both included, in order.
pub(crate) fn gaps(db: &Connection, id: ConversationId, from: u64, to: u64) -> Result<Vec<Range>> {
    let mut gaps = Vec::new();
    let mut next = from.max(1);
    for held in list(db, id)? {
        if held.to < next {
            continue;
        }
        if held.from > to {
            break;
        }
        if held.from > next {
            gaps.push(Range {
                from: next,
                to: held.from - 1,
            });
        }
        next = held.to.saturating_add(1);
    }
    if next <= to {
        gaps.push(Range { from: next, to });
    }
    Ok(gaps)
}

/// Says that a stretch, both ends included, is held from now on.
pub(crate) fn add(tx: &Tx<'_>, id: ConversationId, from: u64, to: u64) -> Result<()> {
    if from > to {
        return Ok(());
    }
    let key = value::int(id.get());
    let (mut from, mut to) = (value::int(from), value::int(to));
    let touching = tx
        .prepare_cached(
            "SELECT min(from_seq), max(to_seq) FROM held_ranges
             WHERE conversation_id = ?1 AND from_seq <= ?3 + 1 AND to_seq >= ?2 - 1",
        )?
        .query_row((key, from, to), |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
    if let (Some(first), Some(last)) = touching {
        from = from.min(first);
        to = to.max(last);
        tx.prepare_cached(
            "DELETE FROM held_ranges
             WHERE conversation_id = ?1 AND from_seq >= ?2 AND from_seq <= ?3",
        )?
        .execute((key, from, to))?;
    }
    tx.prepare_cached(
        "INSERT INTO held_ranges (conversation_id, from_seq, to_seq) VALUES (?1, ?2, ?3)",
    )?
    .execute((key, from, to))?;
    Ok(())
}

/// Says that nothing up to a place is held any more.
pub(crate) fn remove_up_to(tx: &Tx<'_>, id: ConversationId, seq: u64) -> Result<()> {
    let cut = around(tx, id, seq)?;
    tx.prepare_cached("DELETE FROM held_ranges WHERE conversation_id = ?1 AND from_seq <= ?2")?
        .execute((value::int(id.get()), value::int(seq)))?;
    match cut {
        Some(cut) => add(tx, id, seq.saturating_add(1), cut.to),
        None => Ok(()),
    }
}

/// Says that nothing of a conversation is held.
pub(crate) fn clear(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    tx.prepare_cached("DELETE FROM held_ranges WHERE conversation_id = ?1")?
        .execute([value::int(id.get())])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Range> {
    Ok(Range {
        from: value::number(row, "from_seq")?,
        to: value::number(row, "to_seq")?,
    })
}

/// Returns conversations with holes, and whether something is held below the hole, so that it was
/// missed and is not just older than this device. The missed ones come first, and then the newest.
/// What left on purpose is no hole.
pub(crate) fn with_holes(db: &Connection) -> Result<Vec<(ConversationId, bool)>> {
    db.prepare_cached(
        "SELECT c.id AS id, coalesce(h.many, 0) > 1 AS missed
         FROM conversations c
         LEFT JOIN (SELECT r.conversation_id, count(*) AS many,
                           sum(r.to_seq - max(r.from_seq, t.trimmed_seq + 1) + 1) AS held
                    FROM held_ranges r
                    JOIN conversations t ON t.id = r.conversation_id
                    WHERE r.to_seq > t.trimmed_seq
                    GROUP BY r.conversation_id) h ON h.conversation_id = c.id
         WHERE c.last_seq - c.trimmed_seq > coalesce(h.held, 0)
         ORDER BY missed DESC, c.updated_at DESC",
    )?
    .query_and_then([], |row| {
        Ok((value::conversation_id(row, "id")?, row.get("missed")?))
    })?
    .collect()
}

/// Returns the conversations of whose `newest` last messages one is missing, the newest first.
pub(crate) fn short_of_newest(db: &Connection, newest: u64) -> Result<Vec<ConversationId>> {
    db.prepare_cached(
        "SELECT c.id AS id FROM conversations c
         WHERE c.last_seq > 0 AND NOT EXISTS (
             SELECT 1 FROM held_ranges h
             WHERE h.conversation_id = c.id AND h.to_seq >= c.last_seq
                 AND h.from_seq <= max(1, c.last_seq - ?1 + 1))
         ORDER BY c.updated_at DESC",
    )?
    .query_and_then([value::int(newest)], |row| {
        value::conversation_id(row, "id")
    })?
    .collect()
}
