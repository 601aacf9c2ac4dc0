//! The wire between one device and the server, which tests cut on purpose.
//!
//! A [`Link`] is a TCP proxy on a port of its own. It understands just enough of HTTP and of
//! WebSocket frames to hit the points that matter: before a frame leaves the client, after the
//! server has answered and before the client hears of it, in the middle of a page. It also keeps
//! count of what passed, so that a test can say "one refresh" and mean it.

mod connection;
mod http;
mod rules;
mod websocket;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use magpie_protocol::MessageId;
use parking_lot::Mutex;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

pub use rules::{Fault, Request};
use rules::{Mode, State};

use crate::wait::PATIENCE;

/// The proxy between one device and the server. It ends when the last handle is dropped.
#[derive(Clone)]
pub struct Link {
    shared: Arc<Shared>,
    _listener: Arc<AbortOnDropHandle<()>>,
}

pub(crate) struct Shared {
    address: SocketAddr,
    state: Mutex<State>,
    /// Woken at each change of `state`, for those who wait for a condition.
    changed: watch::Sender<()>,
}

impl Link {
    /// Opens a link to `target` on a free port of the loopback address.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to(target: SocketAddr) -> Self {
        Self::to_first_of(vec![target]).await
    }

    /// Opens a link that is also the proxy in front of several nodes: each connection goes to the
    /// first of `targets` that takes it.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn to_first_of(targets: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let shared = Arc::new(Shared {
            address: listener.local_addr().unwrap(),
            state: Mutex::new(State::new(targets)),
            changed: watch::Sender::new(()),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            shared,
            _listener: Arc::new(AbortOnDropHandle::new(accepting)),
        }
    }

    /// Returns what the device takes for the server's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// From now on connections go to the first of these that takes them. Those that stand stay.
    pub fn lead_to(&self, targets: Vec<SocketAddr>) {
        self.shared.change(|state| state.targets = targets);
    }

    /// From now on connections go to `target` where it takes them. Those that stand stay.
    ///
    /// # Panics
    /// When the link does not lead there at all.
    pub fn prefer(&self, target: SocketAddr) {
        self.shared.change(|state| {
            let place = state.targets.iter().position(|other| *other == target);
            let place = place.expect("the link leads there");
            state.targets[..=place].rotate_right(1);
        });
    }

    /// Cuts every connection, now. New ones are welcome.
    pub fn cut(&self) {
        self.shared.change(State::cut);
    }

    /// Cuts every connection and drops each new one at once, until [`Link::open`].
    pub fn refuse(&self) {
        self.shared.change(|state| {
            state.mode = Mode::Refusing;
            state.cut();
        });
    }

    /// Returns whether the link refuses connections.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.shared.state.lock().mode == Mode::Refusing
    }

    /// Lets connections stand but nothing through, as when a cable is pulled, until [`Link::open`].
    pub fn swallow(&self) {
        self.shared.change(|state| state.mode = Mode::Swallowing);
    }

    /// Lets everything through again. Connections that lost bytes meanwhile are cut.
    pub fn open(&self) {
        self.shared.change(|state| {
            if state.mode == Mode::Swallowing {
                state.cut();
            }
            state.mode = Mode::Open;
        });
    }

    /// Lets each piece of data wait this long, in both directions.
    pub fn delay(&self, delay: Duration) {
        self.shared.change(|state| state.delay = delay);
    }

    /// Holds back the requests that `which` picks, until [`Link::release`].
    pub fn hold(&self, which: impl Fn(&Request) -> bool + Send + Sync + 'static) {
        self.shared
            .change(|state| state.hold = Some(Arc::new(which)));
    }

    /// Lets the requests go that were held back, and holds no more.
    pub fn release(&self) {
        self.shared.change(|state| state.hold = None);
    }

    /// Waits for an opportunity and strikes once. Several faults strike one after another.
    pub fn break_at(&self, fault: Fault) {
        self.shared.change(|state| state.faults.push_back(fault));
    }

    /// Forgets the faults that did not strike yet.
    pub fn forget_faults(&self) {
        self.shared.change(|state| state.faults.clear());
    }

    /// Returns how many faults have struck.
    #[must_use]
    pub fn struck(&self) -> usize {
        self.shared.state.lock().struck
    }

    /// Waits until so many faults have struck since the link was made.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_struck(&self, times: usize) {
        self.until("a fault strikes", |state| state.struck >= times)
            .await;
    }

    /// Waits until so many requests are held back at once.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_held(&self, requests: usize) {
        self.until("requests are held back", |state| state.held >= requests)
            .await;
    }

    /// Waits until neither a request nor a frame has passed for so long.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until_quiet(&self, pause: Duration) {
        let mut changed = self.shared.changed.subscribe();
        let waiting =
            async { while tokio::time::timeout(pause, changed.changed()).await.is_ok() {} };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("waited in vain until nothing passes");
        }
    }

    /// Returns the requests that came from the device so far, held ones included, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().requests.clone()
    }

    /// Returns how many requests for this path came so far.
    #[must_use]
    pub fn requests_for(&self, path: &str) -> usize {
        let state = self.shared.state.lock();
        state.requests.iter().filter(|r| r.path() == path).count()
    }

    /// Returns how many frames with a `send` have left the device so far.
    #[must_use]
    pub fn sends(&self) -> u64 {
        self.shared.state.lock().sends
    }

    /// Returns how many frames with an `ack` have reached the device so far.
    #[must_use]
    pub fn acks(&self) -> u64 {
        self.shared.state.lock().acknowledged.len() as u64
    }

    /// Returns the messages whose `ack` has reached the device so far.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<MessageId> {
        self.shared.state.lock().acknowledged.clone()
    }

    /// Returns what passed lately, for somebody who looks into a failed test.
    #[must_use]
    pub fn story(&self) -> Vec<String> {
        self.shared.state.lock().story()
    }

    async fn until(&self, what: &str, condition: impl Fn(&State) -> bool) {
        let mut changed = self.shared.changed.subscribe();
        let waiting = async {
            while !condition(&self.shared.state.lock()) {
                // The sender lives in `self`, so this cannot fail.
                let _ = changed.changed().await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("waited in vain until {what}");
        }
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state.lock());
        self.changed.send_replace(());
        result
    }

    fn token(&self) -> CancellationToken {
        self.state.lock().alive.clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        // A failed accept is the kernel's answer to a client that has gone already.
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        let token = shared.token();
        let shared = Arc::clone(&shared);
        if shared.state.lock().mode == Mode::Refusing {
            continue;
        }
        tokio::spawn(async move {
            tokio::select! {
                () = token.cancelled() => {}
                () = connection::relay(&shared, client) => {}
            }
        });
    }
}
