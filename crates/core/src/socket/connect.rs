//! Opening the socket.

use std::time::Duration;

use magpie_protocol::{
    ErrorBody, ErrorCode,
    frames::{SUBPROTOCOL, ServerFrame},
    sessions::Secret,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{
        ClientRequestBuilder, Error, Message,
        http::{Uri, response::Response},
        protocol::WebSocketConfig,
    },
};

use super::route::Route;
use crate::{CoreError, LocalCode, api, client::Shared};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long opening may take, and then how long the first frame may.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest frame taken from a server. A page of full-length messages stays far below it.
pub(super) const FRAME_BYTES: usize = 64 * 1024 * 1024;

/// Opens the socket where the route leads and waits until it is ready. An access token that has run
/// out is refreshed once.
pub(super) async fn connect(shared: &Shared, route: &mut Route) -> Result<Socket, CoreError> {
    let address = route.next(shared).await?;
    let token = shared.session.access_token().await?;
    let opened = open_refreshed(shared, &address, &token).await;
    if opened.is_err() {
        route.failed();
    }
    opened
}

async fn open_refreshed(
    shared: &Shared,
    address: &Uri,
    token: &Secret,
) -> Result<Socket, CoreError> {
    match open(shared, address, token).await {
        Err(CoreError::Server(ErrorBody {
            code: ErrorCode::TokenExpired | ErrorCode::Unauthenticated,
            ..
        })) => {
            let token = shared.session.refreshed(token).await?;
            open(shared, address, &token).await
        }
        outcome => outcome,
    }
}

async fn open(shared: &Shared, address: &Uri, token: &Secret) -> Result<Socket, CoreError> {
    let late = |_| CoreError::local(LocalCode::TimedOut, "the socket did not open in time");
    let request = ClientRequestBuilder::new(address.clone())
        .with_header("Authorization", format!("Bearer {}", token.expose()))
        .with_sub_protocol(SUBPROTOCOL);
    let config = WebSocketConfig::default()
        .max_message_size(Some(FRAME_BYTES))
        .max_frame_size(Some(FRAME_BYTES));
    let connector = Connector::Rustls(shared.api.tls());
    let opening = async {
        let stream = shared.api.way().connect(address).await?;
        client_async_tls_with_config(request, stream, Some(config), Some(connector))
            .await
            .map_err(failure)
    };
    let (mut socket, _) = timeout(PATIENCE, opening).await.map_err(late)??;
    timeout(PATIENCE, ready(&mut socket))
        .await
        .map_err(late)??;
    Ok(socket)
}

/// Waits for the frame with which the server begins.
async fn ready(socket: &mut Socket) -> Result<(), CoreError> {
    use futures_util::StreamExt as _;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(failure)? else {
            continue;
        };
        return match serde_json::from_str(text.as_str()) {
            Ok(ServerFrame::Ready { .. }) => Ok(()),
            Ok(ServerFrame::Bye { reason }) => Err(super::goodbye(reason)),
            _ => Err(CoreError::local(
                LocalCode::NotMagpie,
                "the socket did not begin with ready",
            )),
        };
    }
    Err(CoreError::local(
        LocalCode::Unreachable,
        "the socket closed before it was ready",
    ))
}

/// Turns a failure of the socket into one of ours.
pub(super) fn failure(error: Error) -> CoreError {
    match error {
        Error::Http(response) => refused(&response),
        error => CoreError::local(api::transport_code(&error), error.to_string()),
    }
}

fn refused(response: &Response<Option<Vec<u8>>>) -> CoreError {
    let body = response.body().as_deref().unwrap_or_default();
    if let Ok(body) = serde_json::from_slice::<ErrorBody>(body) {
        return CoreError::Server(body);
    }
    let status = response.status();
    let code = match status.as_u16() {
        401 => ErrorCode::Unauthenticated,
        429 => ErrorCode::RateLimited,
        500.. => ErrorCode::Unavailable,
        _ => {
            return CoreError::local(
                LocalCode::NotMagpie,
                format!("the socket was refused with {status}"),
            );
        }
    };
    CoreError::Server(ErrorBody::new(
        code,
        format!("the socket was refused with {status}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_words_of_ours_goes_by_its_status() {
        let refusal = |status: u16, body: &str| {
            let response = Response::builder()
                .status(status)
                .body(Some(body.as_bytes().to_vec()))
                .unwrap();
            refused(&response).code()
        };
        use crate::FailureCode::{Local, Server};
        let expired = r#"{"code":"token_expired","message":""}"#;
        assert_eq!(refusal(401, expired), Server(ErrorCode::TokenExpired));
        assert_eq!(refusal(401, "no"), Server(ErrorCode::Unauthenticated));
        assert_eq!(refusal(502, "<html>"), Server(ErrorCode::Unavailable));
        assert_eq!(refusal(404, "<html>"), Local(LocalCode::NotMagpie));
    }
}
