//! The handle of one signed-in account.

use std::{
    future::Future,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use magpie_protocol::{MessageId, UserId, accounts::Account};
use parking_lot::Mutex;
use rand::{RngExt, rngs::StdRng};
use tokio::sync::{Notify, mpsc, watch};

use crate::{
    Clock, CoreError, CoreEvent, EventStream, FailureCode, LocalCode, Notice,
    api::Api,
    diagnostics::Troubles,
    event::Events,
    notify::{self, Board, Hub, Known},
    outbox::{self, Flight, Mint},
    presence::Presences,
    session::Session,
    settings::Settings,
    socket::{self, Answer, Generation, Incoming, LinkState, Wire},
    storage,
    store::Store,
    sync,
    tasks::Tasks,
};

/// What a [`Core`] is put together from.
pub(crate) struct Parts {
    /// The account's key among [`crate::Home::remembered`].
    pub(crate) key: String,
    /// The address of its server.
    pub(crate) server_url: String,
    /// The account as last heard.
    pub(crate) account: Account,
    /// The local database.
    pub(crate) store: Store,
    /// The server's HTTP interface, for this account.
    pub(crate) api: Api,
    /// The token pair.
    pub(crate) session: Session,
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) rng: StdRng,
    /// What the user has chosen.
    pub(crate) settings: watch::Receiver<Settings>,
    /// Where failures are noted.
    pub(crate) troubles: Troubles,
    /// What was held before anything could arrive.
    pub(crate) known: Known,
}

/// What the tasks of an account share.
pub(crate) struct Shared {
    pub(crate) key: String,
    pub(crate) server_url: String,
    pub(crate) me: UserId,
    pub(crate) account: Mutex<Account>,
    pub(crate) store: Store,
    pub(crate) api: Api,
    pub(crate) session: Session,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) events: Events,
    pub(crate) link: watch::Sender<LinkState>,
    pub(crate) wire: Wire,
    /// What the user has chosen.
    pub(crate) settings: watch::Receiver<Settings>,
    /// Where failures are noted.
    pub(crate) troubles: Troubles,
    /// What is notified of.
    pub(crate) hub: Hub,
    /// Which friends are there.
    pub(crate) presence: Presences,
    /// Messages that were handed to a socket.
    pub(crate) flight: Flight,
    /// Wakes the outbox's sender.
    pub(crate) outbox_grew: Notify,
    /// Wakes whoever tells the server how far this user has come.
    pub(crate) marks_owed: Notify,
    /// Wakes the filling of holes.
    pub(crate) holes: Notify,
    /// Asks sync to catch up with a conversation.
    wanted: mpsc::UnboundedSender<sync::Job>,
    signed_out: AtomicBool,
    rng: Mutex<StdRng>,
    mint: Mutex<Mint>,
}

impl Shared {
    /// Returns a number from 0 to 1.
    pub(crate) fn chance(&self) -> f64 {
        self.rng.lock().random()
    }

    /// Mints the id of a new message.
    pub(crate) fn new_message_id(&self) -> MessageId {
        let random = self.rng.lock().random();
        self.mint.lock().next(self.clock.now(), random)
    }

    /// Changes how the link stands, and says so where it is news. Nothing follows being signed out.
    pub(crate) fn set_link(&self, link: LinkState) {
        let changed = self.link.send_if_modified(|present| {
            if *present == link || *present == LinkState::SignedOut {
                return false;
            }
            *present = link;
            true
        });
        if changed {
            if let LinkState::Offline { reason, .. } = link {
                self.troubles.note("link", reason);
            }
            self.events.emit(CoreEvent::Link { link });
        }
    }

    /// Says that everything is up to date under a socket, unless that one is not there any more.
    pub(crate) fn set_online(&self, socket: Generation) {
        let changed = self.link.send_if_modified(|present| {
            // A socket is taken away before the link is said to be lost, so that one that is there
            // now has not been spoken of yet.
            if *present != LinkState::Syncing || self.wire.generation() != Some(socket) {
                return false;
            }
            *present = LinkState::Online;
            true
        });
        if changed {
            let link = LinkState::Online;
            self.events.emit(CoreEvent::Link { link });
        }
    }

    /// Asks sync to do something, in its own time.
    pub(crate) fn want(&self, job: sync::Job) {
        // It fails when sync is gone for good, with everything else.
        let _ = self.wanted.send(job);
    }

    /// Ends life with the server: this device is not signed in any more.
    pub(crate) fn sign_out(&self, error: CoreError) {
        if !self.signed_out.swap(true, Ordering::AcqRel) {
            self.troubles.note("session", error.code());
            self.set_link(LinkState::SignedOut);
            self.events.emit(CoreEvent::SignedOut {
                failure: error.into(),
            });
        }
    }
}

/// A signed-in account: a cheap handle over its tasks. The tasks end when the last handle is
/// dropped or [`Core::close`] returns.
#[derive(Clone)]
pub struct Core {
    pub(crate) shared: Arc<Shared>,
    tasks: Arc<Tasks>,
}

/// An account that somebody else keeps open.
pub(crate) struct WeakCore {
    shared: Weak<Shared>,
    tasks: Weak<Tasks>,
}

impl WeakCore {
    /// Returns the account while it is in use.
    pub(crate) fn upgrade(&self) -> Option<Core> {
        let tasks = self.tasks.upgrade()?;
        let shared = self.shared.upgrade()?;
        Some(Core { shared, tasks })
    }
}

impl Core {
    /// Returns a handle that does not keep the account open.
    pub(crate) fn downgrade(&self) -> WeakCore {
        WeakCore {
            shared: Arc::downgrade(&self.shared),
            tasks: Arc::downgrade(&self.tasks),
        }
    }

    /// Starts the tasks of an account. Must be called within a runtime.
    pub(crate) fn start(parts: Parts) -> Self {
        let (wanted, jobs) = mpsc::unbounded_channel();
        let (incoming, frames) = mpsc::channel::<Incoming>(1024);
        let (answered, answers) = mpsc::channel::<Answer>(1024);
        let hub = Hub::default();
        if parts.known.is_new {
            hub.await_history();
        }
        let board = Board::new(parts.key.clone(), parts.known);
        let shared = Arc::new(Shared {
            key: parts.key,
            server_url: parts.server_url,
            me: parts.account.user.id,
            account: Mutex::new(parts.account),
            store: parts.store,
            api: parts.api,
            session: parts.session,
            clock: parts.clock,
            events: Events::default(),
            link: watch::Sender::new(LinkState::Connecting { since: None }),
            wire: Wire::default(),
            settings: parts.settings,
            troubles: parts.troubles,
            hub,
            presence: Presences::default(),
            flight: Flight::default(),
            outbox_grew: Notify::new(),
            marks_owed: Notify::new(),
            holes: Notify::new(),
            wanted,
            signed_out: AtomicBool::new(false),
            rng: Mutex::new(parts.rng),
            mint: Mutex::default(),
        });
        let core = Self {
            shared,
            tasks: Arc::default(),
        };
        core.spawn("session", keep_session);
        core.spawn("socket", move |shared| {
            socket::run(shared, incoming.clone(), answered.clone())
        });
        core.spawn("socket.way", socket::follow_way);
        let inbox = Arc::new(tokio::sync::Mutex::new(sync::Inbox { frames, jobs }));
        core.spawn("sync", move |shared| sync::run(shared, inbox.clone()));
        core.spawn("sync.holes", sync::fill_holes);
        core.spawn("sync.marks", sync::send_marks);
        core.spawn("storage", storage::keep);
        let board = Arc::new(tokio::sync::Mutex::new(board));
        core.spawn("notify", move |shared| notify::run(shared, board.clone()));
        let answers = Arc::new(tokio::sync::Mutex::new(answers));
        core.spawn("outbox.sender", move |shared| {
            outbox::run(shared, answers.clone())
        });
        core
    }

    fn spawn<M, F>(&self, name: &'static str, mut make: M)
    where
        M: FnMut(Arc<Shared>) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (shared, told) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let failed = move || {
            told.troubles
                .note(name, FailureCode::Local(LocalCode::Internal));
            told.events.emit(CoreEvent::Notice {
                notice: Notice::TaskFailed,
            });
        };
        self.tasks
            .spawn(name, failed, move || make(Arc::clone(&shared)));
    }

    /// Listens to events from now on.
    #[must_use]
    pub fn events(&self) -> EventStream {
        self.shared.events.listen()
    }

    /// Returns how the link to the server stands.
    #[must_use]
    pub fn link(&self) -> LinkState {
        *self.shared.link.borrow()
    }

    /// Returns one's own account as last heard.
    #[must_use]
    pub fn account(&self) -> Account {
        self.shared.account.lock().clone()
    }

    /// Returns the key of this account among [`crate::Home::remembered`].
    #[must_use]
    pub fn key(&self) -> &str {
        &self.shared.key
    }

    /// Returns the address of the account's server.
    #[must_use]
    pub fn server_url(&self) -> &str {
        &self.shared.server_url
    }

    /// Tries to connect at once instead of waiting for the next try. Where there is a link, it is
    /// asked for a sign of life, so that a dead one is noticed within seconds.
    pub fn reconnect(&self) {
        self.shared.wire.hurry.notify_one();
    }

    /// Ends the tasks and closes the database. What is in the outbox stays there.
    pub async fn close(&self) {
        self.tasks.close().await;
        // A new token pair that is on its way would be lost with the app's lock or its end.
        self.shared.session.settle().await;
        self.shared.wire.down();
        self.shared.store.close().await;
        self.shared.events.close();
        self.shared.hub.close();
    }
}

/// Keeps the access token fresh, and tells of the end of the session.
async fn keep_session(shared: Arc<Shared>) {
    shared.session.keep_fresh().await;
    let ended = shared.session.watch_end().borrow().clone();
    if let Some(error) = ended {
        shared.sign_out(error);
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use magpie_protocol::{
        DeviceId, Timestamp,
        accounts::{Gender, User},
        sessions::{Secret, Tokens},
    };
    use rand::SeedableRng as _;

    use super::*;
    use crate::{
        SystemClock,
        api::{Http, Way},
        secrets::Secrets,
        session::Pair,
        store::testing::{Temporary, temporary},
    };

    fn account() -> Account {
        Account {
            user: User {
                id: UserId::new(1).unwrap(),
                username: "ming".to_owned(),
                nickname: "ming".to_owned(),
                signature: String::new(),
                gender: Gender::Unspecified,
                region: String::new(),
            },
            email: None,
            birthday: None,
            created_at: Timestamp(1),
        }
    }

    /// A core whose server is not there.
    async fn alone() -> (Core, Temporary) {
        let database = temporary();
        let clock = Arc::new(SystemClock);
        let file = database.folder.path().join("secrets.json");
        let opened = Secrets::open(file, None, clock.now()).await.unwrap();
        let tokens = Tokens {
            access_token: Secret::new("access".to_owned()),
            access_expires_in_ms: 900_000,
            refresh_token: Secret::new("refresh".to_owned()),
            refresh_expires_at: Timestamp(i64::MAX),
        };
        let pair = Pair::new(tokens, DeviceId::new(5).unwrap(), clock.now());
        // Nobody listens on the first port.
        let server_url = "http://127.0.0.1:1".to_owned();
        let http = Http::new(&server_url, Way::default()).unwrap();
        let secrets = opened.secrets.account("1@test");
        let session = Session::new(http.clone(), secrets, clock.clone(), pair);
        let core = Core::start(Parts {
            key: "1@test".to_owned(),
            server_url,
            account: account(),
            store: database.store.clone(),
            api: Api::new(http, session.clone()),
            session,
            rng: StdRng::seed_from_u64(1),
            settings: watch::Sender::new(Settings::default()).subscribe(),
            troubles: Troubles::new(clock.clone()),
            known: Known::default(),
            clock,
        });
        (core, database)
    }

    #[tokio::test]
    async fn a_task_does_not_end_by_itself_when_another_is_closed_before_it() {
        let (core, _database) = alone().await;
        let (_, frames) = mpsc::channel(1);
        let (_wanted, jobs) = mpsc::unbounded_channel();
        let inbox = Arc::new(tokio::sync::Mutex::new(sync::Inbox { frames, jobs }));
        let sync = sync::run(Arc::clone(&core.shared), inbox).now_or_never();
        assert_eq!(sync, None, "its end would be reported as a failure");
        core.close().await;
    }
}
