//! What a failure means for the transaction that met it.

use tokio_postgres::{Error, error::SqlState};

use crate::db::DbError;

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Others were in the way: the same may go well when it is done again.
    Again,
    /// A row with the same key exists. Where it came about while the closure ran, it will be seen
    /// when the closure is run again.
    AgainOnce,
    /// The connection is gone, or of no use any more.
    Reconnect,
    /// None: the same would fail again.
    None,
}

/// A failure, and what can be done about it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) remedy: Remedy,
    pub(super) error: DbError,
}

impl Failure {
    /// Says that the connection is lost, in these words.
    pub(super) fn lost(why: impl Into<String>) -> Self {
        Self {
            remedy: Remedy::Reconnect,
            error: DbError::Unavailable(why.into()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let Some(told) = error.as_db_error() else {
            // Neither a lost connection nor a value that does not fit has come from the server.
            let of_ours = std::error::Error::source(&error)
                .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_none());
            return if error.is_closed() || !of_ours {
                Self::lost(error.to_string())
            } else {
                Self {
                    remedy: Remedy::None,
                    error: DbError::Postgres {
                        code: String::new(),
                        message: error.to_string(),
                    },
                }
            };
        };
        let remedy = remedy(told.code());
        // The message names tables and columns; what would hold somebody's data is left out.
        let (code, message) = (told.code().code(), told.message());
        let error = match *told.code() {
            SqlState::UNIQUE_VIOLATION => DbError::Duplicate,
            SqlState::DISK_FULL | SqlState::OUT_OF_MEMORY | SqlState::QUERY_CANCELED => {
                DbError::Unavailable(format!("{message} ({code})"))
            }
            _ if remedy == Remedy::None => DbError::Postgres {
                code: code.to_owned(),
                message: message.to_owned(),
            },
            _ => DbError::Unavailable(format!("{message} ({code})")),
        };
        Self { remedy, error }
    }
}

fn remedy(state: &SqlState) -> Remedy {
    match *state {
        SqlState::T_R_SERIALIZATION_FAILURE
        | SqlState::T_R_DEADLOCK_DETECTED
        | SqlState::LOCK_NOT_AVAILABLE => Remedy::Again,
        SqlState::UNIQUE_VIOLATION => Remedy::AgainOnce,
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        // A statement was prepared before its table was changed.
        | SqlState::FEATURE_NOT_SUPPORTED
        | SqlState::INVALID_SQL_STATEMENT_NAME => Remedy::Reconnect,
        _ if state.code().starts_with("08") => Remedy::Reconnect,
        _ => Remedy::None,
    }
}
