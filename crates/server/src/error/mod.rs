//! Failures: typed inside, an [`ErrorBody`] outside.

mod extract;

use axum::{
    Json as AxumJson,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use magpie_protocol::{ErrorBody, ErrorCode};

use crate::db::DbError;

pub(crate) use extract::{Json, Path, Query};

/// Why a request failed.
#[derive(Debug)]
pub enum AppError {
    /// The request was refused; whoever asked is told why.
    Refused(ErrorBody),
    /// The server failed. Whoever asked learns only that; the cause is logged, once, when this is
    /// turned into an answer.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl AppError {
    /// Refuses with `code`, saying more than its usual words.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused(ErrorBody::new(code, message))
    }

    /// Refuses with `code` and says when the next try is welcome.
    #[must_use]
    pub fn wait(code: ErrorCode, retry_after_ms: u64) -> Self {
        Self::Refused(ErrorBody {
            retry_after_ms: Some(retry_after_ms),
            ..ErrorBody::new(code, words(code))
        })
    }

    /// Takes a failure of the server's own.
    pub fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }

    /// Returns the code that whoever asked is told.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(body) => body.code,
            Self::Failed(_) => ErrorCode::Internal,
        }
    }

    /// Returns what travels, and logs the cause where that is not it.
    #[must_use]
    pub fn into_body(self) -> ErrorBody {
        match self {
            Self::Refused(body) => body,
            Self::Failed(error) => {
                tracing::error!(error = &*error, "request.failed");
                ErrorBody::new(ErrorCode::Internal, words(ErrorCode::Internal))
            }
        }
    }
}

impl From<ErrorCode> for AppError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, words(code))
    }
}

impl From<ErrorBody> for AppError {
    fn from(body: ErrorBody) -> Self {
        Self::Refused(body)
    }
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        match error {
            // The engine has logged what there is to it.
            DbError::Unavailable(_) => ErrorCode::Unavailable.into(),
            error => Self::failed(error),
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let body = self.into_body();
        let status = StatusCode::from_u16(body.code.http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = body.retry_after_ms.map(|millis| millis.div_ceil(1_000));
        let code = body.code;
        let mut response = (status, AxumJson(body)).into_response();
        // For whoever counts the answers.
        response.extensions_mut().insert(code);
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The usual words for a code.
const fn words(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidRequest => "the request cannot be read",
        ErrorCode::TooLarge => "the request is too large",
        ErrorCode::NoSuchRoute => "there is no such route, or the method does not fit it",
        ErrorCode::Unauthenticated => "a valid access token is needed",
        ErrorCode::TokenExpired => "the access token has run out",
        ErrorCode::SessionEnded => "the session has ended; sign in again",
        ErrorCode::WrongCredentials => "name and password do not belong together",
        ErrorCode::RateLimited => "too many tries",
        ErrorCode::RegistrationClosed => "this server does not take new accounts",
        ErrorCode::InvitationNeeded => "this server takes new accounts with an invitation only",
        ErrorCode::InvitationInvalid => "this invitation is not, or no longer, good",
        ErrorCode::AccountDisabled => "this account has been disabled",
        ErrorCode::InvalidUsername => {
            "a user name has 3 to 32 of a-z 0-9 _ . - and is not digits alone"
        }
        ErrorCode::InvalidNickname => "a nickname has 1 to 64 characters, none of them invisible",
        ErrorCode::InvalidEmail => "not an e-mail address",
        ErrorCode::InvalidProfile => "a field of the profile is too long or out of range",
        ErrorCode::UsernameTaken => "somebody has this user name",
        ErrorCode::EmailTaken => "somebody has this e-mail address",
        ErrorCode::UserNotFound => "there is no such user",
        ErrorCode::DeviceNotFound => "there is no such device of yours",
        ErrorCode::NotWithYourself => "not with yourself",
        ErrorCode::AlreadyFriends => "you are friends already",
        ErrorCode::NotFriends => "you are not friends",
        ErrorCode::RequestTooSoon => "you asked this person less than a day ago",
        ErrorCode::RequestNotFound => "there is no such friend request of yours",
        ErrorCode::RequestAnswered => "the friend request was answered or ran out",
        ErrorCode::Blocked => "the other person does not accept this from you",
        ErrorCode::BlockedByYou => "you blocked this person",
        ErrorCode::ConversationNotFound => "there is no such conversation, or you are not in it",
        ErrorCode::MessageNotFound => "there is no such message, or you may not see it",
        ErrorCode::MessageIdTaken => "this message id was used before",
        ErrorCode::InvalidContent => "the content does not fit its kind",
        ErrorCode::CursorAhead => "the cursor lies beyond what the server holds",
        ErrorCode::Unavailable => "not available at the moment; try again",
        _ => "the server failed; it has been logged",
    }
}
