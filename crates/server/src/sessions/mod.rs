//! Signing in and out, and what keeps a device signed in.

mod auth;
mod caller;
mod devices;
mod ended;
mod opening;
mod passwords;
mod refresh;
mod seen;
mod sign_in;
mod tokens;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) use auth::Auth;
pub(crate) use caller::Caller;
pub(crate) use devices::{devices_since, end, live_devices};
pub(crate) use ended::{EndedDevices, load as load_ended};
pub(crate) use opening::{Opening, check_device};
pub(crate) use passwords::Passwords;
pub(crate) use seen::note_seen;
pub(crate) use tokens::{TokenMaker, keys};

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(devices::sign_out))
        .routes(routes!(devices::list))
        .routes(routes!(devices::end_device))
}
