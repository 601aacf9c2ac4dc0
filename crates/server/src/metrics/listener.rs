//! The port where figures are collected. It is the operator's: whoever reaches it may read it.

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{App, health};

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long somebody who is collecting may take when the server stops.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers on a port of its own, until it is closed: longer than the other port, so that a stop can
/// be watched.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    closing: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

impl Listener {
    /// Begins to answer on `listener`, which is at `address`.
    pub(crate) fn start(listener: TcpListener, address: SocketAddr, app: App) -> Self {
        let router = Router::new()
            .route("/metrics", get(metrics))
            .merge(health::probes())
            .with_state(app);
        let closing = CancellationToken::new();
        let closed = closing.clone().cancelled_owned();
        let serving = axum::serve(listener, router).with_graceful_shutdown(closed);
        Self {
            address,
            closing,
            serving: tokio::spawn(async move { serving.await }),
        }
    }

    /// Returns where it answers.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers no more.
    pub(crate) async fn close(mut self) {
        self.closing.cancel();
        if tokio::time::timeout(PATIENCE, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

async fn metrics(State(app): State<App>) -> Response {
    match app.metrics().collect(&app).await {
        Ok(figures) => ([(header::CONTENT_TYPE, TEXT)], figures).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics.not_written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
