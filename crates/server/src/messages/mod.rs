//! Messages: sending, history, and how far each has come.

mod draft;
mod history;
mod lanes;
mod rows;
mod rules;
mod send;
mod status;
mod store;
mod system;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) use draft::Draft;
pub(crate) use lanes::{Due, Lanes};
pub(crate) use rows::{message, messages_since};
pub(crate) use system::{mint_id, post};

/// The statements that run most, for the test of their plans.
#[cfg(test)]
pub(crate) const HOT: [&str; 5] = [
    history::AFTER,
    history::BEFORE,
    rows::SINCE,
    rules::RULE,
    store::BY_IDS,
];

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(send::send))
        .routes(routes!(history::history))
        .routes(routes!(status::status))
}
