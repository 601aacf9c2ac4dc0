//! Invitations in the database.

use magpie_protocol::{ErrorCode, Timestamp};
use serde::Serialize;

use super::InvitationCode;
use crate::{
    AppError,
    db::{DbError, Tx, params},
};

/// An invitation that is to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewInvitation {
    /// For the operator.
    pub(crate) note: String,
    /// Who makes it.
    pub(crate) created_by: String,
    /// Until when it is good; for ever where absent.
    pub(crate) expires_at: Option<Timestamp>,
    /// How many accounts may be made with it.
    pub(crate) uses: u32,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Invitation {
    pub(crate) id: i64,
    pub(crate) note: String,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) uses: u64,
    pub(crate) used: u64,
    pub(crate) revoked_at: Option<Timestamp>,
}

/// Stores an invitation and returns its number.
///
/// # Errors
/// What the database says.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    code: &InvitationCode,
    new: &NewInvitation,
    now: Timestamp,
) -> Result<i64, DbError> {
    let id: i64 = tx.next_id("invitations")?;
    tx.execute(
        "INSERT INTO invitations (id, code_hash, note, created_by, created_at, expires_at, uses,
                                  used, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, NULL)",
        params![
            id,
            code.hash(),
            new.note,
            new.created_by,
            now,
            new.expires_at,
            new.uses
        ],
    )?;
    Ok(id)
}

/// Returns at most `limit` invitations, the newest first, that are older than number `before`.
///
/// # Errors
/// What the database says.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Invitation>, DbError> {
    tx.all(
        "SELECT id, note, created_by, created_at, expires_at, uses, used, revoked_at
         FROM invitations WHERE id < $1 ORDER BY id DESC LIMIT $2",
        params![before.unwrap_or(i64::MAX), limit],
        |row| {
            Ok(Invitation {
                id: row.get(0)?,
                note: row.get(1)?,
                created_by: row.get(2)?,
                created_at: row.get(3)?,
                expires_at: row.get(4)?,
                uses: row.get(5)?,
                used: row.get(6)?,
                revoked_at: row.get(7)?,
            })
        },
    )
}

/// Withdraws an invitation. Returns whether there was one that had not been withdrawn.
///
/// # Errors
/// What the database says.
pub(crate) fn revoke(tx: &mut Tx<'_>, id: i64, now: Timestamp) -> Result<bool, DbError> {
    let revoked = tx.execute(
        "UPDATE invitations SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        params![id, now],
    )?;
    Ok(revoked > 0)
}

/// Tells whether an account can be made with this code.
///
/// # Errors
/// [`ErrorCode::InvitationInvalid`] when not, and what the database says.
pub(crate) fn is_good(
    tx: &mut Tx<'_>,
    code: &InvitationCode,
    now: Timestamp,
) -> Result<(), AppError> {
    let found = tx.first(
        "SELECT 1 FROM invitations
         WHERE code_hash = $1 AND used < uses AND revoked_at IS NULL
               AND (expires_at IS NULL OR expires_at > $2)",
        params![code.hash(), now],
        |_| Ok(()),
    )?;
    found.ok_or_else(|| ErrorCode::InvitationInvalid.into())
}

/// Uses an invitation once, and returns its number.
///
/// # Errors
/// As [`is_good`].
pub(crate) fn take(
    tx: &mut Tx<'_>,
    code: &InvitationCode,
    now: Timestamp,
) -> Result<i64, AppError> {
    let taken = tx.first(
        "UPDATE invitations SET used = used + 1
         WHERE code_hash = $1 AND used < uses AND revoked_at IS NULL
               AND (expires_at IS NULL OR expires_at > $2)
         RETURNING id",
        params![code.hash(), now],
        |row| row.get(0),
    )?;
    taken.ok_or_else(|| ErrorCode::InvitationInvalid.into())
}
