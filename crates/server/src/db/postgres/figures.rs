//! What the pool counts of itself.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::{super::Waiting, session::Mode};

#[derive(Debug, Default)]
pub(super) struct Figures {
    waiting_reads: AtomicUsize,
    waiting_writes: AtomicUsize,
    busy: AtomicUsize,
    connections: AtomicUsize,
    retries: AtomicU64,
    lost: AtomicU64,
}

/// The pool of connections to PostgreSQL at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pool {
    /// Connections that are open.
    pub connections: usize,
    /// Those of them that run a transaction.
    pub busy: usize,
    /// Transactions that were run again, since the start: others were in the way, or the connection
    /// was lost.
    pub retries: u64,
    /// Connections that were lost, since the start.
    pub lost: u64,
}

impl Figures {
    fn of(&self, mode: Mode) -> &AtomicUsize {
        match mode {
            Mode::Read => &self.waiting_reads,
            Mode::Serializable | Mode::Locked => &self.waiting_writes,
        }
    }

    pub(super) fn asked(&self, mode: Mode) {
        self.of(mode).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn taken(&self, mode: Mode) {
        self.of(mode).fetch_sub(1, Ordering::Relaxed);
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn done(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting {
            reads: self.waiting_reads.load(Ordering::Relaxed),
            writes: self.waiting_writes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn pool(&self) -> Pool {
        Pool {
            connections: self.connections.load(Ordering::Relaxed),
            busy: self.busy.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        }
    }
}
