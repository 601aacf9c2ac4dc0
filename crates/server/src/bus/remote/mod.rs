//! The bus between several nodes: sharded publish and subscribe of Redis or Valkey.
//!
//! There is one channel for each scope. This node subscribes to the scopes that its sockets listen
//! to ([`interest`]), and publishes each change once ([`backlog`]); what it has published itself it
//! passes over when it comes back. Messages do not depend on any of this: what is lost here is found
//! by asking for the difference, and what was lost is known. While the link is down nothing is kept;
//! when it is up again, everything is subscribed to anew, and [`Link::epoch`] tells those who mend
//! what was missed meanwhile (`nodes/mend.rs`).

mod backlog;
mod interest;
mod session;
mod topology;
mod wire;

use std::{fmt, sync::Arc, time::Duration};

use magpie_protocol::sync::Scope;
use redis::{FromRedisValue, Pipeline};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use self::{
    backlog::Backlog,
    interest::Interest,
    session::{Receive, Session, SessionError},
};
use crate::{
    bus::BusAddress,
    clock::{self, Random},
};

pub(super) use wire::News;
pub use wire::NodeId;

/// How many subscriptions, and how many news, go in one round trip.
const BATCH: usize = 512;

/// How often the servers are asked whether they are there. One that does not answer within two
/// seconds is taken for gone.
const BEAT: Duration = Duration::from_secs(1);

/// How long connecting to all servers may take.
const OPENING: Duration = Duration::from_secs(5);

/// The pause before the second try to connect; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long a new socket waits for the confirmation of its subscriptions.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(2);

/// How long a node that stops waits for its last news to leave.
const LEAVING: Duration = Duration::from_secs(2);

/// The state of the link to the other nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// How it is.
    pub state: LinkState,
    /// How many times it has come up.
    pub epoch: u64,
}

/// How the link to the other nodes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It has not been tried yet, or not to the end.
    Starting,
    /// It works: everything is subscribed to.
    Up,
    /// It does not work.
    Down,
}

/// What is counted of the link to the other nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Events that were ever lost, for there was no link or no room.
    pub lost: u64,
    /// Events that wait to be published.
    pub waiting: usize,
    /// Scopes whose events of other nodes come here.
    pub scopes: usize,
}

/// There is no link to Redis at the moment, or it was lost, or Redis refused.
#[derive(Debug, thiserror::Error)]
#[error("Redis: {0}")]
pub(crate) struct RemoteError(#[from] SessionError);

/// The link to the other nodes.
pub(crate) struct Remote {
    own: NodeId,
    interest: Arc<Interest>,
    backlog: Backlog,
    link: watch::Sender<Link>,
    session: watch::Sender<Option<Session>>,
    stop: CancellationToken,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({:?})", *self.link.borrow())
    }
}

/// What the link does with what it hears.
pub(super) struct Handlers {
    /// Takes news of other nodes.
    pub(super) receive: Receive,
    /// Tells those who listen to a scope that they may have missed something.
    pub(super) late: Box<dyn Fn(Scope) + Send + Sync>,
}

impl Remote {
    /// Makes a link that is not up.
    pub(super) fn new(own: NodeId) -> Arc<Self> {
        Arc::new(Self {
            own,
            interest: Arc::default(),
            backlog: Backlog::default(),
            link: watch::Sender::new(Link {
                state: LinkState::Starting,
                epoch: 0,
            }),
            session: watch::Sender::new(None),
            stop: CancellationToken::new(),
        })
    }

    /// Keeps the link up until [`Remote::close`] is called.
    pub(super) async fn run(
        self: Arc<Self>,
        address: BusAddress,
        handlers: Handlers,
        random: Arc<dyn Random>,
    ) {
        if address.has_tls() {
            // Where the program has chosen a provider already, that one stays.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep_up(&address, &handlers, &*random) => {}
        }
        self.session.send_replace(None);
        self.backlog.shut();
    }

    async fn keep_up(&self, address: &BusAddress, handlers: &Handlers, random: &dyn Random) {
        let mut pause = FIRST_PAUSE;
        loop {
            let open = Session::open(address, self.own, &self.interest, &handlers.receive);
            let failure = match timeout(OPENING, open).await {
                Ok(Ok(session)) => {
                    self.interest.start_over();
                    self.backlog.open();
                    self.session.send_replace(Some(session.clone()));
                    let failure = self.serve(&session, handlers).await;
                    self.session.send_replace(None);
                    self.backlog.shut();
                    failure
                }
                Ok(Err(failure)) => failure,
                Err(_) => SessionError::Ended,
            };
            let earlier = self.set(LinkState::Down);
            if earlier == LinkState::Up {
                pause = FIRST_PAUSE;
            }
            if earlier != LinkState::Down {
                tracing::warn!(error = %failure, bus = %address.hosts(), "bus.down");
            }
            sleep(jittered(pause, random)).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn serve(&self, session: &Session, handlers: &Handlers) -> SessionError {
        let done: Result<(), SessionError> = tokio::select! {
            () = session.ended() => Err(SessionError::Ended),
            done = self.subscribe(session, handlers) => done,
            done = self.publish(session) => done,
            done = beat(session) => done,
        };
        done.err().unwrap_or(SessionError::Ended)
    }

    async fn subscribe(&self, session: &Session, handlers: &Handlers) -> Result<(), SessionError> {
        loop {
            let batch = match self.interest.take(BATCH) {
                Some(batch) => batch,
                None => {
                    if self.set(LinkState::Up) != LinkState::Up {
                        tracing::info!(scopes = self.interest.len(), "bus.up");
                    }
                    self.interest.next(BATCH).await
                }
            };
            session.subscribe(&batch).await?;
            for scope in self.interest.done(&batch) {
                (handlers.late)(scope);
            }
        }
    }

    async fn publish(&self, session: &Session) -> Result<(), SessionError> {
        loop {
            let news = self.backlog.next(BATCH).await;
            session.publish(&news, self.own).await?;
        }
    }

    /// Sets the state, and returns what it was.
    fn set(&self, state: LinkState) -> LinkState {
        let mut earlier = state;
        self.link.send_if_modified(|link| {
            earlier = link.state;
            link.state = state;
            if earlier != state && state == LinkState::Up {
                link.epoch += 1;
            }
            earlier != state
        });
        earlier
    }

    /// Returns this node's name.
    pub(crate) fn own(&self) -> NodeId {
        self.own
    }

    pub(super) fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Publishes, some time. Never waits.
    pub(super) fn tell(&self, news: News) {
        self.backlog.push(news);
    }

    /// Waits until everything that was asked for so far is confirmed. `false` when that takes too
    /// long, or the link is down.
    pub(super) async fn settled(&self) -> bool {
        let mut link = self.link.subscribe();
        tokio::select! {
            biased;
            _ = link.wait_for(|link| link.state == LinkState::Down) => false,
            () = self.interest.settled() => true,
            () = sleep(CONFIRMED_WITHIN) => false,
        }
    }

    /// Returns the state of the link, now and later.
    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    /// Tells whether something that was to be published was lost since this was asked last.
    pub(crate) fn take_lost(&self) -> bool {
        self.backlog.take_lost()
    }

    /// Says that what [`Remote::take_lost`] told of has not been mended.
    pub(crate) fn still_lost(&self) {
        self.backlog.still_lost();
    }

    /// Returns what is counted of the link.
    pub(super) fn figures(&self) -> Figures {
        let (lost, waiting) = self.backlog.counts();
        Figures {
            lost,
            waiting,
            scopes: self.interest.len(),
        }
    }

    /// Runs commands on the server that has the keys with the tag `{nodes}`.
    ///
    /// # Errors
    /// [`RemoteError`]; the commands may have had their effect nevertheless.
    pub(crate) async fn run_commands<T: FromRedisValue>(
        &self,
        pipe: &Pipeline,
    ) -> Result<T, RemoteError> {
        let session = self.session.borrow().clone();
        let session = session.ok_or(SessionError::Ended)?;
        Ok(session.run(wire::ALL_NODES, pipe).await?)
    }

    /// Ends the link at once.
    pub(super) fn abandon(&self) {
        self.stop.cancel();
    }

    /// Lets the last news leave, for a short while, and ends the link.
    pub(super) async fn close(&self) {
        if timeout(LEAVING, self.backlog.emptied()).await.is_err() {
            tracing::warn!("bus.not_emptied");
        }
        self.stop.cancel();
    }
}

async fn beat(session: &Session) -> Result<(), SessionError> {
    loop {
        sleep(BEAT).await;
        session.ping().await?;
    }
}

/// Returns between half of a pause and all of it.
pub(crate) fn jittered(pause: Duration, random: &dyn Random) -> Duration {
    let [chance] = clock::bytes::<1>(random);
    pause.mul_f64(0.5 + f64::from(chance) / 512.0)
}
