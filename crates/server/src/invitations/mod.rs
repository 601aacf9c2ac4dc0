//! Invitations: codes with which somebody may register where not everybody may.
//!
//! A code is shown once, when it is made; the database knows its digest only. It is used up in the
//! transaction that makes the account, so that one use makes one account, and an account that could
//! not be made costs none.

mod code;
mod rows;

pub(crate) use code::InvitationCode;
pub(crate) use rows::{Invitation, NewInvitation, create, is_good, list, revoke, take};
