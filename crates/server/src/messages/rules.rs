//! Who may send where.

use magpie_protocol::{ConversationId, ErrorBody, ErrorCode, UserId};

use crate::{
    conversations::{self, DIRECT},
    db::{DbError, Tx, params},
};

// The other one of a direct conversation is what is left of the sum of the two.
pub(crate) const RULE: &str = "SELECT c.kind,
            (SELECT COUNT(*) FROM friends f WHERE f.user_id = me.user_id
                AND f.friend_id = c.low_user_id + c.high_user_id - me.user_id AND f.deleted = 0),
            (SELECT COUNT(*) FROM blocks b WHERE b.blocked_id = me.user_id
                AND b.user_id = c.low_user_id + c.high_user_id - me.user_id AND b.deleted = 0),
            (SELECT COUNT(*) FROM blocks b WHERE b.user_id = me.user_id
                AND b.blocked_id = c.low_user_id + c.high_user_id - me.user_id AND b.deleted = 0)
         FROM members me JOIN conversations c ON c.id = me.conversation_id
         WHERE me.conversation_id = $1 AND me.user_id = $2";

/// How a sender and a conversation stand to each other.
struct Standing {
    kind: String,
    friends: u64,
    blocked: u64,
    blocked_by_you: u64,
}

/// Tells for each sender whether they may send to a conversation: they must be in it, and where it
/// is direct the two must be friends and neither may have blocked the other. The inner errors are
/// the refusals.
pub(super) fn may_send(
    tx: &mut Tx<'_>,
    wanted: &[(UserId, ConversationId)],
) -> Result<Vec<Result<(), ErrorBody>>, DbError> {
    let sets: Vec<_> = wanted
        .iter()
        .map(|(user, id)| *params![*id, *user])
        .collect();
    let found = tx.all_of(RULE, &sets, |row| {
        Ok(Standing {
            kind: row.get(0)?,
            friends: row.get(1)?,
            blocked: row.get(2)?,
            blocked_by_you: row.get(3)?,
        })
    })?;
    Ok(found.into_iter().map(|rows| judge(rows.first())).collect())
}

fn judge(standing: Option<&Standing>) -> Result<(), ErrorBody> {
    let Some(standing) = standing else {
        return Err(conversations::not_found());
    };
    let refusal = if standing.kind != DIRECT {
        return Ok(());
    } else if standing.friends == 0 {
        ErrorBody::new(ErrorCode::NotFriends, "you are not friends (any more)")
    } else if standing.blocked > 0 {
        ErrorBody::new(
            ErrorCode::Blocked,
            "the other person does not accept this from you",
        )
    } else if standing.blocked_by_you > 0 {
        ErrorBody::new(ErrorCode::BlockedByYou, "you blocked this person")
    } else {
        return Ok(());
    };
    Err(refusal)
}
