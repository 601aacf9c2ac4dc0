//! The one shape that every failure has on HTTP, on the socket and towards the page.

use serde::{Deserialize, Serialize};

/// What went wrong, in a word that stays the same from version to version.
///
/// Clients decide by this and never by `message`. A code that this version does not know reads as
/// [`ErrorCode::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The request could not be read: not JSON, an unknown or missing field, a wrong type, an id
    /// or a cursor out of range.
    InvalidRequest,
    /// The body or frame is larger than [`crate::limits`] allows.
    TooLarge,
    /// There is no such route, or the method does not fit it.
    NoSuchRoute,
    /// No access token, or one that this server did not make.
    Unauthenticated,
    /// The access token has run out; refresh and try again.
    TokenExpired,
    /// The session was ended, ran out, or its refresh token was used twice: sign in again.
    SessionEnded,
    /// Name and password do not belong together, or the name does not exist.
    WrongCredentials,
    /// Too many tries or frames; `retry_after_ms` says when the next one is welcome.
    RateLimited,
    /// The server does not take new accounts.
    RegistrationClosed,
    /// The server takes new accounts from those only who bring an invitation.
    InvitationNeeded,
    /// The invitation does not exist, ran out, or was used up or withdrawn.
    InvitationInvalid,
    /// The operator has disabled this account.
    AccountDisabled,
    /// Not 3 to 32 of `a-z 0-9 _ . -`, or the name could be taken for a number.
    InvalidUsername,
    /// Empty, longer than 64, or with invisible or direction-changing characters.
    InvalidNickname,
    /// Not an e-mail address.
    InvalidEmail,
    /// A field of the profile is too long or out of range.
    InvalidProfile,
    /// Somebody has this user name.
    UsernameTaken,
    /// Somebody has this e-mail address.
    EmailTaken,
    /// There is no such user.
    UserNotFound,
    /// There is no such device of yours.
    DeviceNotFound,
    /// One cannot befriend or block oneself.
    NotWithYourself,
    /// You are friends already.
    AlreadyFriends,
    /// You are not friends (any more): nothing can be sent.
    NotFriends,
    /// You asked this person less than a day ago; `retry_after_ms` says how long to wait.
    RequestTooSoon,
    /// There is no such friend request of yours.
    RequestNotFound,
    /// The friend request was answered before, or ran out.
    RequestAnswered,
    /// The other person does not accept this from you.
    Blocked,
    /// You blocked this person; unblock them first.
    BlockedByYou,
    /// There is no such conversation, or you are not in it.
    ConversationNotFound,
    /// There is no such message, or you may not see it.
    MessageNotFound,
    /// This message id was used before, by somebody else or for another content.
    MessageIdTaken,
    /// The content does not fit its kind: empty, too long, or of a kind that clients may not send.
    InvalidContent,
    /// The cursor lies beyond what the server holds: start again from nothing.
    CursorAhead,
    /// The server is stopping, or a part that it needs is away. Nothing was done; try again.
    Unavailable,
    /// The server failed. It was logged there.
    Internal,
    /// A code of a newer version.
    #[serde(other)]
    #[cfg_attr(feature = "typescript", specta(skip))]
    Unknown,
}

/// Whether the same request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request will fail in the same way.
    Never,
    /// Yes, and not earlier than in so many milliseconds, where that is known.
    After(Option<u64>),
    /// Yes, with a fresh access token.
    Refreshed,
}

impl ErrorCode {
    /// Returns the HTTP status that goes with this code.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidRequest
            | Self::InvalidUsername
            | Self::InvalidNickname
            | Self::InvalidEmail
            | Self::InvalidProfile
            | Self::InvalidContent
            | Self::NotWithYourself => 400,
            Self::Unauthenticated
            | Self::TokenExpired
            | Self::SessionEnded
            | Self::WrongCredentials => 401,
            Self::RegistrationClosed
            | Self::InvitationNeeded
            | Self::InvitationInvalid
            | Self::AccountDisabled
            | Self::NotFriends
            | Self::Blocked
            | Self::BlockedByYou => 403,
            Self::NoSuchRoute
            | Self::UserNotFound
            | Self::DeviceNotFound
            | Self::RequestNotFound
            | Self::ConversationNotFound
            | Self::MessageNotFound => 404,
            Self::UsernameTaken
            | Self::EmailTaken
            | Self::AlreadyFriends
            | Self::RequestAnswered
            | Self::MessageIdTaken
            | Self::CursorAhead => 409,
            Self::TooLarge => 413,
            Self::RateLimited | Self::RequestTooSoon => 429,
            Self::Unavailable => 503,
            Self::Internal | Self::Unknown => 500,
        }
    }
}

/// A failure as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{message} ({code:?})")]
pub struct ErrorBody {
    /// What went wrong.
    pub code: ErrorCode,
    /// The same in English, for logs and developers. Nothing decides by it.
    pub message: String,
    /// How long to wait before the next try, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ErrorBody {
    /// Makes a failure without a waiting time.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// Returns whether the request that met this failure may be sent again. This is the one place
    /// that decides it.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self.code {
            ErrorCode::RateLimited | ErrorCode::Unavailable | ErrorCode::Internal => {
                Retry::After(self.retry_after_ms)
            }
            ErrorCode::TokenExpired => Retry::Refreshed,
            _ => Retry::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_code_reads_as_unknown_and_is_not_retried() {
        let body: ErrorBody =
            serde_json::from_str(r#"{"code":"from_the_future","message":"?","extra":1}"#).unwrap();
        assert_eq!(body.code, ErrorCode::Unknown);
        assert_eq!(body.retry(), Retry::Never);
    }

    #[test]
    fn only_passing_failures_are_retried() {
        let retry = |code| ErrorBody::new(code, "").retry();
        assert_eq!(retry(ErrorCode::Unavailable), Retry::After(None));
        assert_eq!(retry(ErrorCode::TokenExpired), Retry::Refreshed);
        assert_eq!(retry(ErrorCode::NotFriends), Retry::Never);
        assert_eq!(retry(ErrorCode::MessageIdTaken), Retry::Never);
    }
}
