//! A plain socket to one node, which hears what a device would and does nothing.

use std::net::SocketAddr;

use futures_util::StreamExt as _;
use magpie_protocol::{UserId, frames::SUBPROTOCOL, frames::ServerFrame, routes};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{ClientRequestBuilder, Message},
};

use crate::PATIENCE;

/// An open socket. What it heard and nobody waited for is gone.
pub struct Ear(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Ear {
    pub(crate) async fn open(node: SocketAddr, token: &str) -> Self {
        let address = format!("ws://{node}{}", routes::SOCKET).parse().unwrap();
        let request = ClientRequestBuilder::new(address)
            .with_header("Authorization", format!("Bearer {token}"))
            .with_sub_protocol(SUBPROTOCOL);
        Self(connect_async(request).await.unwrap().0)
    }

    /// Returns the next frame.
    ///
    /// # Panics
    /// When the socket is closed, or says nothing of ours.
    pub async fn next(&mut self) -> ServerFrame {
        loop {
            match self.0.next().await.expect("the socket stands").unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Close(_) => panic!("the node closed the socket"),
                _ => {}
            }
        }
    }

    /// Waits until it hears that somebody came, or went.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_presence(&mut self, user_id: UserId, online: bool) {
        let hearing = async {
            loop {
                let ServerFrame::Presence { users } = self.next().await else {
                    continue;
                };
                let heard = users.iter().rfind(|presence| presence.user_id == user_id);
                if heard.is_some_and(|presence| presence.online == online) {
                    return;
                }
            }
        };
        if tokio::time::timeout(PATIENCE, hearing).await.is_err() {
            panic!("never heard that {user_id} is online: {online}");
        }
    }
}
