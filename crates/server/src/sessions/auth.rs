//! Who is asking.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use magpie_protocol::{DeviceId, ErrorCode, UserId};

use crate::{App, AppError};

/// The signed-in device that a request comes from. As an extractor it refuses all others:
/// [`ErrorCode::Unauthenticated`], [`ErrorCode::TokenExpired`] or [`ErrorCode::SessionEnded`].
/// Requests that write count against what their user may write, so that no route is left out:
/// [`ErrorCode::RateLimited`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Auth {
    /// The person.
    pub(crate) user_id: UserId,
    /// Their device.
    pub(crate) device_id: DeviceId,
}

impl FromRequestParts<App> for Auth {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let auth = authenticate(&parts.headers, app)?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            app.limits().write(auth.user_id)?;
        }
        Ok(auth)
    }
}

fn authenticate(headers: &HeaderMap, app: &App) -> Result<Auth, ErrorCode> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(ErrorCode::Unauthenticated)?;
    let access = app.tokens().read_access(token, app.clock().now())?;
    if app.ended_devices().contains(access.device_id) {
        return Err(ErrorCode::SessionEnded);
    }
    Ok(Auth {
        user_id: access.user_id,
        device_id: access.device_id,
    })
}
