//! Newer versions of the app, for the people of this server.
//!
//! The operator puts a release's `latest.json` and its packages into a folder, and the apps find
//! them here. Nothing of it is kept in memory: what is put into the folder is there at once. The
//! server cannot make anybody install something else than what the app's makers signed, since the
//! app has their key and checks.

mod folder;
mod origin;
mod package;

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use magpie_protocol::{ErrorBody, ErrorCode, routes, updates::UpdateManifest};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, AppError, error::Json, sessions::Caller};
use origin::Origin;

pub(crate) use folder::Folder;

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(manifest))
        .routes(routes!(package::package))
}

/// Returns the folder with updates.
///
/// # Errors
/// `no_such_route` where this server offers none.
fn folder(app: &App) -> Result<Folder, AppError> {
    let path = app.config().updates_dir.clone();
    path.map(Folder::new)
        .ok_or_else(|| AppError::new(ErrorCode::NoSuchRoute, "this server offers no updates"))
}

/// Tells which version of the app is the newest, and where its packages are.
#[utoipa::path(
    get, path = routes::UPDATES, tag = "updates", security(()),
    responses(
        (status = 200, body = UpdateManifest),
        (status = 204, description = "There is none yet"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
async fn manifest(
    State(app): State<App>,
    caller: Caller,
    origin: Origin,
) -> Result<Response, AppError> {
    let folder = folder(&app)?;
    app.limits().update(caller)?;
    let Some(mut manifest) = folder.manifest().await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    // A package that is missing is noticed here and not in the middle of an update. It is no reason
    // to keep the others from their systems.
    let mut missing = BTreeMap::new();
    for (system, mut package) in std::mem::take(&mut manifest.platforms) {
        if folder::is_bare(&package.url) {
            match folder.size(&package.url).await {
                Ok(size) => package.size = Some(size),
                Err(error) => {
                    missing.insert(system, error);
                    continue;
                }
            }
            package.url = origin.url_of(&package.url);
        }
        manifest.platforms.insert(system, package);
    }
    if !missing.is_empty() {
        let systems: Vec<_> = missing.keys().collect();
        tracing::warn!(?systems, "updates.packages_missing");
    }
    match missing.into_values().next() {
        Some(error) if manifest.platforms.is_empty() => Err(error.into()),
        _ => Ok(Json(manifest).into_response()),
    }
}
