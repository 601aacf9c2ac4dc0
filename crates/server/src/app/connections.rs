//! Taking connections, and HTTP on them.
//!
//! Each connection takes up one of a limited number of places, and keeps it when it becomes a
//! socket. When all are taken, others wait at the door, which costs this process nothing. HTTP/1.1
//! is all that is spoken: sockets need it, and proxies use it towards us.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo, serve::Listener};
use hyper::{Request, body::Incoming, server::conn::http1, service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::App;
use crate::metrics::Counted;

/// Files that the process may need besides its connections.
#[cfg(unix)]
const OTHER_FILES: u64 = 64;

/// What the system takes of a connection's answers ahead of the network.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT_BYTES: u32 = 128 * 1024;

/// How often it is logged that all places are taken.
const FULL_AGAIN: Duration = Duration::from_secs(60);

/// A place among the connections; free again when the last clone is dropped. Requests carry it as
/// an extension: what outlives its connection, as a socket does, holds on to it.
#[derive(Debug, Clone)]
pub(crate) struct Place(
    #[expect(dead_code, reason = "held, not read")] Arc<(OwnedSemaphorePermit, Counted)>,
);

/// Takes connections until the server begins to stop, then lets the requests under way end.
/// Dropping the future ends them all at once.
pub(super) async fn serve(listener: TcpListener, app: App, router: Router) {
    let mut door = Door {
        listener,
        places: Arc::new(Semaphore::new(room(app.config().max_connections))),
        full_at: None,
        open: app.metrics().connections.clone(),
    };
    let silence = Duration::from_secs(app.config().silent_connection_seconds.into());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(silence);
    let routes = TowerToHyperService::new(router);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some((stream, peer, place)) = door.next() => {
                let (http, routes) = (http.clone(), routes.clone());
                let stopping = app.stopping().clone();
                connections.spawn(converse(stream, peer, place, http, routes, stopping));
            }
            Some(_) = connections.join_next() => {}
            () = app.stopping().cancelled() => break,
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

/// Where connections come in.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    full_at: Option<Instant>,
    open: Gauge,
}

impl Door {
    /// Waits for a place, then for a connection. Dropping the future loses neither. Errors that
    /// concern one connection are passed over; after others, such as having no file left, it is
    /// tried again a little later.
    async fn next(&mut self) -> Option<(TcpStream, SocketAddr, Place)> {
        if self.places.available_permits() == 0 {
            let now = Instant::now();
            let told = self.full_at.is_some_and(|at| now < at + FULL_AGAIN);
            if !told {
                self.full_at = Some(now);
                tracing::warn!("connections.full");
            }
        }
        // Never closed, so there always is one some time.
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        let (stream, peer) = Listener::accept(&mut self.listener).await;
        let open = Counted::new(&self.open);
        Some((stream, peer, Place(Arc::new((place, open)))))
    }
}

/// Answers the requests of one connection, until it ends or has become something else.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    http: http1::Builder,
    routes: TowerToHyperService<Router>,
    stopping: CancellationToken,
) {
    if let Err(error) = set_up(&stream) {
        tracing::debug!(%error, "connection.not_set_up");
    }
    let answer = service::service_fn(|mut request: Request<Incoming>| {
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(peer));
        extensions.insert(place.clone());
        service::Service::call(&routes, request)
    });
    let connection = http.serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection.with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection.failed");
    }
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    // Small frames shall not wait for one another.
    stream.set_nodelay(true)?;
    // Else the system gathers megabytes for a client that reads slowly, and tells of room only when
    // a third of them has left: a client that does read would look like one that does not.
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES)?;
    Ok(())
}

/// Returns how many connections there can be: as many as wanted, or as the process may have files.
#[cfg(unix)]
fn room(wanted: u32) -> usize {
    let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(u64::MAX);
    let possible = files.saturating_sub(OTHER_FILES).max(1);
    if possible < u64::from(wanted) {
        tracing::warn!(wanted, possible, "connections.few_files");
    }
    usize::try_from(possible.min(wanted.into())).unwrap_or(Semaphore::MAX_PERMITS)
}

#[cfg(not(unix))]
fn room(wanted: u32) -> usize {
    usize::try_from(wanted).unwrap_or(Semaphore::MAX_PERMITS)
}
