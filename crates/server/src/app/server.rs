//! From start to stop.

use std::{
    fs::{self, File, TryLockError},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use magpie_protocol::frames::ByeReason;
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{App, Surroundings, connections, router};
use crate::{config::Config, db::DbError, metrics, nodes, presence};

/// For how long it is waited for somebody who only looks whether the data folder is used.
const LOOKS_TAKE: Duration = Duration::from_millis(300);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on: another program does, or it is not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}: {source}", path.display())]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server uses the data folder.
    #[error("another server uses the data folder {}", .0.display())]
    InUse(PathBuf),
    /// The costs of hashing a password cannot be used.
    #[error("the settings for Argon2 cannot be used: {0}")]
    Hashing(String),
    /// The database is the beginning of a copy that has not ended.
    #[error(
        "the database is an unfinished copy; run the same `magpie-server copy` again, it goes on where it \
         was broken off"
    )]
    UnfinishedCopy,
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// A running server.
pub struct Server {
    app: App,
    address: SocketAddr,
    serving: JoinHandle<()>,
    metrics: Option<metrics::Listener>,
    // Held as long as the server runs.
    _lock: Option<File>,
}

impl Server {
    /// Starts a server on the present tokio runtime. When this returns, it takes connections.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_in(config, Surroundings::default()).await
    }

    /// Starts a server with a clock and a source of randomness of one's own.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_in(config: Config, surroundings: Surroundings) -> Result<Self, StartError> {
        // What several servers can share is not one server's to lock.
        let lock = match config.own_folder() {
            Some(folder) => Some(lock_soon(&folder).await?),
            None => None,
        };
        let (listener, address) = listen(config.listen).await?;
        let collecting = match config.metrics {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let app = App::open(config, surroundings).await?;

        nodes::start(&app);
        app.tasks().spawn(presence::run(app.clone()));

        let router = router::assemble(app.clone());
        let serving = tokio::spawn(connections::serve(listener, app.clone(), router));
        let metrics = collecting.map(|(listener, address)| {
            tracing::info!(%address, "metrics.started");
            metrics::Listener::start(listener, address, app.clone())
        });
        tracing::info!(%address, database = %app.config().database_place(), "server.started");
        Ok(Self {
            app,
            address,
            serving,
            metrics,
            _lock: lock,
        })
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address where figures are collected, if that is on.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(metrics::Listener::local_addr)
    }

    /// Returns the state, for tests and for programs that run the server inside themselves.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Stops: takes no more connections, says goodbye to the sockets, lets the requests under way
    /// end for as long as the settings say, and closes the database.
    pub async fn shutdown(mut self) {
        tracing::info!("server.stopping");
        nodes::leave(&self.app).await;
        self.app.stopping().cancel();
        self.app.bus().close_all(ByeReason::ShuttingDown);
        self.app.tasks().close();
        let patience = Duration::from_secs(self.app.config().shutdown_seconds.into());
        let drained = tokio::time::timeout(patience, async {
            if let Err(error) = (&mut self.serving).await {
                tracing::error!(%error, "server.serving_failed");
            }
            self.app.tasks().wait().await;
        });
        if drained.await.is_err() {
            tracing::warn!(seconds = patience.as_secs(), "server.drain_timed_out");
            self.serving.abort();
        }
        self.app.db().close().await;
        self.app.bus().close().await;
        if let Some(metrics) = self.metrics.take() {
            metrics.close().await;
        }
        tracing::info!("server.stopped");
    }
}

impl Drop for Server {
    /// A server that is dropped without [`Server::shutdown`] stops too, but nobody waits for it.
    fn drop(&mut self) {
        self.app.stopping().cancel();
        self.app.bus().abandon();
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}

/// As [`lock`], for a server: a command of the operator that holds the lock for a moment, only to see
/// whether a server does, shall not keep one from starting.
async fn lock_soon(folder: &Path) -> Result<File, StartError> {
    let until = Instant::now() + LOOKS_TAKE;
    loop {
        match lock(folder) {
            Err(StartError::InUse(_)) if Instant::now() < until => sleep(LOOK_AGAIN).await,
            done => return done,
        }
    }
}

/// Makes the data folder where there is none, readable for its owner only, and marks it as used by
/// this process for as long as the file is open.
///
/// # Errors
/// [`StartError::InUse`] when another process has marked it, and [`StartError::DataFolder`].
pub(crate) fn lock(folder: &Path) -> Result<File, StartError> {
    let unusable = |source| StartError::DataFolder {
        path: folder.to_owned(),
        source,
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(unusable)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("lock"))
        .map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}
