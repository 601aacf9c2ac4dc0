//! All routes, and the layers around them.

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    response::{IntoResponse as _, Response},
};
use magpie_protocol::{ErrorCode, limits::BODY_BYTES};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{NotForContentType, Predicate as _, SizeAbove},
    },
};
use utoipa_axum::router::OpenApiRouter;

use super::{App, observe};
use crate::{
    AppError, accounts, conversations, docs, friends, health, messages, nodes, sessions, socket,
    sync, updates,
};

/// Answers below this many bytes are not worth compressing.
const COMPRESS_FROM_BYTES: u64 = 1_024;

/// Puts all features' routes together.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(docs::preamble())
        .merge(health::router())
        .merge(accounts::router())
        .merge(sessions::router())
        .merge(friends::router())
        .merge(conversations::router())
        .merge(messages::router())
        .merge(sync::router())
        .merge(nodes::router())
        .merge(updates::router())
        .merge(socket::router())
}

/// Returns the whole service.
pub(super) fn assemble(app: App) -> Router {
    let (router, mut document) = routes().split_for_parts();
    docs::name_operations(&mut document);
    router
        .merge(docs::routes(document))
        .fallback(async || AppError::from(ErrorCode::NoSuchRoute))
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(
            CompressionLayer::new().compress_when(
                SizeAbove::new(COMPRESS_FROM_BYTES)
                    // Packages are compressed already, and whoever fetches one wants its length.
                    .and(NotForContentType::const_new("application/octet-stream")),
            ),
        )
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            observe::observe,
        ))
        .with_state(app)
}

async fn wrong_method() -> Response {
    let body = AppError::from(ErrorCode::NoSuchRoute).into_body();
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}
