//! The way from the tasks to the socket and back.

use magpie_protocol::{
    ErrorBody, MessageId,
    frames::{ClientFrame, ServerFrame},
};
use tokio::sync::{Notify, mpsc, watch};

/// What the socket hands to sync, in the order in which it came.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A socket is ready: from now on every change is heard of.
    Up,
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
    /// Tells this socket from those before it.
    pub(crate) generation: u64,
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
    present: watch::Sender<Option<Connection>>,
    /// Asks the socket to try, or to prove that it lives, at once.
    pub(crate) hurry: Notify,
    /// Asks the socket to give up its connection, because an answer is overdue.
    pub(crate) give_up: Notify,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            present: watch::Sender::new(None),
            hurry: Notify::new(),
            give_up: Notify::new(),
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

    /// Announces a socket, and returns the queue of what is to be written to it.
    pub(super) fn up(&self, generation: u64) -> mpsc::Receiver<ClientFrame> {
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
