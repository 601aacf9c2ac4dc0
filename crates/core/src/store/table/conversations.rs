//! Conversations: how far each is known, and its line in the list.

use magpie_protocol::{
    ConversationId, Timestamp, UserId,
    accounts::User,
    conversations::{Conversation, ConversationKind, Membership},
    messages::{Body, Message, MessageKind, Text},
    sync::Head,
};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::Value;

use super::{held_ranges, marks_owed, members, messages, outbox::OutboxState, unread, users};
use crate::store::{Result, StoreError, Tx, value};

/// The list must be one statement over this table, so the last message, the unread count and the
/// marks of the others are kept in it, by the transactions that change them.
pub(crate) const SCHEMA: &str = "
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    cursor INTEGER NOT NULL DEFAULT 0,
    base_seq INTEGER NOT NULL DEFAULT 0,
    head_rev INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0,
    head_unread INTEGER NOT NULL DEFAULT 0,
    head_seq INTEGER NOT NULL DEFAULT 0,
    head_read INTEGER NOT NULL DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    peer_id INTEGER,
    others_delivered_seq INTEGER NOT NULL DEFAULT 0,
    others_read_seq INTEGER NOT NULL DEFAULT 0,
    updated_at INTEGER NOT NULL,
    shown_seq INTEGER NOT NULL DEFAULT 0,
    shown_sender_id INTEGER,
    shown_body TEXT
) STRICT;
CREATE INDEX conversations_behind ON conversations (updated_at) WHERE cursor < head_rev;
";

/// How many characters of a text its line of the list shows.
const PREVIEW_CHARS: usize = 200;

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConversationRow {
    /// The conversation.
    pub(crate) id: ConversationId,
    /// How many it is for.
    pub(crate) kind: ConversationKind,
    /// When it was opened.
    pub(crate) created_at: Timestamp,
    /// The revision up to which everything of it is known; 0 when nothing is.
    pub(crate) cursor: u64,
    /// The last message's place as of the cursor.
    pub(crate) base_seq: u64,
    /// The highest revision heard of. Above the cursor, there is something to catch up with. Below
    /// it, the server may have been restored from a backup, and is to be asked.
    pub(crate) head_rev: u64,
    /// The highest place heard of.
    pub(crate) last_seq: u64,
    /// What the server last counted as unread...
    pub(crate) head_unread: u64,
    /// ...up to this place...
    pub(crate) head_seq: u64,
    /// ...and after this one.
    pub(crate) head_read: u64,
    /// Messages up to here left this device on purpose.
    pub(crate) trimmed_seq: u64,
    /// I have seen all messages up to here.
    pub(crate) read_seq: u64,
    /// Unread messages.
    pub(crate) unread: u64,
    /// The other person of a direct one.
    pub(crate) peer_id: Option<UserId>,
    /// All others hold all messages up to here.
    pub(crate) others_delivered_seq: u64,
    /// All others have seen all messages up to here.
    pub(crate) others_read_seq: u64,
    /// When the last message was stored, or else the conversation opened.
    pub(crate) updated_at: Timestamp,
}

/// What a line of the list is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The conversation.
    pub(crate) id: ConversationId,
    /// How many it is for.
    pub(crate) kind: ConversationKind,
    /// The other person of a direct one.
    pub(crate) peer: Option<User>,
    /// The name that I gave them; may be empty.
    pub(crate) remark: String,
    /// When something last happened, unsent messages included.
    pub(crate) updated_at: Timestamp,
    /// Unread messages.
    pub(crate) unread: u64,
    /// All others hold all messages up to here.
    pub(crate) others_delivered_seq: u64,
    /// All others have seen all messages up to here.
    pub(crate) others_read_seq: u64,
    /// The last stored message.
    pub(crate) last: Option<LastMessage>,
    /// The last unsent message.
    pub(crate) outgoing: Option<LastOutgoing>,
    /// Unsent messages that were refused.
    pub(crate) failed: u32,
    /// What was begun to be written.
    pub(crate) draft: Option<String>,
    /// Until when nothing is told of it; may have passed.
    pub(crate) muted_until: Option<Timestamp>,
}

/// The last stored message, as a line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastMessage {
    /// Its place.
    pub(crate) seq: u64,
    /// Who wrote it.
    pub(crate) sender_id: Option<UserId>,
    /// What it says, cut.
    pub(crate) body: Body,
}

/// The last unsent message, as a line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastOutgoing {
    /// What it says, cut.
    pub(crate) body: Body,
    /// Whether it is to be sent.
    pub(crate) state: OutboxState,
}

/// Returns a conversation.
pub(crate) fn get(db: &Connection, id: ConversationId) -> Result<Option<ConversationRow>> {
    db.prepare_cached("SELECT * FROM conversations WHERE id = ?1")?
        .query_row([value::int(id.get())], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// Makes [`apart`] find those of which the server seems to hold less, too.
pub(crate) const APART: &str = "
DROP INDEX conversations_behind;
CREATE INDEX conversations_apart ON conversations (updated_at) WHERE cursor <> head_rev;
";

/// Returns the conversations that the server is to be asked for, since it seems to hold more or less
/// of them, the newest first.
pub(crate) fn apart(db: &Connection) -> Result<Vec<ConversationRow>> {
    db.prepare_cached(
        "SELECT * FROM conversations WHERE cursor <> head_rev ORDER BY updated_at DESC, id DESC",
    )?
    .query_and_then([], read)?
    .collect()
}

/// Returns the lines of the list, the newest first.
pub(crate) fn lines(db: &Connection) -> Result<Vec<Line>> {
    db.prepare_cached(&select_lines(""))?
        .query_and_then([], read_line)?
        .collect()
}

/// Returns one line of the list.
pub(crate) fn line(db: &Connection, id: ConversationId) -> Result<Option<Line>> {
    db.prepare_cached(&select_lines("WHERE c.id = ?1"))?
        .query_row([value::int(id.get())], |row| Ok(read_line(row)))
        .optional()?
        .transpose()
}

/// Returns the unread messages of all conversations.
pub(crate) fn unread_total(db: &Connection) -> Result<u64> {
    db.prepare_cached("SELECT coalesce(sum(unread), 0) FROM conversations")?
        .query_row([], |row| Ok(value::number(row, 0)))?
}

/// Returns the last place heard of in each conversation.
pub(crate) fn last_seqs(db: &Connection) -> Result<Vec<(ConversationId, u64)>> {
    db.prepare_cached("SELECT id, last_seq FROM conversations")?
        .query_and_then([], |row| {
            Ok((
                value::conversation_id(row, "id")?,
                value::number(row, "last_seq")?,
            ))
        })?
        .collect()
}

/// Returns the unread messages of all conversations that are not muted at this time.
pub(crate) fn unread_loud(db: &Connection, now: Timestamp) -> Result<u64> {
    db.prepare_cached(
        "SELECT coalesce(sum(unread), 0) FROM conversations
         WHERE unread > 0
             AND id NOT IN (SELECT conversation_id FROM mutes WHERE until > ?1)",
    )?
    .query_row([now.0], |row| Ok(value::number(row, 0)))?
}

/// Keeps a conversation as last heard.
pub(crate) fn upsert(tx: &Tx<'_>, me: UserId, conversation: &Conversation) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO conversations (id, kind, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, created_at = excluded.created_at",
    )?
    .execute((
        value::int(conversation.id.get()),
        value::word(&conversation.kind)?,
        conversation.created_at.0,
    ))?;
    follow_members(tx, me, conversation.id)
}

/// Keeps what a head says: the conversation, my side of it, its members, what its line shows, and
/// what the server counts. The cursor stays; the last message is shown, not held.
pub(crate) fn apply_head(tx: &Tx<'_>, me: UserId, head: &Head) -> Result<()> {
    let id = head.conversation.id;
    upsert(tx, me, &head.conversation)?;
    for member in &head.members {
        members::upsert(tx, me, id, member)?;
    }
    if let Some(message) = &head.last_message {
        follow_message(tx, message)?;
    }
    // A head that overtook a newer one must not turn the count back.
    tx.prepare_cached(
        "UPDATE conversations SET
             head_unread = ?2, head_seq = ?3, head_read = ?4
         WHERE id = ?1 AND (head_seq < ?3 OR (head_seq = ?3 AND head_read <= ?4))",
    )?
    .execute((
        value::int(id.get()),
        value::int(head.unread),
        value::int(head.last_seq),
        value::int(head.membership.read_seq),
    ))?;
    heard_of(tx, id, head.rev, head.last_seq)?;
    apply_membership(tx, &head.membership)
}

/// Keeps that a conversation has come as far as this revision and this place.
pub(crate) fn heard_of(tx: &Tx<'_>, id: ConversationId, rev: u64, seq: u64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE conversations SET head_rev = max(head_rev, ?2), last_seq = max(last_seq, ?3)
         WHERE id = ?1",
    )?
    .execute((value::int(id.get()), value::int(rev), value::int(seq)))?;
    Ok(())
}

/// Keeps that the server seems to hold less of a conversation than is held here. It lasts until the
/// server is heard to have come as far as the cursor.
pub(crate) fn doubt(tx: &Tx<'_>, id: ConversationId, rev: u64) -> Result<()> {
    tx.prepare_cached("UPDATE conversations SET head_rev = ?2 WHERE id = ?1 AND cursor > ?2")?
        .execute((value::int(id.get()), value::int(rev)))?;
    Ok(())
}

/// Says that a conversation is known up to a revision, at which this was its last place.
pub(crate) fn set_cursor(tx: &Tx<'_>, id: ConversationId, rev: u64, base_seq: u64) -> Result<()> {
    tx.prepare_cached(
        "UPDATE conversations SET cursor = ?2, base_seq = ?3, head_rev = max(head_rev, ?2)
         WHERE id = ?1",
    )?
    .execute((value::int(id.get()), value::int(rev), value::int(base_seq)))?;
    Ok(())
}

/// Keeps my side of a conversation, and counts again.
pub(crate) fn apply_membership(tx: &Tx<'_>, membership: &Membership) -> Result<()> {
    set_read(tx, membership.conversation_id, membership.read_seq)?;
    recount(tx, membership.conversation_id)
}

/// Says that I have seen all messages up to a place, and counts again where that is news. Tells
/// whether it is. Marks only grow.
pub(crate) fn set_read(tx: &Tx<'_>, id: ConversationId, seq: u64) -> Result<bool> {
    let changed = tx
        .prepare_cached("UPDATE conversations SET read_seq = ?2 WHERE id = ?1 AND read_seq < ?2")?
        .execute((value::int(id.get()), value::int(seq)))?;
    if changed > 0 {
        recount(tx, id)?;
    }
    Ok(changed > 0)
}

/// Counts the unread messages again. To be called once after each batch that stored messages or
/// changed what is held.
pub(crate) fn recount(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    let Some(row) = get(tx, id)? else {
        return Ok(());
    };
    let unread = unread::count(tx, &row)?;
    if unread != row.unread {
        tx.prepare_cached("UPDATE conversations SET unread = ?2 WHERE id = ?1")?
            .execute((value::int(id.get()), value::int(unread)))?;
    }
    Ok(())
}

/// Forgets everything that was synced of a conversation, so that it is begun again: its messages,
/// members, cursor, counts and marks. The draft and unsent messages stay. Marks that are owed count
/// messages that the server does not have any more; sent, they would stand for later ones.
pub(crate) fn restart(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    messages::clear(tx, id)?;
    held_ranges::clear(tx, id)?;
    members::clear(tx, id)?;
    marks_owed::remove(tx, id)?;
    tx.prepare_cached(
        "UPDATE conversations SET
             cursor = 0, base_seq = 0, head_rev = 0, last_seq = 0, head_unread = 0, head_seq = 0,
             head_read = 0, trimmed_seq = 0, read_seq = 0, unread = 0, others_delivered_seq = 0, others_read_seq = 0,
             updated_at = created_at, shown_seq = 0, shown_sender_id = NULL, shown_body = NULL
         WHERE id = ?1",
    )?
    .execute([value::int(id.get())])?;
    Ok(())
}

/// Removes a conversation that was begun again and is not there any more.
pub(crate) fn remove(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    tx.prepare_cached("DELETE FROM conversations WHERE id = ?1")?
        .execute([value::int(id.get())])?;
    Ok(())
}

/// Lets the line follow a message, where it is the last one.
pub(super) fn follow_message(tx: &Tx<'_>, message: &Message) -> Result<()> {
    tx.prepare_cached(
        "UPDATE conversations SET
             last_seq = max(last_seq, ?2), updated_at = ?3, shown_seq = ?2, shown_sender_id = ?4,
             shown_body = ?5
         WHERE id = ?1 AND shown_seq <= ?2",
    )?
    .execute((
        value::int(message.conversation_id.get()),
        value::int(message.seq),
        message.created_at.0,
        message.sender_id.map(|id| value::int(id.get())),
        value::json(&cut(message.body()))?,
    ))?;
    Ok(())
}

/// Lets the line follow its members: who the other is, and how far the others have come.
pub(super) fn follow_members(tx: &Tx<'_>, me: UserId, id: ConversationId) -> Result<()> {
    tx.prepare_cached(
        "UPDATE conversations SET
             (others_delivered_seq, others_read_seq) = (
                 SELECT coalesce(min(max(delivered_seq, read_seq)), 0), coalesce(min(read_seq), 0)
                 FROM members WHERE conversation_id = ?1 AND user_id <> ?2),
             peer_id = CASE kind WHEN 'direct' THEN (
                 SELECT user_id FROM members WHERE conversation_id = ?1 AND user_id <> ?2) END
         WHERE id = ?1",
    )?
    .execute((value::int(id.get()), value::int(me.get())))?;
    Ok(())
}

/// Cuts a long text to what a line of the list shows.
pub(crate) fn cut(body: Body) -> Body {
    match body {
        Body::Text(Text { text }) => Body::Text(Text {
            text: match text.char_indices().nth(PREVIEW_CHARS) {
                Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
                None => text,
            },
        }),
        other => other,
    }
}

fn read(row: &Row<'_>) -> Result<ConversationRow> {
    Ok(ConversationRow {
        id: value::conversation_id(row, "id")?,
        kind: value::from_word(row, "kind")?,
        created_at: value::time(row, "created_at")?,
        cursor: value::number(row, "cursor")?,
        base_seq: value::number(row, "base_seq")?,
        head_rev: value::number(row, "head_rev")?,
        last_seq: value::number(row, "last_seq")?,
        head_unread: value::number(row, "head_unread")?,
        head_seq: value::number(row, "head_seq")?,
        head_read: value::number(row, "head_read")?,
        trimmed_seq: value::number(row, "trimmed_seq")?,
        read_seq: value::number(row, "read_seq")?,
        unread: value::number(row, "unread")?,
        peer_id: value::maybe_user_id(row, "peer_id")?,
        others_delivered_seq: value::number(row, "others_delivered_seq")?,
        others_read_seq: value::number(row, "others_read_seq")?,
        updated_at: value::time(row, "updated_at")?,
    })
}

pub(super) fn select_lines(condition: &str) -> String {
    format!(
        "SELECT {}, c.id, c.kind, f.remark,
                max(c.updated_at, coalesce(m.created_at, c.updated_at)) AS moved_at,
                c.unread, c.others_delivered_seq, c.others_read_seq,
                c.shown_seq, c.shown_sender_id, c.shown_body,
                m.kind, m.content, m.state, coalesce(o.failed, 0), d.text, q.until
         FROM conversations c
         LEFT JOIN users u ON u.id = c.peer_id
         LEFT JOIN friends f ON f.user_id = c.peer_id
         LEFT JOIN drafts d ON d.conversation_id = c.id
         LEFT JOIN mutes q ON q.conversation_id = c.id
         LEFT JOIN (SELECT conversation_id, max(position) AS last, sum(state = 'failed') AS failed
                    FROM outbox GROUP BY conversation_id) o ON o.conversation_id = c.id
         LEFT JOIN outbox m ON m.position = o.last
         {condition}
         ORDER BY moved_at DESC, c.id DESC",
        users::COLUMNS
    )
}

fn read_line(row: &Row<'_>) -> Result<Line> {
    let last = value::maybe_json(row, 15)?
        .map(|body| {
            Ok::<_, StoreError>(LastMessage {
                seq: value::number(row, 13)?,
                sender_id: value::maybe_user_id(row, 14)?,
                body,
            })
        })
        .transpose()?;
    let outgoing = value::maybe_json::<Value>(row, 17)?
        .map(|content| {
            let kind: MessageKind = value::from_word(row, 16)?;
            Ok::<_, StoreError>(LastOutgoing {
                body: cut(Body::read(kind, &content)),
                state: value::from_word(row, 18)?,
            })
        })
        .transpose()?;
    Ok(Line {
        peer: users::maybe_read(row)?,
        id: value::conversation_id(row, 6)?,
        kind: value::from_word(row, 7)?,
        remark: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
        updated_at: value::time(row, 9)?,
        unread: value::number(row, 10)?,
        others_delivered_seq: value::number(row, 11)?,
        others_read_seq: value::number(row, 12)?,
        last,
        outgoing,
        failed: row.get(19)?,
        draft: row.get(20)?,
        muted_until: row.get::<_, Option<i64>>(21)?.map(Timestamp),
    })
}
