//! Which address the socket goes to.
//!
//! A server may be many nodes. Before each try it is asked for the one that has the least to do; a
//! server that names none, or does not answer, is connected to under its own address. A node that
//! could not be reached, or sent us away, is not gone to again before the server's own address was
//! tried: what the server knows of its nodes may be older than what was met here.

use std::time::Duration;

use magpie_protocol::{ErrorBody, ErrorCode, routes};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;
use url::Url;

use crate::{CoreError, LocalCode, client::Shared};

/// How long the server may take to name a node.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where sockets went, from one try to the next.
#[derive(Debug, Default)]
pub(super) struct Route {
    /// The node that was gone to last; none where it was the server's own address.
    node: Option<Uri>,
    /// The nodes that were of no use since the server's own address was tried.
    avoided: Vec<Uri>,
}

impl Route {
    /// Returns the address for the next try.
    ///
    /// # Errors
    /// [`LocalCode::InvalidAddress`] when not even the server's own is one.
    pub(super) async fn next(&mut self, shared: &Shared) -> Result<Uri, CoreError> {
        let own = own_address(&shared.server_url)?;
        let named = named(shared).await;
        Ok(self.choose(own, named))
    }

    fn choose(&mut self, own: Uri, named: Option<Uri>) -> Uri {
        self.node = named.filter(|node| *node != own && !self.avoided.contains(node));
        self.node.clone().unwrap_or_else(|| {
            self.avoided.clear();
            own
        })
    }

    /// Notes that the address was of no use: nothing opened there, or its node sent us away.
    pub(super) fn failed(&mut self) {
        self.avoided.extend(self.node.take());
    }
}

/// Asks the server for a node.
async fn named(shared: &Shared) -> Option<Uri> {
    let gateway = match timeout(PATIENCE, shared.api.gateway()).await {
        Ok(Ok(gateway)) => gateway,
        Ok(Err(CoreError::Server(ErrorBody {
            code: ErrorCode::NoSuchRoute,
            ..
        }))) => return None,
        Ok(Err(error)) => {
            tracing::info!(%error, "the server named no node");
            return None;
        }
        Err(_) => {
            tracing::info!("the server named no node in time");
            return None;
        }
    };
    let address = gateway.socket?;
    let node = node_address(&shared.server_url, &address);
    if node.is_none() {
        tracing::warn!("the server named a node at an address that is not taken");
    }
    node
}

/// Returns the address of a node where it is one for a socket, and no less safe than the server's:
/// the access token travels there.
fn node_address(server_url: &str, address: &str) -> Option<Uri> {
    let url = Url::parse(address).ok()?;
    let safe = match url.scheme() {
        "wss" => true,
        "ws" => !server_url.starts_with("https:"),
        _ => false,
    };
    // `@` alone would be an empty user, which `Url` does not show.
    if !safe || url.host().is_none() || url.fragment().is_some() || address.contains('@') {
        return None;
    }
    url.as_str().parse().ok()
}

/// Returns the address of the socket on the server itself.
fn own_address(server_url: &str) -> Result<Uri, CoreError> {
    // `http` becomes `ws`, and `https` becomes `wss`.
    let address = match server_url.trim_end_matches('/').strip_prefix("http") {
        Some(rest) => format!("ws{rest}{}", routes::SOCKET),
        None => String::new(),
    };
    address
        .parse()
        .map_err(|_| CoreError::local(LocalCode::InvalidAddress, "not the address of a server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn the_socket_has_the_scheme_that_goes_with_the_server() {
        for (server, socket) in [
            ("http://localhost:8008", "ws://localhost:8008/api/v1/socket"),
            ("https://chat.example/", "wss://chat.example/api/v1/socket"),
        ] {
            assert_eq!(own_address(server).unwrap().to_string(), socket);
        }
        assert!(own_address("ftp://chat.example").is_err());
    }

    #[test]
    fn a_node_is_no_less_safe_than_the_server_that_names_it() {
        let (open, secure) = ("http://chat.example", "https://chat.example");
        let taken = |server, address| node_address(server, address).is_some();
        assert!(taken(secure, "wss://n1.chat.example/api/v1/socket"));
        assert!(taken(open, "wss://n1.chat.example/api/v1/socket"));
        assert!(taken(open, "ws://10.0.0.1:8008/api/v1/socket"));
        for address in [
            "ws://n1.chat.example/api/v1/socket",
            "https://n1.chat.example/api/v1/socket",
            "wss://user@n1.chat.example/api/v1/socket",
            "wss://@n1.chat.example/api/v1/socket",
            "wss://n1.chat.example/api/v1/socket#x",
            "wss://",
            "n1.chat.example",
            "",
        ] {
            assert!(!taken(secure, address), "{address}");
        }
        assert!(!taken(open, "file:///api/v1/socket"));
    }

    #[test]
    fn a_node_of_no_use_is_not_gone_to_again_at_once() {
        let own = uri("ws://chat/api/v1/socket");
        let (first, second) = (uri("ws://n1/api/v1/socket"), uri("ws://n2/api/v1/socket"));
        let mut route = Route::default();
        assert_eq!(route.choose(own.clone(), None), own);
        assert_eq!(route.choose(own.clone(), Some(first.clone())), first);
        route.failed();
        assert_eq!(route.choose(own.clone(), Some(second.clone())), second);
        assert_eq!(route.choose(own.clone(), Some(first.clone())), own);
        // The server itself was tried, and the node may have come back.
        route.failed();
        assert_eq!(route.choose(own.clone(), Some(first.clone())), first);
        assert_eq!(route.choose(own.clone(), Some(own.clone())), own);
    }

    #[test]
    fn nodes_that_cannot_be_reached_do_not_take_turns_for_ever() {
        let own = uri("ws://chat/api/v1/socket");
        let (first, second) = (uri("ws://n1/api/v1/socket"), uri("ws://n2/api/v1/socket"));
        let mut route = Route::default();
        for node in [&first, &second] {
            assert_eq!(route.choose(own.clone(), Some(node.clone())), *node);
            route.failed();
        }
        assert_eq!(route.choose(own.clone(), Some(first)), own);
    }
}
