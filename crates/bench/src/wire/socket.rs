//! Connecting.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use magpie_protocol::{frames::SUBPROTOCOL, routes, sessions::Secret};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest as _,
        http::{HeaderValue, header},
        protocol::WebSocketConfig,
    },
};

use super::Frame;

/// A connected socket.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// How many connect at the same time.
const AT_ONCE: usize = 64;

/// Returns how the sockets of both ends buffer here.
pub(crate) fn set_up(read_buffer: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(read_buffer)
        .write_buffer_size(16 * 1024)
}

/// Connects and waits for the server's first word.
///
/// # Errors
/// When the server cannot be reached, refuses, or says something else than `ready`.
pub(crate) async fn connect(
    server: SocketAddr,
    token: Option<&Secret>,
    read_buffer: usize,
) -> Result<Socket> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{server}{}", routes::SOCKET).into_client_request()?;
    if let Some(token) = token {
        let headers = request.headers_mut();
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
        headers.insert(header::AUTHORIZATION, bearer);
        let protocol = HeaderValue::from_static(SUBPROTOCOL);
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    let config = Some(set_up(read_buffer));
    let (mut socket, _) = client_async_with_config(request, stream, config).await?;
    if token.is_some() {
        let first = socket
            .next()
            .await
            .context("the socket was closed at once")??;
        let Message::Text(text) = first else {
            bail!("the first frame is not text");
        };
        let frame = Frame::read(&text)?;
        if frame.r#type != "ready" {
            bail!("the first frame is {}", frame.r#type);
        }
    }
    Ok(socket)
}

/// Connects one socket for each token, in the same order.
///
/// # Errors
/// As [`connect`].
pub(crate) async fn connect_all<'a>(
    server: SocketAddr,
    tokens: impl IntoIterator<Item = Option<&'a Secret>>,
    read_buffer: usize,
) -> Result<Vec<Socket>> {
    let connecting = tokens
        .into_iter()
        .map(|token| connect(server, token, read_buffer));
    stream::iter(connecting)
        .buffered(AT_ONCE)
        .try_collect()
        .await
}
