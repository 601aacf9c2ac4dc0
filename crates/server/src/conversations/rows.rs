//! Reading conversations and members.

use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode, UserId,
    conversations::{Conversation, ConversationKind, Member},
    sync::{Change, Item, Scope},
};

use crate::{
    accounts,
    db::{DbError, Row, Tx, params},
    error::AppError,
    sync::revisions,
};

/// How `conversations.kind` says that two people talk.
pub(crate) const DIRECT: &str = "direct";

/// Reads a conversation from the columns `id, kind, created_at` that begin at `at`.
pub(super) fn conversation(row: &Row<'_>, at: usize) -> Result<Conversation, DbError> {
    let kind: String = row.get(at + 1)?;
    Ok(Conversation {
        id: row.get(at)?,
        kind: if kind == DIRECT {
            ConversationKind::Direct
        } else {
            ConversationKind::Group
        },
        created_at: row.get(at + 2)?,
    })
}

/// Reads a member from the columns `delivered_seq, read_seq` and those of a user, which begin at
/// `at`.
pub(super) fn member(row: &Row<'_>, at: usize) -> Result<Member, DbError> {
    Ok(Member {
        delivered_seq: row.get(at)?,
        read_seq: row.get(at + 1)?,
        user: accounts::user_from(row, at + 2)?,
    })
}

/// The refusal of whatever concerns a conversation that the asker is not in.
pub(crate) fn not_found() -> ErrorBody {
    ErrorBody::new(
        ErrorCode::ConversationNotFound,
        "there is no such conversation of yours",
    )
}

/// Refuses those who are not in the conversation.
pub(crate) fn require_member(
    tx: &mut Tx<'_>,
    id: ConversationId,
    user: UserId,
) -> Result<(), AppError> {
    tx.first(
        "SELECT 1 FROM members WHERE conversation_id = $1 AND user_id = $2",
        params![id, user],
        |_| Ok(()),
    )?
    .ok_or_else(|| not_found().into())
}

/// Returns all conversations that a user is in.
pub(crate) fn conversations_of(
    tx: &mut Tx<'_>,
    user: UserId,
) -> Result<Vec<ConversationId>, DbError> {
    tx.all(
        "SELECT conversation_id FROM members WHERE user_id = $1",
        params![user],
        |row| row.get(0),
    )
}

/// A conversation's own row, with its stamp and its scope's present revision.
pub(crate) struct OwnRow {
    /// The conversation.
    pub(crate) conversation: Conversation,
    /// The revision that stamped the row.
    pub(crate) own_rev: u64,
    /// The scope's present revision.
    pub(crate) rev: u64,
}

/// Returns a conversation's own row.
pub(crate) fn own_row(tx: &mut Tx<'_>, id: ConversationId) -> Result<OwnRow, DbError> {
    tx.one(
        "SELECT id, kind, created_at, own_rev, rev FROM conversations WHERE id = $1",
        params![id],
        |row| {
            Ok(OwnRow {
                conversation: conversation(row, 0)?,
                own_rev: row.get(3)?,
                rev: row.get(4)?,
            })
        },
    )
}

/// Returns at most `limit` of the members that changed after revision `since`, in revision order.
pub(crate) fn members_since(
    tx: &mut Tx<'_>,
    id: ConversationId,
    since: u64,
    limit: u32,
) -> Result<Vec<Change>, DbError> {
    tx.all(
        "SELECT m.rev, m.delivered_seq, m.read_seq,
                u.id, u.username, u.nickname, u.signature, u.gender, u.region
         FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.conversation_id = $1 AND m.rev > $2 ORDER BY m.rev LIMIT $3",
        params![id, since, limit],
        |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::Member(member(row, 1)?),
            })
        },
    )
}

/// Records that a member, or what others see of their profile, has changed.
pub(crate) fn touch_member(
    tx: &mut Tx<'_>,
    id: ConversationId,
    user: UserId,
) -> Result<(), DbError> {
    let rev = revisions::advance(tx, Scope::Conversation(id), 1)?;
    tx.execute(
        "UPDATE members SET rev = $3 WHERE conversation_id = $1 AND user_id = $2",
        params![id, user, rev],
    )?;
    let member = tx.one(
        "SELECT m.delivered_seq, m.read_seq,
                u.id, u.username, u.nickname, u.signature, u.gender, u.region
         FROM members m JOIN users u ON u.id = m.user_id
         WHERE m.conversation_id = $1 AND m.user_id = $2",
        params![id, user],
        |row| member(row, 0),
    )?;
    revisions::record(tx, Scope::Conversation(id), rev, Item::Member(member));
    Ok(())
}
