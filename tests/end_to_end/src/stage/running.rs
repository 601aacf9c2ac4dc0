//! The servers of a stage.

use std::net::SocketAddr;

use magpie_server::Server;

use crate::{ChildServer, Nodes, ServerSettings, TestClock, serve};

/// What serves.
pub(super) enum Running {
    /// One server in this process, which is gone for a moment while it is restarted.
    Here(Option<Server>, Box<ServerSettings>),
    /// One server in a process of its own.
    Child(Box<ChildServer>),
}

impl Running {
    pub(super) async fn here(mut settings: ServerSettings, clock: TestClock) -> Self {
        let server = serve(settings.clone(), clock).await.unwrap();
        settings.listen = server.local_addr();
        Self::Here(Some(server), Box::new(settings))
    }

    pub(super) fn address(&self) -> SocketAddr {
        match self {
            Self::Here(_, settings) => settings.listen,
            Self::Child(server) => server.address(),
        }
    }

    /// Kills it with `SIGKILL`, and starts it again where it was.
    pub(super) async fn kill(&mut self) {
        match self {
            Self::Child(server) => {
                server.kill().await;
                server.restart().await;
            }
            Self::Here(..) => panic!("a server in this process cannot be killed"),
        }
    }

    /// Stops it properly, and starts it again where it was.
    pub(super) async fn restart(&mut self, clock: TestClock) {
        match self {
            Self::Here(server, settings) => {
                server.take().unwrap().shutdown().await;
                *server = Some(serve(ServerSettings::clone(settings), clock).await.unwrap());
            }
            Self::Child(_) => panic!("a server in a process of its own is killed"),
        }
    }
}

/// One server, or several.
pub(super) enum Servers {
    One(tokio::sync::Mutex<Running>),
    Several(Nodes),
}
