//! How a client learns what it has missed: differences of a scope, and all that a device which
//! comes online needs.

mod conversation;
pub(crate) mod cursor;
pub(crate) mod history;
mod online;
#[cfg(test)]
mod plans;
pub mod revisions;
mod user;

use magpie_protocol::{
    ErrorCode,
    sync::{Change, Difference},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, error::AppError};

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(user::changes))
        .routes(routes!(conversation::changes))
        .routes(routes!(online::sync))
}

/// Puts the changes of a scope's kinds of rows together. Each kind gave its first `limit + 1`
/// changes after the cursor, so that the first `limit` of all are among them, and one more where
/// there is one more.
fn difference(mut changes: Vec<Change>, limit: u32, present: u64) -> Difference {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    changes.sort_by_key(|change| change.rev);
    let more = changes.len() > limit;
    changes.truncate(limit);
    let last = changes.last().map_or(present, |change| change.rev);
    Difference {
        rev: if more { last } else { present },
        changes,
        more,
    }
}

/// Refuses a cursor beyond what the database has come to: it is of another server, or of a database
/// that was put back to an earlier state.
fn not_ahead(since: u64, present: u64) -> Result<(), AppError> {
    if since > present {
        return Err(ErrorCode::CursorAhead.into());
    }
    Ok(())
}
