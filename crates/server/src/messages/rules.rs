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

/// Tells whether `sender` may send to a conversation: they must be in it, and where it is direct
/// the two must be friends and neither may have blocked the other. The inner error is the refusal.
pub(super) fn may_send(
    tx: &mut Tx<'_>,
    sender: UserId,
    id: ConversationId,
) -> Result<Result<(), ErrorBody>, DbError> {
    let found: Option<(String, u64, u64, u64)> = tx.first(RULE, params![id, sender], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let Some((kind, friends, blocked, blocked_by_you)) = found else {
        return Ok(Err(conversations::not_found()));
    };
    if kind != DIRECT {
        return Ok(Ok(()));
    }
    let refusal = if friends == 0 {
        ErrorBody::new(ErrorCode::NotFriends, "you are not friends (any more)")
    } else if blocked > 0 {
        ErrorBody::new(
            ErrorCode::Blocked,
            "the other person does not accept this from you",
        )
    } else if blocked_by_you > 0 {
        ErrorBody::new(ErrorCode::BlockedByYou, "you blocked this person")
    } else {
        return Ok(Ok(()));
    };
    Ok(Err(refusal))
}
