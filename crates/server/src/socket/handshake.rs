//! The opening of a WebSocket (RFC 6455, section 4.2).

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
            SEC_WEBSOCKET_VERSION, UPGRADE,
        },
    },
    response::Response,
};
use magpie_protocol::{ErrorCode, frames::SUBPROTOCOL};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::error::AppError;

/// Returns the answer that turns the connection into a WebSocket.
///
/// # Errors
/// `invalid_request` when that is not what the client asks for, or it does not speak our
/// subprotocol.
pub(super) fn answer(asked: &HeaderMap) -> Result<Response, AppError> {
    let upgrades = has(asked, &CONNECTION, "upgrade")
        && has(asked, &UPGRADE, "websocket")
        && has(asked, &SEC_WEBSOCKET_VERSION, "13");
    let key = asked.get(SEC_WEBSOCKET_KEY).filter(|_| upgrades);
    let key = key.ok_or_else(|| refused("this route is for WebSockets, version 13"))?;
    if !has(asked, &SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(refused("the subprotocol has to be magpie.v1"));
    }
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()))
        .map_err(|_| refused("the key of the WebSocket is not one"))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    headers.insert(
        SEC_WEBSOCKET_PROTOCOL,
        HeaderValue::from_static(SUBPROTOCOL),
    );
    Ok(response)
}

/// Tells whether one of the comma-separated words of a header is `word`.
fn has(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(word))
}

fn refused(why: &str) -> AppError {
    AppError::new(ErrorCode::InvalidRequest, why)
}
