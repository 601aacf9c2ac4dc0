//! What can go wrong in the core, and how it looks from outside.

use magpie_protocol::{ErrorBody, ErrorCode, Retry};
use serde::{Deserialize, Serialize};

/// A failure that did not come from the server's mouth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum LocalCode {
    /// The text is not an address of a server.
    InvalidAddress,
    /// Nothing answers there, or there is no network.
    Unreachable,
    /// It answered too late.
    TimedOut,
    /// Its certificate is not valid for this address, has run out, or comes from an unknown issuer.
    CertificateInvalid,
    /// Something answers there, but it is not a Magpie server.
    NotMagpie,
    /// The server is too old for this app.
    ServerTooOld,
    /// This app is too old for the server.
    AppTooOld,
    /// Nobody is signed in.
    NotSignedIn,
    /// The password is shorter or longer than allowed.
    PasswordLength,
    /// The disk is full.
    DiskFull,
    /// The local database cannot be read or written.
    Storage,
    /// The keychain refused.
    Keychain,
    /// The port is taken by another program.
    PortTaken,
    /// Another copy of the app uses this data folder.
    FolderInUse,
    /// The passphrase of the app lock is another one; `retry_after_ms` says when to try again.
    WrongPassphrase,
    /// The app is locked.
    Locked,
    /// The proxy cannot be reached, or refused.
    ProxyFailed,
    /// Another program has these keys.
    ShortcutTaken,
    /// These keys cannot be had everywhere, or this desktop gives them to no program.
    ShortcutUnsupported,
    /// A fault of this program.
    Internal,
}

/// The code of a failure, the server's or a local one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(untagged)]
pub enum FailureCode {
    /// One of the core's own. Tried first when reading, since every text reads as a server's code.
    Local(LocalCode),
    /// The server said it.
    Server(ErrorCode),
}

/// A failure as the page sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Failure {
    /// What went wrong.
    pub code: FailureCode,
    /// The same in English, for logs and developers. Nothing decides by it.
    pub message: String,
    /// How long to wait before the next try, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// What went wrong in the core.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CoreError {
    /// The server refused.
    #[error(transparent)]
    Server(#[from] ErrorBody),
    /// It failed on this side.
    #[error("{message}")]
    Local {
        /// What went wrong.
        code: LocalCode,
        /// Details for the log.
        message: String,
    },
    /// The passphrase of the app lock is another one.
    #[error("the passphrase is another one")]
    WrongPassphrase {
        /// When another one is tried.
        retry_after_ms: Option<u64>,
    },
}

impl CoreError {
    /// Makes a local failure.
    pub fn local(code: LocalCode, message: impl Into<String>) -> Self {
        Self::Local {
            code,
            message: message.into(),
        }
    }

    /// Returns the code.
    #[must_use]
    pub const fn code(&self) -> FailureCode {
        match self {
            Self::Server(body) => FailureCode::Server(body.code),
            Self::Local { code, .. } => FailureCode::Local(*code),
            Self::WrongPassphrase { .. } => FailureCode::Local(LocalCode::WrongPassphrase),
        }
    }

    /// Tells whether the server says that this device is signed out for good.
    pub(crate) const fn ends_session(&self) -> bool {
        matches!(
            self,
            Self::Server(ErrorBody {
                code: ErrorCode::SessionEnded | ErrorCode::AccountDisabled,
                ..
            })
        )
    }

    /// Returns whether the same request may be sent again. Outbox, sync and session all ask this.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Server(body) => body.retry(),
            Self::Local {
                code:
                    LocalCode::Unreachable
                    | LocalCode::TimedOut
                    | LocalCode::CertificateInvalid
                    | LocalCode::ProxyFailed,
                ..
            } => Retry::After(None),
            Self::Local { .. } | Self::WrongPassphrase { .. } => Retry::Never,
        }
    }
}

impl From<CoreError> for Failure {
    fn from(error: CoreError) -> Self {
        let retry_after_ms = match &error {
            CoreError::Server(body) => body.retry_after_ms,
            CoreError::WrongPassphrase { retry_after_ms } => *retry_after_ms,
            CoreError::Local { .. } => None,
        };
        Self {
            code: error.code(),
            message: error.to_string(),
            retry_after_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_plain_words_on_both_ways() {
        for (code, text) in [
            (FailureCode::Local(LocalCode::NotMagpie), r#""not_magpie""#),
            (
                FailureCode::Server(ErrorCode::NotFriends),
                r#""not_friends""#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&code).unwrap(), text);
            assert_eq!(serde_json::from_str::<FailureCode>(text).unwrap(), code);
        }
    }
}
