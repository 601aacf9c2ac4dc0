//! Friends, requests to become one, and blocks.

mod answer;
mod ask;
mod blocks;
mod changes;
mod list;
mod profile;
mod requests;
mod rows;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) use changes::{blocks_since, friends_since, requests_since};
pub(crate) use profile::touch_profile;

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(list::show, list::update, list::remove))
        .routes(routes!(requests::list, ask::ask))
        .routes(routes!(answer::accept))
        .routes(routes!(answer::reject))
        .routes(routes!(answer::ignore))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::block, blocks::unblock))
}
