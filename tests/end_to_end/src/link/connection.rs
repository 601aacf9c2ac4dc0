//! One connection: two pumps, one per direction.

use bytes::{Buf as _, BytesMut};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
};

use super::{
    Request, Shared,
    http::Head,
    rules::{Mode, Verdict},
    websocket::Frame,
};

/// What the two pumps of a connection know together: the request whose answer is due, and how much
/// of that answer has passed.
#[derive(Default)]
struct Exchange {
    request: Option<Request>,
    passed: usize,
}

/// The connection is over.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

/// Carries a connection until one of its ends closes it.
pub(super) async fn relay(shared: &Shared, mut client: TcpStream) {
    shared.while_swallowing().await;
    let targets = shared.state.lock().targets.clone();
    let Ok(mut server) = TcpStream::connect(targets.as_slice()).await else {
        return;
    };
    // A proxy that waits for more would change the timing that is under test.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let exchange = Mutex::new(Exchange::default());
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    tokio::select! {
        _ = up(shared, &exchange, from_client, to_server) => {}
        _ = down(shared, &exchange, from_server, to_client) => {}
    }
}

async fn up(
    shared: &Shared,
    exchange: &Mutex<Exchange>,
    mut client: ReadHalf<'_>,
    mut server: WriteHalf<'_>,
) -> Result<(), Over> {
    let mut data = BytesMut::new();
    loop {
        let head = loop {
            if let Some(head) = Head::read(&data) {
                break head;
            }
            more(&mut client, &mut data).await?;
        };
        let request = head.request();
        let upgrade = request.upgrade;
        shared.pass_request(&request).await;
        *exchange.lock() = Exchange {
            request: Some(request),
            passed: 0,
        };
        let mut left = head.bytes + head.body_bytes();
        while left > 0 {
            if data.is_empty() {
                more(&mut client, &mut data).await?;
            }
            let piece = data.split_to(left.min(data.len()));
            left -= piece.len();
            shared.carry(&mut server, &piece).await?;
        }
        if upgrade {
            break;
        }
    }
    loop {
        while let Some(frame) = Frame::read(&data) {
            let verdict = shared.change(|state| state.client_frame(&frame.payload));
            shared
                .deliver(verdict, &mut server, &data[..frame.bytes])
                .await?;
            data.advance(frame.bytes);
        }
        more(&mut client, &mut data).await?;
    }
}

async fn down(
    shared: &Shared,
    exchange: &Mutex<Exchange>,
    mut server: ReadHalf<'_>,
    mut client: WriteHalf<'_>,
) -> Result<(), Over> {
    let mut data = BytesMut::new();
    loop {
        more(&mut server, &mut data).await?;
        let request = exchange.lock().request.clone();
        if request.as_ref().is_some_and(|request| request.upgrade) {
            let Some(head) = Head::read(&data) else {
                continue;
            };
            if head.switches() {
                shared
                    .carry(&mut client, &data.split_to(head.bytes))
                    .await?;
                break;
            }
        }
        let before = exchange.lock().passed;
        let verdict = request.map_or(Verdict::Pass, |request| {
            shared.change(|state| state.answer(&request, before, data.len()))
        });
        exchange.lock().passed += data.len();
        let piece = data.split();
        shared.deliver(verdict, &mut client, &piece).await?;
    }
    loop {
        while let Some(frame) = Frame::read(&data) {
            let verdict = shared.change(|state| state.server_frame(frame.bytes, &frame.payload));
            shared
                .deliver(verdict, &mut client, &data[..frame.bytes])
                .await?;
            data.advance(frame.bytes);
        }
        more(&mut server, &mut data).await?;
    }
}

async fn more(from: &mut ReadHalf<'_>, data: &mut BytesMut) -> Result<(), Over> {
    data.reserve(16 * 1024);
    match from.read_buf(data).await? {
        0 => Err(Over),
        _ => Ok(()),
    }
}

impl Shared {
    async fn deliver(
        &self,
        verdict: Verdict,
        to: &mut WriteHalf<'_>,
        piece: &[u8],
    ) -> Result<(), Over> {
        match verdict {
            Verdict::Pass => self.carry(to, piece).await,
            Verdict::CutAfter(bytes) => {
                self.carry(to, &piece[..bytes.min(piece.len())]).await?;
                self.change(super::State::cut);
                Err(Over)
            }
        }
    }

    async fn carry(&self, to: &mut WriteHalf<'_>, piece: &[u8]) -> Result<(), Over> {
        let delay = self.state.lock().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.while_swallowing().await;
        to.write_all(piece).await?;
        Ok(())
    }

    /// Waits while nothing passes; [`super::Link::open`] then cuts the connection, so that no byte
    /// is missing in the middle of one that lives.
    async fn while_swallowing(&self) {
        let mut changed = self.changed.subscribe();
        while self.state.lock().mode == Mode::Swallowing {
            let _ = changed.changed().await;
        }
    }

    async fn pass_request(&self, request: &Request) {
        let held = self.change(|state| {
            state.tell(format!("-> {} {}", request.method, request.target));
            state.requests.push(request.clone());
            let held = state.hold.as_ref().is_some_and(|picks| picks(request));
            state.held += usize::from(held);
            held
        });
        if !held {
            return;
        }
        // Dropped when the connection is cut while it waits.
        let _waiting = Waiting(self);
        let mut changed = self.changed.subscribe();
        while self
            .state
            .lock()
            .hold
            .as_ref()
            .is_some_and(|picks| picks(request))
        {
            let _ = changed.changed().await;
        }
    }
}

struct Waiting<'a>(&'a Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.held -= 1);
    }
}
