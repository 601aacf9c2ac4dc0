//! What waits to be published.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::wire::News;

/// The most that waits, in bytes. That much is reached only when Redis does not keep up.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// News in the order in which they are to be published. Putting something in never waits: what finds
/// no room, or no connection, is lost, and that it was is remembered.
#[derive(Debug, Default)]
pub(in crate::bus) struct Backlog {
    queue: Mutex<Queue>,
    wake: Notify,
    idle: Notify,
    lost: AtomicBool,
    lost_count: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    news: VecDeque<News>,
    bytes: usize,
    /// There is somebody who empties it.
    open: bool,
    /// How many of those that matter were taken last and are still being published.
    busy: usize,
}

impl Backlog {
    /// Puts something in.
    pub(in crate::bus) fn push(&self, news: News) {
        {
            let mut queue = self.queue.lock();
            let size = news.size();
            if !queue.open || queue.bytes + size > MAX_BYTES {
                drop(queue);
                self.lose(usize::from(news.matters()));
                return;
            }
            queue.bytes += size;
            queue.news.push_back(news);
        }
        self.wake.notify_one();
    }

    fn lose(&self, count: usize) {
        if count > 0 {
            self.lost.store(true, Ordering::Release);
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            self.lost_count.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Lets news in from now on.
    pub(super) fn open(&self) {
        let mut queue = self.queue.lock();
        (queue.open, queue.busy) = (true, 0);
    }

    /// Lets nothing in any more, and loses what waits and what was taken last, which may not have
    /// arrived.
    pub(super) fn shut(&self) {
        let lost = {
            let mut queue = self.queue.lock();
            (queue.open, queue.bytes) = (false, 0);
            let waiting = std::mem::take(&mut queue.news);
            std::mem::take(&mut queue.busy) + mattering(&waiting)
        };
        self.lose(lost);
        self.idle.notify_waiters();
    }

    /// Waits for news, and takes at most `limit` of them. What was taken before is done with.
    pub(super) async fn next(&self, limit: usize) -> Vec<News> {
        loop {
            let woken = self.wake.notified();
            {
                let mut queue = self.queue.lock();
                let count = queue.news.len().min(limit);
                queue.busy = 0;
                if count > 0 {
                    let taken: Vec<News> = queue.news.drain(..count).collect();
                    queue.busy = mattering(&taken);
                    queue.bytes -= taken.iter().map(News::size).sum::<usize>();
                    return taken;
                }
            }
            self.idle.notify_waiters();
            woken.await;
        }
    }

    /// Waits until nothing waits and nothing is under way.
    pub(in crate::bus) async fn emptied(&self) {
        loop {
            let idle = self.idle.notified();
            {
                let queue = self.queue.lock();
                if !queue.open || (queue.news.is_empty() && queue.busy == 0) {
                    return;
                }
            }
            idle.await;
        }
    }

    /// Tells whether something was lost since this was asked last.
    pub(in crate::bus) fn take_lost(&self) -> bool {
        self.lost.swap(false, Ordering::AcqRel)
    }

    /// Puts back that something was lost.
    pub(in crate::bus) fn still_lost(&self) {
        self.lost.store(true, Ordering::Release);
    }

    /// Returns how many were ever lost, and how many wait.
    pub(in crate::bus) fn counts(&self) -> (u64, usize) {
        let lost = self.lost_count.load(Ordering::Relaxed);
        (lost, self.queue.lock().news.len())
    }
}

fn mattering<'a>(news: impl IntoIterator<Item = &'a News>) -> usize {
    news.into_iter().filter(|news| news.matters()).count()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use magpie_protocol::{DeviceId, UserId, sync::Scope};

    use super::*;

    fn frame(text: &str) -> News {
        News::Frame(Scope::User(UserId::new(1).unwrap()), text.into())
    }

    #[tokio::test]
    async fn nothing_is_kept_without_a_connection_and_that_is_known() {
        let backlog = Backlog::default();
        backlog.push(frame("lost"));
        assert!(backlog.take_lost() && !backlog.take_lost());
        backlog.open();
        backlog.push(frame("one"));
        backlog.push(frame("two"));
        assert_eq!(backlog.next(1).await, [frame("one")]);
        assert!(!backlog.take_lost());
        backlog.shut();
        assert!(backlog.take_lost());
        assert_eq!(backlog.counts(), (3, 0));
    }

    #[tokio::test]
    async fn what_does_not_matter_is_not_missed() {
        let scope = Scope::User(UserId::new(1).unwrap());
        let came = || News::Came(scope, DeviceId::new(1).unwrap());
        let backlog = Backlog::default();
        backlog.push(came());
        backlog.open();
        backlog.push(came());
        backlog.push(came());
        assert_eq!(backlog.next(1).await, [came()]);
        backlog.shut();
        assert!(!backlog.take_lost());
        assert_eq!(backlog.counts(), (0, 0));
    }

    #[tokio::test]
    async fn it_is_empty_when_the_last_was_done() {
        let backlog = Backlog::default();
        backlog.emptied().await;
        backlog.open();
        backlog.push(frame("one"));
        let mut emptied = Box::pin(backlog.emptied());
        assert!((&mut emptied).now_or_never().is_none());
        backlog.next(8).await;
        assert!((&mut emptied).now_or_never().is_none());
        assert!(backlog.next(8).now_or_never().is_none());
        emptied.await;
    }

    #[test]
    fn what_finds_no_room_is_lost() {
        let backlog = Backlog::default();
        backlog.open();
        let large = "x".repeat(MAX_BYTES / 2);
        backlog.push(frame(&large));
        backlog.push(frame(&large));
        assert!(backlog.take_lost());
        assert_eq!(backlog.counts(), (1, 1));
    }
}
