//! The way from the tasks to the socket and back.

use std::sync::atomic::{AtomicU64, Ordering};

use magpie_protocol::{
    ErrorBody, MessageId,
    frames::{ClientFrame, ServerFrame},
};
use tokio::sync::{Notify, mpsc, watch};

/// Tells a socket from those before it.
pub(crate) type Generation = u64;

/// What the socket hands to sync, in the order in which it came.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A socket is ready: from now on every change is heard of.
    Up(Generation),
    /// A frame.
    Frame(ServerFrame),
    /// The socket is gone.
    Down,
}

/// What became of a message that was sent, told to the outbox at once. The database hears of it
/// through [`Incoming`].
#[derive(Debug)]
pub(crate) struct Answer {
    /// The message.
    pub(crate) id: MessageId,
    /// Stored, or why not.
    pub(crate) result: Result<(), ErrorBody>,
}

/// A socket that is ready. Each has its own generation.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// Which one it is.
    pub(crate) generation: Generation,
    frames: mpsc::Sender<ClientFrame>,
}

impl Connection {
    /// Hands a frame to the socket, waiting while its queue is full. Returns whether the socket
    /// was still there; that it left is known from the answer only.
    pub(crate) async fn send(&self, frame: ClientFrame) -> bool {
        self.frames.send(frame).await.is_ok()
    }
}

/// Where tasks find the present socket.
#[derive(Debug)]
pub(crate) struct Wire {
    /// How many sockets there were. It outlives the task that opens them.
    opened: AtomicU64,
    present: watch::Sender<Option<Connection>>,
    /// The latest socket under which it was asked what was missed. Until then the server may hold
    /// less than this device.
    synced: watch::Sender<Option<Generation>>,
    /// Asks the socket to try, or to prove that it lives, at once.
    pub(crate) hurry: Notify,
    /// Asks the socket to give up its connection, because an answer is overdue.
    pub(crate) give_up: Notify,
    /// Asks for another socket, because another way to the network was chosen.
    pub(super) reroute: Notify,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            opened: AtomicU64::new(0),
            present: watch::Sender::new(None),
            synced: watch::Sender::new(None),
            hurry: Notify::new(),
            give_up: Notify::new(),
            reroute: Notify::new(),
        }
    }
}

impl Wire {
    /// Watches sockets come and go.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Connection>> {
        self.present.subscribe()
    }

    /// Tells whether a socket is ready.
    pub(crate) fn is_up(&self) -> bool {
        self.present.borrow().is_some()
    }

    /// Returns which socket is ready.
    pub(crate) fn generation(&self) -> Option<Generation> {
        self.present.borrow().as_ref().map(|c| c.generation)
    }

    /// Says that it is known under this socket what was missed in all scopes.
    pub(crate) fn set_synced(&self, generation: Generation) {
        self.synced.send_replace(Some(generation));
    }

    /// Watches for which socket that was said last.
    pub(crate) fn watch_synced(&self) -> watch::Receiver<Option<Generation>> {
        self.synced.subscribe()
    }

    /// Returns what tells a new socket from all before it.
    pub(super) fn next_generation(&self) -> Generation {
        self.opened.fetch_add(1, Ordering::Relaxed)
    }

    /// Announces a socket, and returns the queue of what is to be written to it.
    pub(super) fn up(&self, generation: Generation) -> mpsc::Receiver<ClientFrame> {
        let (frames, queue) = mpsc::channel(64);
        self.present
            .send_replace(Some(Connection { generation, frames }));
        queue
    }

    /// Announces that the socket is gone.
    pub(crate) fn down(&self) {
        self.present.send_replace(None);
    }
}
