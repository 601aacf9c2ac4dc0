//! Where notifications are called for, and where they come out.

use std::collections::{BTreeSet, HashMap};

use magpie_protocol::ConversationId;
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};

use super::{Known, NotifyEvent};

/// How many events wait for a slow listener.
const WAITING: usize = 256;

/// What changed since notifications were last thought about.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Everything may have changed.
    pub(super) all: bool,
    /// These conversations changed.
    pub(super) conversations: BTreeSet<ConversationId>,
    /// Friend requests changed.
    pub(super) requests: bool,
}

impl Pending {
    /// Adds what was put off before.
    pub(super) fn join(&mut self, other: Self) {
        self.all |= other.all;
        self.requests |= other.requests;
        self.conversations.extend(other.conversations);
    }
}

/// What a window shows.
#[derive(Debug, Clone, Copy)]
struct View {
    conversation_id: Option<ConversationId>,
    focused: bool,
}

/// What a new device is told first, which is no news.
#[derive(Debug, Default)]
enum History {
    /// The device is not new, or has been told.
    #[default]
    Past,
    /// It is being told.
    Awaited,
    /// This was it.
    Told(Known),
}

/// Where notifications are called for, and where they come out. Without a listener, what changed is
/// only kept in mind.
#[derive(Debug)]
pub(crate) struct Hub {
    pending: Mutex<Pending>,
    views: Mutex<HashMap<String, View>>,
    sender: Mutex<Option<broadcast::Sender<NotifyEvent>>>,
    history: Mutex<History>,
    /// Something changed, or somebody listens.
    pub(super) wake: Notify,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            // What arrives before the task has begun is not missed.
            pending: Mutex::new(Pending {
                all: true,
                requests: true,
                ..Pending::default()
            }),
            views: Mutex::default(),
            sender: Mutex::new(Some(broadcast::Sender::new(WAITING))),
            history: Mutex::default(),
            wake: Notify::new(),
        }
    }
}

impl Hub {
    /// Notes what a transaction changed.
    pub(crate) fn touched(&self, conversations: &BTreeSet<ConversationId>, requests: bool) {
        if conversations.is_empty() && !requests {
            return;
        }
        let mut pending = self.pending.lock();
        pending.conversations.extend(conversations);
        pending.requests |= requests;
        drop(pending);
        self.wake.notify_one();
    }

    /// Says that this device is new.
    pub(crate) fn await_history(&self) {
        *self.history.lock() = History::Awaited;
    }

    /// Tells whether this device is new and is being told its history.
    pub(crate) fn awaits_history(&self) -> bool {
        matches!(*self.history.lock(), History::Awaited)
    }

    /// Says what a new device was told before it was up to date.
    pub(crate) fn history_told(&self, known: Known) {
        *self.history.lock() = History::Told(known);
    }

    /// Returns what a new device was told, once.
    pub(super) fn take_history(&self) -> Option<Known> {
        let mut history = self.history.lock();
        match std::mem::take(&mut *history) {
            History::Told(known) => Some(known),
            other => {
                *history = other;
                None
            }
        }
    }

    pub(super) fn set_view(
        &self,
        window: &str,
        conversation_id: Option<ConversationId>,
        focused: bool,
    ) {
        let view = View {
            conversation_id,
            focused,
        };
        self.views.lock().insert(window.to_owned(), view);
        if let Some(id) = conversation_id {
            self.touched(&BTreeSet::from([id]), false);
        }
    }

    pub(super) fn drop_view(&self, window: &str) {
        self.views.lock().remove(window);
    }

    /// Forgets all windows: they show another account.
    pub(crate) fn drop_views(&self) {
        self.views.lock().clear();
    }

    /// Returns the conversations that somebody looks at.
    pub(super) fn looked_at(&self) -> Vec<ConversationId> {
        let views = self.views.lock();
        let focused = views.values().filter(|view| view.focused);
        focused.filter_map(|view| view.conversation_id).collect()
    }

    pub(super) fn take(&self) -> Pending {
        std::mem::take(&mut *self.pending.lock())
    }

    /// Keeps what must be thought about later.
    pub(super) fn put_back(&self, pending: Pending) {
        self.pending.lock().join(pending);
    }

    pub(super) fn has_listeners(&self) -> bool {
        let sender = self.sender.lock();
        sender
            .as_ref()
            .is_some_and(|sender| sender.receiver_count() > 0)
    }

    pub(super) fn listen(&self) -> NoticeStream {
        let receiver = match &*self.sender.lock() {
            Some(sender) => sender.subscribe(),
            None => broadcast::Sender::new(1).subscribe(),
        };
        self.wake.notify_one();
        NoticeStream(receiver)
    }

    pub(super) fn emit(&self, event: NotifyEvent) {
        if let Some(sender) = &*self.sender.lock() {
            // It fails when nobody listens any more, which is fine.
            let _ = sender.send(event);
        }
    }

    /// Takes everything away, and ends all listeners' streams.
    pub(crate) fn close(&self) {
        self.emit(NotifyEvent::WithdrawAll);
        self.sender.lock().take();
    }
}

/// What is to become of notifications, in order.
#[derive(Debug)]
pub struct NoticeStream(broadcast::Receiver<NotifyEvent>);

impl NoticeStream {
    /// Returns what is to be done next; `None` when the core has been closed.
    pub async fn next(&mut self) -> Option<NotifyEvent> {
        use broadcast::error::RecvError;
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(_)) => Some(NotifyEvent::WithdrawAll),
            Err(RecvError::Closed) => None,
        }
    }
}
