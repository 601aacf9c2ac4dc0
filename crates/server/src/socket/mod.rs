//! The socket: what a connected device sends and hears.
//!
//! Each connection is one task, which reads, writes and keeps time. It never has more than one
//! batch of writes under way and stops reading while a full batch waits, so that a client which
//! sends faster than the disk takes it is slowed down by its own connection. What the client hears
//! comes from a bounded queue ([`crate::bus::Outlet`]): one that does not read is told to resync
//! when it does again, and closed when it does not.

mod batch;
mod budget;
mod connection;
mod handshake;
mod inbound;
mod pace;

use axum::{
    extract::{Request, State},
    response::Response,
    routing::get,
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use magpie_protocol::{ErrorCode, limits::FRAME_BYTES, routes};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Role, WebSocketConfig},
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::{App, Place},
    error::AppError,
    sessions::Auth,
    socket::connection::{Connection, Socket},
};

/// Read eagerly by each connection, so it counts ten thousand times; larger frames grow it for as
/// long as they are read.
const READ_BUFFER_BYTES: usize = 2 * 1024;

/// Frames that are sent together are gathered up to here before they go out.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;

/// Returns the route of the socket, which OpenAPI cannot describe.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().route(routes::SOCKET, get(open))
}

async fn open(
    State(app): State<App>,
    auth: Auth,
    mut request: Request,
) -> Result<Response, AppError> {
    let response = handshake::answer(request.headers())?;
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let upgrade = upgrade.ok_or_else(|| {
        AppError::new(
            ErrorCode::InvalidRequest,
            "this connection cannot be upgraded",
        )
    })?;
    let place = request.extensions_mut().remove::<Place>();
    let tasks = app.tasks().clone();
    tasks.spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                let config = WebSocketConfig::default()
                    .read_buffer_size(READ_BUFFER_BYTES)
                    .write_buffer_size(WRITE_BUFFER_BYTES)
                    .max_message_size(Some(FRAME_BYTES))
                    .max_frame_size(Some(FRAME_BYTES));
                let raw = TokioIo::new(upgraded);
                let socket: Socket =
                    WebSocketStream::from_raw_socket(raw, Role::Server, Some(config)).await;
                Connection::run(app, auth, socket).await;
                drop(place);
            }
            Err(error) => tracing::debug!(%error, "socket.not_upgraded"),
        }
    });
    Ok(response)
}
