//! The sockets of people's devices.

use std::collections::VecDeque;

use futures_util::{SinkExt as _, StreamExt as _};
use magpie_protocol::{
    ErrorBody, MessageId, UserId,
    frames::{ByeReason, ClientFrame, SUBPROTOCOL, ServerFrame},
    messages::{SendMessage, Sent},
    routes,
    sync::{Item, Scope},
};
use reqwest::StatusCode;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message as Frame, client::IntoClientRequest as _},
};

use super::{PATIENCE, people::Person};

/// The socket of a device.
pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<TcpStream>,
    passed_over: VecDeque<ServerFrame>,
}

impl Person {
    pub(crate) async fn connect(&self) -> Socket {
        self.connect_over(self.stream().await).await
    }

    /// Connects with a receive buffer so small that whoever does not read is noticed soon.
    pub(crate) async fn connect_narrow(&self) -> Socket {
        self.connect_buffering(4 * 1024).await
    }

    /// Connects with a receive buffer of so many bytes.
    pub(crate) async fn connect_buffering(&self, bytes: u32) -> Socket {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(bytes).unwrap();
        let address = *self.address.lock();
        let stream = socket.connect(address).await.unwrap();
        self.connect_over(stream).await
    }

    async fn connect_over(&self, stream: TcpStream) -> Socket {
        let mut socket = self.try_connect(stream, SUBPROTOCOL).await.unwrap();
        let ready = socket.next().await;
        assert!(
            matches!(ready, ServerFrame::Ready { user_id, device_id, .. }
                if user_id == self.id && device_id == self.device),
            "{ready:?}"
        );
        socket
    }

    /// Tries to open the socket; the status where that is refused.
    pub(crate) async fn try_connect(
        &self,
        stream: TcpStream,
        subprotocol: &str,
    ) -> Result<Socket, StatusCode> {
        let url = format!("ws://{}{}", *self.address.lock(), routes::SOCKET);
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        if !self.token.is_empty() {
            let bearer = format!("Bearer {}", self.token);
            headers.insert("authorization", bearer.parse().unwrap());
        }
        match client_async(request, stream).await {
            Ok((stream, _)) => Ok(Socket {
                stream,
                passed_over: VecDeque::new(),
            }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn stream(&self) -> TcpStream {
        let address = *self.address.lock();
        TcpStream::connect(address).await.unwrap()
    }
}

impl Socket {
    /// Returns the next frame, passing over those that say who is online: they come at any time.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        self.until(|frame| match frame {
            ServerFrame::Presence { .. } => None,
            other => Some(other.clone()),
        })
        .await
    }

    /// Returns what is said next of who is online: people, and whether they are.
    pub(crate) async fn presence(&mut self) -> Vec<(UserId, bool)> {
        self.until(|frame| match frame {
            ServerFrame::Presence { users } => {
                let said = users.iter().map(|it| (it.user_id, it.online));
                Some(said.collect())
            }
            _ => None,
        })
        .await
    }

    /// Returns the next frame that comes over the line, or `None` at its end.
    async fn arrival(&mut self) -> Option<ServerFrame> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next())
                .await
                .expect("nothing came");
            match frame {
                Some(Ok(Frame::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    /// Returns what `wanted` makes of the first frame that it takes. The others stay.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&ServerFrame) -> Option<T>) -> T {
        let mut index = 0;
        loop {
            if index == self.passed_over.len() {
                let frame = self.arrival().await.expect("the socket was closed");
                self.passed_over.push_back(frame);
            }
            if let Some(found) = wanted(&self.passed_over[index]) {
                self.passed_over.remove(index);
                return found;
            }
            index += 1;
        }
    }

    /// Sends a message and returns its answer.
    pub(crate) async fn send(&mut self, message: &SendMessage) -> Result<Sent, ErrorBody> {
        self.put(&ClientFrame::Send(message.clone())).await;
        self.answer(message.id).await
    }

    /// Returns the answer to the message with this id.
    pub(crate) async fn answer(&mut self, wanted: MessageId) -> Result<Sent, ErrorBody> {
        self.until(|frame| match frame {
            ServerFrame::Ack(sent) if sent.id == wanted => Some(Ok(sent.clone())),
            ServerFrame::Nack { id, error } if *id == Some(wanted) => Some(Err(error.clone())),
            _ => None,
        })
        .await
    }

    /// Returns the next changes of a scope: the revision before, the one after, and the rows.
    pub(crate) async fn changes(&mut self, wanted: Scope) -> (u64, u64, Vec<Item>) {
        self.until(|frame| match frame {
            ServerFrame::Changes {
                scope,
                prev,
                rev,
                changes,
            } if *scope == wanted => {
                let items = changes.iter().map(|change| change.item.clone()).collect();
                Some((*prev, *rev, items))
            }
            _ => None,
        })
        .await
    }

    /// Returns why the next frame that could not be read was refused.
    pub(crate) async fn refusal(&mut self) -> ErrorBody {
        self.until(|frame| match frame {
            ServerFrame::Nack { id: None, error } => Some(error.clone()),
            _ => None,
        })
        .await
    }

    /// Reads to the end, which the server has to announce, and returns the reason.
    pub(crate) async fn bye(&mut self) -> ByeReason {
        let mut reason = None;
        while let Some(frame) = self.arrival().await {
            if let ServerFrame::Bye { reason: why } = frame {
                reason = Some(why);
            }
        }
        reason.expect("the socket was closed without a word")
    }

    pub(crate) async fn put(&mut self, frame: &ClientFrame) {
        self.put_text(&serde_json::to_string(frame).unwrap()).await;
    }

    /// Puts several frames on the line at the same moment.
    pub(crate) async fn put_together(&mut self, frames: &[ClientFrame]) {
        for frame in frames {
            let text = serde_json::to_string(frame).unwrap();
            self.stream.feed(Frame::text(text)).await.unwrap();
        }
        self.stream.flush().await.unwrap();
    }

    pub(crate) async fn put_text(&mut self, text: &str) {
        self.put_frame(Frame::text(text)).await.unwrap();
    }

    pub(crate) async fn put_frame(
        &mut self,
        frame: Frame,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        tokio::time::timeout(PATIENCE, self.stream.send(frame))
            .await
            .expect("the server does not read")
    }
}
