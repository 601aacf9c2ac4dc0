//! The built-in server: a Magpie server of one's own, for this computer or the local network.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use magpie_core::{CoreError, Home, LocalCode};
use magpie_server::{Config, Server, StartError};
use serde::Serialize;
use tokio::sync::Mutex;

/// Fixed, because accounts are remembered by their server's address.
const PORT: u16 = 8008;

/// How the built-in server stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum HostState {
    /// It does not run.
    Off,
    /// It runs.
    Running {
        /// Its address on this computer.
        url: String,
        /// The addresses to give to others on the local network; empty unless it is shared.
        addresses: Vec<String>,
        /// Whether the local network can reach it.
        shared: bool,
        /// Whether it runs in this copy of the app. One that runs elsewhere on this computer can
        /// be used just the same, but not be changed from here.
        own: bool,
    },
}

impl HostState {
    /// Tells whether the local network can reach it.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Running { shared: true, .. })
    }
}

/// The built-in server. All profiles of the app share it: the first one that wants it runs it.
pub(crate) struct Host {
    folder: PathBuf,
    running: Mutex<Option<Running>>,
}

struct Running {
    server: Option<Server>,
    shared: bool,
}

impl Host {
    /// Returns a server that keeps its data in `folder` and does not run yet.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            running: Mutex::new(None),
        }
    }

    /// Starts the server, or starts it again when `shared` changed. Where another Magpie server
    /// holds the port, most likely another copy of this app, that one is used.
    ///
    /// # Errors
    /// [`LocalCode::PortTaken`] when another program holds the port, [`LocalCode::Storage`] when
    /// the data cannot be used.
    pub(crate) async fn start(&self, home: &Home, shared: bool) -> Result<HostState, CoreError> {
        let mut running = self.running.lock().await;
        match running.as_ref() {
            Some(Running {
                server: Some(_),
                shared: before,
            }) if *before == shared => {
                return Ok(state(running.as_ref()));
            }
            _ => stop(running.take()).await,
        }
        let address = if shared {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::LOCALHOST
        };
        let config = Config {
            listen: SocketAddr::new(IpAddr::V4(address), PORT),
            data_dir: self.folder.clone(),
            name: gethostname::gethostname().to_string_lossy().into_owned(),
            ..Config::default()
        };
        *running = match Server::start(config).await {
            Ok(server) => Some(Running {
                server: Some(server),
                shared,
            }),
            Err(error) if is_taken(&error) => {
                home.check_server(&url()).await.map_err(|_| {
                    CoreError::local(LocalCode::PortTaken, format!("port {PORT} is taken"))
                })?;
                Some(Running {
                    server: None,
                    shared: false,
                })
            }
            Err(error) => return Err(CoreError::local(LocalCode::Storage, error.to_string())),
        };
        Ok(state(running.as_ref()))
    }

    /// Stops the server where it runs in this copy of the app. Returns when its sockets are closed
    /// and its data is safe.
    pub(crate) async fn stop(&self) {
        stop(self.running.lock().await.take()).await;
    }

    /// Returns how it stands.
    pub(crate) async fn state(&self) -> HostState {
        state(self.running.lock().await.as_ref())
    }
}

async fn stop(running: Option<Running>) {
    if let Some(Running {
        server: Some(server),
        ..
    }) = running
    {
        server.shutdown().await;
    }
}

fn state(running: Option<&Running>) -> HostState {
    match running {
        None => HostState::Off,
        Some(Running { server, shared }) => HostState::Running {
            url: url(),
            addresses: if *shared {
                local_addresses()
            } else {
                Vec::new()
            },
            shared: *shared,
            own: server.is_some(),
        },
    }
}

fn url() -> String {
    format!("http://127.0.0.1:{PORT}")
}

/// Tells whether something else holds the port or the data folder.
fn is_taken(error: &StartError) -> bool {
    match error {
        StartError::InUse(_) => true,
        StartError::Listen { source, .. } => source.kind() == io::ErrorKind::AddrInUse,
        _ => false,
    }
}

/// Returns this computer's addresses in its local networks, as others would enter them.
fn local_addresses() -> Vec<String> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<String> = interfaces
        .into_iter()
        .filter_map(|interface| match interface.ip() {
            IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_link_local() => {
                Some(format!("{ip}:{PORT}"))
            }
            _ => None,
        })
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_elsewhere_is_not_shared() {
        let elsewhere = Running {
            server: None,
            shared: false,
        };
        assert!(!state(Some(&elsewhere)).is_shared());
        assert!(!state(None).is_shared());
        let shared = Running {
            server: None,
            shared: true,
        };
        assert!(state(Some(&shared)).is_shared());
    }
}
