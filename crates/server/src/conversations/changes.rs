//! What changed on a user's side of their conversations.

use magpie_protocol::{
    UserId,
    conversations::Membership,
    sync::{Change, Item},
};

use crate::db::{DbError, Tx, params};

/// Returns at most `limit` of the memberships that changed in the user's scope after revision
/// `since`, in revision order.
pub(crate) fn memberships_since(
    tx: &mut Tx<'_>,
    user: UserId,
    since: u64,
    limit: u32,
) -> Result<Vec<Change>, DbError> {
    tx.all(
        "SELECT own_rev, conversation_id, read_seq FROM members
         WHERE user_id = $1 AND own_rev > $2 ORDER BY own_rev LIMIT $3",
        params![user, since, limit],
        |row| {
            Ok(Change {
                rev: row.get(0)?,
                item: Item::Membership(Membership {
                    conversation_id: row.get(1)?,
                    read_seq: row.get(2)?,
                }),
            })
        },
    )
}
