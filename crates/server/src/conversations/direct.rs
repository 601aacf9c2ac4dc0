//! Opening the conversation of two people.

use magpie_protocol::{
    ConversationId, Timestamp, UserId,
    conversations::{Conversation, ConversationKind, Member, Membership},
    sync::{Change, Item, Scope},
};

use super::rows::DIRECT;
use crate::{
    accounts,
    bus::Event,
    db::{DbError, Tx, params},
    sync::revisions,
};

/// Returns the direct conversation of two people. Where there is none yet it is opened, and both
/// hear of it: their sockets are subscribed before the first change in it is published.
pub(crate) fn open_direct(
    tx: &mut Tx<'_>,
    one: UserId,
    other: UserId,
    now: Timestamp,
) -> Result<ConversationId, DbError> {
    let (low, high) = (one.min(other), one.max(other));
    let existing = tx.first(
        "SELECT id FROM conversations WHERE low_user_id = $1 AND high_user_id = $2",
        params![low, high],
        |row| row.get(0),
    )?;
    match existing {
        Some(id) => Ok(id),
        None => open(tx, low, high, now),
    }
}

fn open(
    tx: &mut Tx<'_>,
    low: UserId,
    high: UserId,
    now: Timestamp,
) -> Result<ConversationId, DbError> {
    let id: ConversationId = tx.next_id("conversations")?;
    let stamp = tx.stamp();
    // The scope begins with three rows: the conversation and its two members.
    tx.execute(
        "INSERT INTO conversations
         (id, kind, created_at, low_user_id, high_user_id, own_rev, rev, last_seq, activity)
         VALUES ($1, $2, $3, $4, $5, 1, 3, 0, $6)",
        params![id, DIRECT, now, low, high, stamp],
    )?;
    let mut changes = vec![Change {
        rev: 1,
        item: Item::Conversation(Conversation {
            id,
            kind: ConversationKind::Direct,
            created_at: now,
        }),
    }];
    for (rev, user) in [(2_u64, low), (3, high)] {
        let own_rev = revisions::advance(tx, Scope::User(user), 1)?;
        tx.execute(
            "INSERT INTO members (conversation_id, user_id, delivered_seq, read_seq, rev, own_rev)
             VALUES ($1, $2, 0, 0, $3, $4)",
            params![id, user, rev, own_rev],
        )?;
        tx.publish(Event::Subscribe {
            user,
            conversation: id,
        });
        let membership = Membership {
            conversation_id: id,
            read_seq: 0,
        };
        revisions::record(tx, Scope::User(user), own_rev, Item::Membership(membership));
        changes.push(Change {
            rev,
            item: Item::Member(Member {
                user: accounts::find_user(tx, user)?.ok_or(DbError::NoRow("a member"))?,
                delivered_seq: 0,
                read_seq: 0,
            }),
        });
    }
    tx.publish(Event::Changes {
        scope: Scope::Conversation(id),
        prev: 0,
        rev: 3,
        changes,
    });
    Ok(id)
}
