//! Who is in which conversation, and how far they have come.

use magpie_protocol::{ConversationId, UserId, conversations::Member};
use rusqlite::{Connection, OptionalExtension};

use super::{conversations, users};
use crate::store::{Result, Tx, value};

pub(crate) const SCHEMA: &str = "
CREATE TABLE members (
    conversation_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    delivered_seq INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
";

/// Returns a conversation's members, by number.
pub(crate) fn list(db: &Connection, id: ConversationId) -> Result<Vec<Member>> {
    db.prepare_cached(&format!(
        "SELECT {}, m.delivered_seq, m.read_seq
         FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.conversation_id = ?1 ORDER BY m.user_id",
        users::COLUMNS
    ))?
    .query_and_then([value::int(id.get())], |row| {
        Ok(Member {
            user: users::read(row)?,
            delivered_seq: value::number(row, "delivered_seq")?,
            read_seq: value::number(row, "read_seq")?,
        })
    })?
    .collect()
}

/// Returns up to where a member's devices hold all messages; 0 for somebody who is no member.
pub(crate) fn delivered(db: &Connection, id: ConversationId, user_id: UserId) -> Result<u64> {
    let mark = db
        .prepare_cached(
            "SELECT max(delivered_seq, read_seq) FROM members
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row((value::int(id.get()), value::int(user_id.get())), |row| {
            Ok(value::number(row, 0))
        })
        .optional()?;
    mark.unwrap_or(Ok(0))
}

/// Keeps a member as last heard, and the person. Marks only grow. The conversation's line follows,
/// where the conversation is known; `me` tells who of two is the other.
pub(crate) fn upsert(tx: &Tx<'_>, me: UserId, id: ConversationId, member: &Member) -> Result<()> {
    users::upsert(tx, &member.user)?;
    tx.prepare_cached(
        "INSERT INTO members (conversation_id, user_id, delivered_seq, read_seq)
         VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (conversation_id, user_id) DO UPDATE SET
             delivered_seq = max(delivered_seq, excluded.delivered_seq),
             read_seq = max(read_seq, excluded.read_seq)",
    )?
    .execute((
        value::int(id.get()),
        value::int(member.user.id.get()),
        value::int(member.delivered_seq),
        value::int(member.read_seq),
    ))?;
    conversations::follow_members(tx, me, id)
}

/// Removes all members of a conversation, before its scope is begun again.
pub(crate) fn clear(tx: &Tx<'_>, id: ConversationId) -> Result<()> {
    tx.prepare_cached("DELETE FROM members WHERE conversation_id = ?1")?
        .execute([value::int(id.get())])?;
    Ok(())
}
