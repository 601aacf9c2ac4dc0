//! The built-in server: a Magpie server of one's own, for this computer or the local network.

use std::path::PathBuf;

use magpie_core::CoreError;
use serde::Serialize;

/// How the built-in server stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum HostState {
    /// It does not run.
    Off,
    /// It runs in this app, or in another copy of the app on this computer.
    Running {
        /// Its address on this computer.
        url: String,
        /// The addresses to give to others on the local network; empty unless it is shared.
        addresses: Vec<String>,
        /// Whether the local network can reach it.
        shared: bool,
    },
}

/// The built-in server.
pub(crate) struct Host {
    folder: PathBuf,
}

impl Host {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }
    pub(crate) async fn start(&self, _shared: bool) -> Result<HostState, CoreError> {
        Ok(HostState::Off)
    }
    pub(crate) async fn stop(&self) {}
    pub(crate) async fn state(&self) -> HostState {
        HostState::Off
    }
}
