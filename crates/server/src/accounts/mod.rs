//! People: making an account, one's own profile, and finding others.

mod own;
mod password;
mod profile;
mod register;
mod rows;
mod search;
mod show;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

#[cfg(feature = "testing")]
pub(crate) use register::create;
pub(crate) use rows::{account_since, find_account, find_user, user_from};

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(own::show, own::update))
        .routes(routes!(password::change))
        .routes(routes!(search::search))
        .routes(routes!(show::show))
}
