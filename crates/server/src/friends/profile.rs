//! Telling others that somebody's profile changed.

use magpie_protocol::{
    ConversationId, UserId,
    sync::{Item, Scope},
};

use super::rows::find_friend;
use crate::{
    conversations,
    db::{DbError, Tx, params},
    sync::revisions,
};

/// Records that what others see of a user has changed: in the scope of each friend, whose list holds
/// the profile, and in that of each conversation, whose members do. To be called in the transaction
/// that changed it, after the change.
///
/// # Errors
/// What the database says.
pub(crate) fn touch_profile(tx: &mut Tx<'_>, user: UserId) -> Result<(), DbError> {
    let friends: Vec<UserId> = tx.all(
        "SELECT friend_id FROM friends WHERE user_id = $1 AND deleted = 0 ORDER BY friend_id",
        params![user],
        |row| row.get(0),
    )?;
    for friend in friends {
        let rev = revisions::advance(tx, Scope::User(friend), 1)?;
        tx.execute(
            "UPDATE friends SET rev = $3 WHERE user_id = $1 AND friend_id = $2",
            params![friend, user, rev],
        )?;
        if let Some(row) = find_friend(tx, friend, user)? {
            revisions::record(tx, Scope::User(friend), rev, Item::Friend(row));
        }
    }
    let mut rooms: Vec<ConversationId> = conversations::conversations_of(tx, user)?;
    rooms.sort_unstable();
    for room in rooms {
        conversations::touch_member(tx, room, user)?;
    }
    Ok(())
}
