//! What happens around each request: an id, a line in the log, an end that comes in time.

use std::{any::Any, time::Duration};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use magpie_protocol::ErrorCode;
use tracing::Instrument as _;

use super::App;
use crate::{AppError, clock};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a request may take, its body's way to us included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Gives the request an id (the caller's own, where it is a sensible one), logs how it ended, and
/// ends it when it takes too long. Neither query nor bodies nor headers are logged.
pub(super) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .filter(|id| is_sensible(id))
        .cloned()
        .unwrap_or_else(|| fresh_id(&app));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        %method,
        route,
    );
    let started = app.clock().elapsed();
    let mut response = async {
        let response = tokio::time::timeout(PATIENCE, next.run(request))
            .await
            .unwrap_or_else(|_| {
                tracing::warn!("request.timed_out");
                AppError::from(ErrorCode::Unavailable).into_response()
            });
        let took = app.clock().elapsed().saturating_sub(started);
        app.metrics().http.answered(&method, route, &response, took);
        tracing::debug!(
            status = response.status().as_u16(),
            duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "request.answered"
        );
        response
    }
    .instrument(span)
    .await;
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn is_sensible(id: &HeaderValue) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (8..=64).contains(&id.len()) && id.as_bytes().iter().all(fits)
}

fn fresh_id(app: &App) -> HeaderValue {
    let id = uuid::Builder::from_random_bytes(clock::bytes(app.random())).into_uuid();
    HeaderValue::from_str(&id.to_string()).unwrap_or(HeaderValue::from_static("-"))
}

/// Answers for a handler that panicked.
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let what = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of unknown kind");
    AppError::failed(format!("a handler panicked: {what}")).into_response()
}
