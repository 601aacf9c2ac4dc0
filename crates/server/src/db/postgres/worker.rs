//! A thread with a connection of its own, which runs one transaction after the other.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{runtime::Runtime, sync::mpsc};

use super::{
    Command, Shared, Work,
    doubt::{self, Fate},
    failure::{Failure, Remedy},
    session::{Mode, Session},
    start,
};
use crate::{
    bus::Event,
    db::{
        DbError,
        job::Job,
        tx::{Engine, Stamp, Tx},
    },
};

/// How often a transaction is tried in which others get in the way.
const TRIES: u32 = 24;

/// After so many tries in vain a transaction is tried while no other of this process is under way
/// that it could meet. Those that change the same row would otherwise go on meeting each other.
const ALONE_AFTER: u32 = 3;

/// The longest pause between two of these tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// How long a server that is gone is waited for. Who comes later is refused at once.
const OUTAGE: Duration = Duration::from_secs(3);

/// Between two looks for a server that is gone: at first, and at most.
const LOOK: Duration = Duration::from_millis(50);
const LONGEST_LOOK: Duration = Duration::from_secs(1);

/// How long it can take to find that a server does not answer.
const LONGEST_TRY: Duration = Duration::from_secs(6);

/// How long it is asked what became of a commit whose answer was lost.
const INQUIRY: Duration = Duration::from_secs(15);

/// What all workers know of a server that is gone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outage {
    since: Instant,
    next_look: Instant,
    pause: Duration,
}

pub(super) struct Worker {
    runtime: Arc<Runtime>,
    shared: Arc<Shared>,
    session: Option<Session>,
    chance: u64,
}

/// How a try ended.
enum End {
    /// It was committed, and these are to be published.
    Committed(Vec<Event>),
    /// It wanted nothing to be kept.
    Dropped,
    /// It can be answered only with this.
    Failed(DbError),
    /// It is to be tried again.
    Again(Failure),
    /// The connection was lost while the transaction of this number was committed.
    Unknown(i64, Vec<Event>, Failure),
}

impl Worker {
    pub(super) fn new(
        runtime: Arc<Runtime>,
        shared: Arc<Shared>,
        session: Option<Session>,
        number: u64,
    ) -> Self {
        let chance = (u64::from(std::process::id()) << 16) + number;
        Self {
            runtime,
            shared,
            session,
            chance,
        }
    }

    /// Runs what comes until the queue is closed and empty.
    pub(super) fn run(mut self, queue: &Mutex<mpsc::Receiver<Command>>) {
        while let Some(work) = next(queue) {
            let figures = &self.shared.figures;
            figures.taken(work.mode);
            self.perform(work);
            self.shared.figures.done();
        }
    }

    fn perform(&mut self, Work { mut job, mode }: Work) {
        let began = Instant::now();
        let mut duplicates = 0;
        for attempt in 1.. {
            let end = match self.connect() {
                Ok(()) => self.attempt_in_turn(mode, attempt, job.as_mut(), duplicates > 0),
                Err(error) => End::Failed(error),
            };
            let end = match end {
                End::Unknown(transaction, events, failure) => {
                    self.inquire(transaction, events, &failure)
                }
                end => end,
            };
            match end {
                End::Committed(events) => {
                    self.shared.commits.committed(1, began.elapsed());
                    self.shared.publish(events);
                    job.answer(Ok(()));
                    return;
                }
                End::Dropped => {
                    job.answer(Ok(()));
                    self.finish(mode);
                    return;
                }
                End::Failed(error) => {
                    job.answer(Err(error));
                    return;
                }
                End::Again(failure) => {
                    self.shared.figures.retried();
                    duplicates += u32::from(failure.remedy == Remedy::AgainOnce);
                    if attempt >= TRIES {
                        tracing::warn!(error = %failure.error, attempt, "db.transaction_given_up");
                        job.answer(Err(DbError::Unavailable(failure.error.to_string())));
                        return;
                    }
                    if failure.remedy == Remedy::Again {
                        thread::sleep(self.pause(attempt));
                    }
                }
                End::Unknown(..) => return,
            }
        }
    }

    /// As [`Self::attempt`], alone where it was tried often in vain.
    fn attempt_in_turn(&mut self, mode: Mode, attempt: u32, job: &mut dyn Job, again: bool) -> End {
        let shared = Arc::clone(&self.shared);
        let alone = attempt > ALONE_AFTER;
        let meets = mode == Mode::Serializable;
        let _among_others = (meets && !alone).then(|| shared.turns.read());
        let _alone = (meets && alone).then(|| shared.turns.write());
        self.attempt(mode, job, again)
    }

    /// Runs the closure once. `again` says that it has met a row with the same key before: then
    /// it was there from the beginning, and the closure knows.
    fn attempt(&mut self, mode: Mode, job: &mut dyn Job, again: bool) -> End {
        let Some(session) = &self.session else {
            return End::Failed(DbError::Unavailable("not connected".into()));
        };
        session.begin(mode);
        let mut tx = Tx {
            engine: Engine::Postgres(session),
            events: Vec::new(),
            stamp: Stamp::ReadOnly,
        };
        let keep = job.run(&mut tx);
        let events = std::mem::take(&mut tx.events);
        let end = match session.take_failure() {
            None if mode == Mode::Read => return End::Dropped,
            None if !keep => End::Dropped,
            None => match session.commit() {
                Ok(()) => return End::Committed(events),
                Err(failure) if failure.remedy == Remedy::Reconnect => {
                    End::Unknown(session.transaction(), events, failure)
                }
                Err(failure) => repeat_or_fail(failure),
            },
            Some(failure) => match failure.remedy {
                // The closure was told, and has made its answer of it.
                Remedy::None if !keep => End::Dropped,
                Remedy::AgainOnce if again && !keep => End::Dropped,
                Remedy::AgainOnce if again => End::Failed(failure.error),
                _ => repeat_or_fail(failure),
            },
        };
        let lost = match &end {
            End::Again(failure) | End::Unknown(_, _, failure) => {
                failure.remedy == Remedy::Reconnect
            }
            End::Committed(_) | End::Dropped | End::Failed(_) => false,
        };
        if lost || session.roll_back().is_err() {
            self.lose();
        }
        end
    }

    /// Ends what a reader has been answered from already.
    fn finish(&mut self, mode: Mode) {
        let Some(session) = &self.session else { return };
        if mode == Mode::Read && session.commit().is_err() {
            self.lose();
        }
    }

    /// Finds out whether a transaction was committed.
    fn inquire(&mut self, transaction: i64, events: Vec<Event>, lost: &Failure) -> End {
        tracing::warn!(error = %lost.error, "db.commit_unanswered");
        let until = Instant::now() + INQUIRY;
        while Instant::now() < until {
            if self.connect_once().is_ok()
                && let Some(session) = &self.session
            {
                match doubt::fate(session, transaction) {
                    Ok(Fate::Committed) => return End::Committed(events),
                    Ok(Fate::Aborted) => {
                        return End::Again(Failure::lost("the transaction was broken off"));
                    }
                    // The server has not noticed that we are gone.
                    Ok(Fate::Open) => {}
                    Ok(Fate::Unknown) => break,
                    Err(_) => self.lose(),
                }
            }
            thread::sleep(LOOK);
        }
        tracing::error!("db.commit_unknown");
        doubt::keep(&self.shared, transaction, events);
        let told = "the connection was lost during the commit";
        End::Failed(DbError::Unavailable(told.into()))
    }

    /// Sees to it that there is a connection, waiting for a server that has just gone.
    fn connect(&mut self) -> Result<(), DbError> {
        loop {
            if self.session.is_some() {
                return Ok(());
            }
            let outage = *self.shared.outage.lock();
            let now = Instant::now();
            let known = outage.filter(|outage| now < outage.since + OUTAGE);
            let refused = match outage {
                // Somebody has looked a moment ago.
                Some(outage) if now < outage.next_look => {
                    DbError::Unavailable("the server does not answer".into())
                }
                _ => match self.look() {
                    Ok(()) => return Ok(()),
                    Err(failure) if failure.remedy == Remedy::Reconnect => failure.error,
                    Err(failure) => return Err(failure.error),
                },
            };
            if outage.is_some() && known.is_none() {
                return Err(refused);
            }
            thread::sleep(LOOK);
        }
    }

    /// Tries to connect; meanwhile the others need not try the same.
    fn look(&mut self) -> Result<(), Failure> {
        if let Some(outage) = self.shared.outage.lock().as_mut() {
            outage.next_look = Instant::now() + LONGEST_TRY;
        }
        self.connect_once()
    }

    fn connect_once(&mut self) -> Result<(), Failure> {
        if self.session.is_some() {
            return Ok(());
        }
        let opened = Session::open(Arc::clone(&self.runtime), &self.shared.target)
            .and_then(|session| start::introduce(&session).map(|()| session));
        let mut outage = self.shared.outage.lock();
        match opened {
            Ok(session) => {
                if outage.take().is_some() {
                    tracing::info!("db.connected_again");
                }
                self.session = Some(session);
                self.shared.figures.connected();
                Ok(())
            }
            Err(failure) => {
                let now = Instant::now();
                let before = *outage;
                if before.is_none() {
                    tracing::error!(error = %failure.error, "db.not_reachable");
                }
                let pause = before.map_or(LOOK, |before| (before.pause * 2).min(LONGEST_LOOK));
                *outage = Some(Outage {
                    since: before.map_or(now, |before| before.since),
                    next_look: now + pause,
                    pause,
                });
                Err(failure)
            }
        }
    }

    fn lose(&mut self) {
        if self.session.take().is_some() {
            self.shared.figures.lost();
            tracing::debug!("db.connection_lost");
        }
    }

    /// Returns a pause of chance length, longer from try to try: those who met shall not meet again.
    fn pause(&mut self, attempt: u32) -> Duration {
        // SplitMix64: its numbers need only differ between workers.
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.chance;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let longest = Duration::from_micros(500)
            .saturating_mul(1 << attempt.min(10))
            .min(LONGEST_PAUSE);
        longest * u32::try_from(number % 1_000).unwrap_or(0) / 1_000
    }
}

fn repeat_or_fail(failure: Failure) -> End {
    match failure.remedy {
        Remedy::None => End::Failed(failure.error),
        _ => End::Again(failure),
    }
}

/// Waits for the next closure. Whoever holds the lock waits for it; the others wait for the lock.
fn next(queue: &Mutex<mpsc::Receiver<Command>>) -> Option<Work> {
    let mut queue = queue.lock();
    loop {
        match queue.blocking_recv()? {
            Command::Run(work) => return Some(work),
            Command::Close => queue.close(),
        }
    }
}
