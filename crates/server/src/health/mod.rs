//! Whether the server works, and what it says of itself.
//!
//! Three questions, for three who ask: `/health/live` (is the process to be started anew?) says yes
//! as long as anything answers; `/health/ready` (may requests be sent here?) says no while the
//! database does not answer and when the server is stopping; `/health` says which part is missing.

mod check;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use magpie_protocol::{
    routes::{HEALTH, HEALTH_LIVE, HEALTH_READY, SERVER},
    server::{Health, HealthStatus, PRODUCT, PROTOCOL_VERSION, ServerInfo},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{App, error::Json};

pub(crate) use check::{LastLook, check};

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(server))
}

/// Returns the routes that a port for the operator has too.
pub(crate) fn probes() -> Router<App> {
    Router::new()
        .route(HEALTH, get(health))
        .route(HEALTH_LIVE, get(live))
        .route(HEALTH_READY, get(ready))
}

/// Tells how well the server and its parts work.
#[utoipa::path(
    get, path = HEALTH, tag = "server", security(()),
    responses(
        (status = 200, body = Health),
        (status = 503, body = Health, description = "The database does not answer"),
    )
)]
async fn health(State(app): State<App>) -> Response {
    answer(check(&app).await)
}

/// Tells that the program answers, whatever it can do.
#[utoipa::path(
    get, path = HEALTH_LIVE, tag = "server", security(()),
    responses((status = 200, description = "It does"))
)]
async fn live() -> StatusCode {
    StatusCode::OK
}

/// Tells whether requests are welcome.
#[utoipa::path(
    get, path = HEALTH_READY, tag = "server", security(()),
    responses(
        (status = 200, body = Health),
        (status = 503, body = Health, description = "The server is stopping, or its database does not answer"),
    )
)]
async fn ready(State(app): State<App>) -> Response {
    let mut health = check(&app).await;
    if app.stopping().is_cancelled() {
        health.status = HealthStatus::Unavailable;
    }
    answer(health)
}

fn answer(health: Health) -> Response {
    let status = match health.status {
        HealthStatus::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    (status, Json(health)).into_response()
}

/// Tells what this server is and what is on.
#[utoipa::path(
    get, path = SERVER, tag = "server", security(()),
    responses((status = 200, body = ServerInfo))
)]
async fn server(State(app): State<App>) -> Json<ServerInfo> {
    Json(ServerInfo {
        product: PRODUCT.into(),
        name: app.config().name.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        protocol: PROTOCOL_VERSION,
        protocol_min: PROTOCOL_VERSION,
        registration: app.config().registration.into(),
        updates: app.config().updates_dir.is_some(),
    })
}
