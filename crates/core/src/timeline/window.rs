//! Which part of a conversation is shown.

use magpie_protocol::{ConversationId, ErrorCode, UserId, conversations::ConversationKind};
use rusqlite::Connection;

use super::{
    MessageView, OpenAt, TimelinePage, TimelineSnapshot,
    view::{marks, stored, unsent},
};
use crate::{
    FailureCode,
    conversations::title,
    store::{
        Result,
        table::{
            blocks,
            conversations::{self, ConversationRow},
            friends,
            held_ranges::{self, Range},
            messages, outbox,
        },
    },
};

/// How many messages a page has.
const PAGE: u64 = 60;
/// How many read messages stand above the first unread one.
const ABOVE_UNREAD: u64 = 20;

/// A page, or what is missing for it.
pub(super) enum Part {
    Page(TimelinePage),
    Missing(Range),
}

/// Opens a conversation. Tells besides whether its newest messages should be asked for.
pub(super) fn open(
    db: &Connection,
    me: UserId,
    id: ConversationId,
    at: OpenAt,
) -> Result<Option<(TimelineSnapshot, bool)>> {
    let (Some(row), Some(line)) = (conversations::get(db, id)?, conversations::line(db, id)?)
    else {
        return Ok(None);
    };
    let stretch = match at {
        OpenAt::Unread if row.unread > 0 => match first_unread(db, &row)? {
            Some(stretch) => Some(stretch),
            None => latest(db, id)?,
        },
        OpenAt::Unread | OpenAt::Latest => latest(db, id)?,
    };
    let from = stretch.map_or(row.last_seq.saturating_add(1), |stretch| stretch.from);
    let to = stretch.map_or(0, |stretch| stretch.to);
    let has_newer = to < row.last_seq;
    let mut shown = match stretch {
        Some(stretch) => range(db, me, id, stretch)?,
        None => Vec::new(),
    };
    if !has_newer {
        shown.extend(waiting(db, me, id)?);
    }
    let many = stretch.map_or(0, |stretch| stretch.to - stretch.from + 1);
    let is_short = (many < PAGE && from > 1) || has_newer;
    let snapshot = TimelineSnapshot {
        conversation_id: id,
        title: title(&line),
        closed: closed(db, &row)?,
        peer: line.peer,
        messages: shown,
        has_older: from > 1,
        has_newer,
        marks: marks(&row),
        draft: line.draft,
    };
    Ok(Some((snapshot, is_short)))
}

/// Returns the messages before a place.
pub(super) fn older(db: &Connection, me: UserId, id: ConversationId, before: u64) -> Result<Part> {
    let last_seq = conversations::get(db, id)?.map_or(0, |row| row.last_seq);
    let before = before.min(last_seq.saturating_add(1));
    if before <= 1 {
        return Ok(Part::Page(TimelinePage {
            messages: Vec::new(),
            has_more: false,
        }));
    }
    let to = before - 1;
    let Some(held) = held_ranges::around(db, id, to)? else {
        let below = held_ranges::at_or_before(db, id, to)?;
        return Ok(Part::Missing(Range {
            from: below.map_or(1, |below| below.to + 1),
            to,
        }));
    };
    let from = held.from.max(before.saturating_sub(PAGE));
    Ok(Part::Page(TimelinePage {
        messages: range(db, me, id, Range { from, to })?,
        has_more: from > 1,
    }))
}

/// Returns the messages after a place.
pub(super) fn newer(db: &Connection, me: UserId, id: ConversationId, after: u64) -> Result<Part> {
    let last_seq = conversations::get(db, id)?.map_or(0, |row| row.last_seq);
    if after >= last_seq {
        return Ok(Part::Page(TimelinePage {
            messages: waiting(db, me, id)?,
            has_more: false,
        }));
    }
    let from = after + 1;
    let Some(held) = held_ranges::around(db, id, from)? else {
        let above = held_ranges::after(db, id, from)?;
        return Ok(Part::Missing(Range {
            from,
            to: above.map_or(last_seq, |above| above.from - 1),
        }));
    };
    let to = held.to.min(after.saturating_add(PAGE));
    let has_more = to < last_seq;
    let mut shown = range(db, me, id, Range { from, to })?;
    if !has_more {
        shown.extend(waiting(db, me, id)?);
    }
    Ok(Part::Page(TimelinePage {
        messages: shown,
        has_more,
    }))
}

/// Returns the stretch at which reading was left off, as far as it is held.
fn first_unread(db: &Connection, row: &ConversationRow) -> Result<Option<Range>> {
    let Some(held) = held_ranges::around(db, row.id, row.read_seq.saturating_add(1))? else {
        // What comes next is missing; what was read last may not be.
        let read = match row.read_seq {
            0 => None,
            read => held_ranges::around(db, row.id, read)?,
        };
        return Ok(read.map(|held| page_up_to(held, held.to)));
    };
    let first = messages::first_counting_after(db, row.id, row.read_seq)?
        .filter(|first| *first <= held.to)
        .unwrap_or(row.read_seq + 1);
    let to = held
        .to
        .min(first.saturating_sub(ABOVE_UNREAD).saturating_add(PAGE - 1));
    Ok(Some(page_up_to(held, to)))
}

fn latest(db: &Connection, id: ConversationId) -> Result<Option<Range>> {
    let last = held_ranges::last(db, id)?;
    Ok(last.map(|held| page_up_to(held, held.to)))
}

fn page_up_to(held: Range, to: u64) -> Range {
    Range {
        from: held.from.max(to.saturating_sub(PAGE - 1)),
        to,
    }
}

fn range(
    db: &Connection,
    me: UserId,
    id: ConversationId,
    range: Range,
) -> Result<Vec<MessageView>> {
    let messages = messages::range(db, id, range.from, range.to)?;
    Ok(messages.iter().map(|message| stored(me, message)).collect())
}

fn waiting(db: &Connection, me: UserId, id: ConversationId) -> Result<Vec<MessageView>> {
    let rows = outbox::of_conversation(db, id)?;
    Ok(rows.iter().map(|row| unsent(me, row)).collect())
}

/// Returns why nothing can be sent, as far as this device knows.
fn closed(db: &Connection, row: &ConversationRow) -> Result<Option<FailureCode>> {
    let (ConversationKind::Direct, Some(peer)) = (row.kind, row.peer_id) else {
        return Ok(None);
    };
    let code = if blocks::contains(db, peer)? {
        Some(ErrorCode::BlockedByYou)
    } else {
        match friends::get(db, peer)? {
            Some(friend) if !friend.deleted => None,
            Some(_) => Some(ErrorCode::NotFriends),
            // Not heard of yet: the server decides.
            None => None,
        }
    };
    Ok(code.map(FailureCode::Server))
}
