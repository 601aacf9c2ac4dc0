//! Whether the server works, and what it says of itself.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody,
    routes::{HEALTH, SERVER},
    server::{Health, HealthStatus, PRODUCT, PROTOCOL_VERSION, ServerInfo},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App, AppError,
    db::{DbError, params},
    error::Json,
};

/// Returns the routes of this feature.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(server))
}

/// Tells whether the server works: it answers, and its database does.
#[utoipa::path(
    get, path = HEALTH, tag = "server", security(()),
    responses(
        (status = 200, body = Health),
        (status = 503, body = ErrorBody, description = "The database does not answer"),
    )
)]
async fn health(State(app): State<App>) -> Result<Json<Health>, AppError> {
    app.db()
        .read::<i64, DbError, _>(|tx| {
            tx.one(
                "SELECT value FROM counters WHERE name = $1",
                params!["users"],
                |row| row.get(0),
            )
        })
        .await?;
    Ok(Json(Health {
        status: HealthStatus::Ok,
        database: HealthStatus::Ok,
        bus: HealthStatus::Ok,
    }))
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
    })
}
