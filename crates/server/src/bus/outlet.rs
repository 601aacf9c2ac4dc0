//! The bounded queue between the bus and one socket.

use std::{
    collections::{HashSet, VecDeque},
    mem,
};

use magpie_protocol::{ConversationId, DeviceId, UserId, frames::ByeReason};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Where the bus puts the frames for one socket, and the socket takes them from.
///
/// When more than the allowed number of frames or bytes wait, all of them are dropped and later
/// ones are not kept either until the socket has taken notice: a resync makes up for them.
#[derive(Debug)]
pub struct Outlet {
    user: UserId,
    device: DeviceId,
    max_frames: usize,
    max_bytes: usize,
    queue: Mutex<Queue>,
    wake: Notify,
    /// The conversations that this outlet was subscribed to; `None` once it is unregistered, after
    /// which nothing subscribes it any more.
    pub(super) conversations: Mutex<Option<HashSet<ConversationId>>>,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Utf8Bytes>,
    bytes: usize,
    lost: bool,
    bye: Option<ByeReason>,
}

/// What waited in an [`Outlet`].
#[derive(Debug, Default)]
pub struct Taken {
    /// The frames, in order.
    pub frames: VecDeque<Utf8Bytes>,
    /// Frames were dropped; the socket has to be told.
    pub resync: bool,
    /// The socket has to be closed, for this reason.
    pub bye: Option<ByeReason>,
}

impl Outlet {
    pub(super) fn new(user: UserId, device: DeviceId, max_frames: usize, max_bytes: usize) -> Self {
        Self {
            user,
            device,
            max_frames,
            max_bytes,
            queue: Mutex::default(),
            wake: Notify::new(),
            conversations: Mutex::new(Some(HashSet::new())),
        }
    }

    /// Returns whose socket it is.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Returns which device's socket it is.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Adds a frame, or drops it and all others where there is no room.
    pub fn push(&self, frame: &Utf8Bytes) {
        {
            let mut queue = self.queue.lock();
            if queue.lost || queue.bye.is_some() {
                return;
            }
            let fits = queue.frames.len() < self.max_frames
                && queue.bytes.saturating_add(frame.len()) <= self.max_bytes;
            if fits {
                queue.bytes += frame.len();
                queue.frames.push_back(frame.clone());
            } else {
                queue.frames = VecDeque::new();
                queue.bytes = 0;
                queue.lost = true;
            }
        }
        self.wake.notify_one();
    }

    /// Asks the socket to close. The first reason stays.
    pub fn close(&self, reason: ByeReason) {
        self.queue.lock().bye.get_or_insert(reason);
        self.wake.notify_one();
    }

    /// Waits until something is to be taken. Dropping the future loses nothing.
    pub async fn ready(&self) {
        loop {
            let woken = self.wake.notified();
            {
                let queue = self.queue.lock();
                if queue.lost || queue.bye.is_some() || !queue.frames.is_empty() {
                    return;
                }
            }
            woken.await;
        }
    }

    /// Returns why the socket has to be closed, where it has to.
    pub fn bye(&self) -> Option<ByeReason> {
        self.queue.lock().bye
    }

    /// Takes all that waits.
    pub fn take(&self) -> Taken {
        let mut queue = self.queue.lock();
        queue.bytes = 0;
        Taken {
            frames: mem::take(&mut queue.frames),
            resync: mem::take(&mut queue.lost),
            bye: queue.bye,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlet() -> Outlet {
        Outlet::new(UserId::new(1).unwrap(), DeviceId::new(1).unwrap(), 2, 10)
    }

    #[test]
    fn too_many_frames_become_one_resync() {
        let outlet = outlet();
        for _ in 0..3 {
            outlet.push(&"x".into());
        }
        outlet.push(&"late".into());
        let taken = outlet.take();
        assert!(taken.resync && taken.frames.is_empty());
        outlet.push(&"next".into());
        let taken = outlet.take();
        assert!(!taken.resync);
        assert_eq!(taken.frames, ["next"]);
    }

    #[test]
    fn too_many_bytes_become_one_resync() {
        let outlet = outlet();
        outlet.push(&"123456".into());
        outlet.push(&"78901".into());
        assert!(outlet.take().resync);
    }

    #[test]
    fn the_first_reason_to_close_stays() {
        let outlet = outlet();
        outlet.close(ByeReason::Replaced);
        outlet.close(ByeReason::ShuttingDown);
        outlet.push(&"x".into());
        let taken = outlet.take();
        assert_eq!(taken.bye, Some(ByeReason::Replaced));
        assert!(taken.frames.is_empty());
    }
}
