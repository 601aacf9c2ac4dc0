//! The task that applies what the socket hears, and has fetched what it did not hear.

use std::{collections::HashMap, sync::Arc, time::Duration};

use magpie_protocol::{ConversationId, UserId, frames::ServerFrame, sync::Scope};
use tokio::{
    sync::{Mutex, mpsc},
    time::{sleep, sleep_until},
};

use super::{
    apply::{self, Outcome},
    crew::{Crew, Job},
    touched::{Touched, tell},
};
use crate::{
    CoreError, Failure, FailureCode,
    client::Shared,
    notify,
    outbox::may_retry,
    socket::{Generation, Incoming},
    store::{Result, StoreError, Tx},
};

/// How many frames that are already there are applied in one transaction.
pub(super) const BATCH: usize = 256;

/// After so many failures it is not the database but what is to be written, and waiting is no use.
const TRIES: u32 = 3;

/// What sync listens to.
pub(crate) struct Inbox {
    /// From the socket.
    pub(crate) frames: mpsc::Receiver<Incoming>,
    /// From everybody else.
    pub(crate) jobs: mpsc::UnboundedReceiver<Job>,
}

/// Runs sync.
pub(crate) async fn run(shared: Arc<Shared>, inbox: Arc<Mutex<Inbox>>) {
    let mut inbox = inbox.lock().await;
    let inbox = &mut *inbox;
    let mut state = State::new(shared, Crew::default());
    // A task that is started again may find a socket that it did not see come.
    if let Some(generation) = state.shared.wire.generation() {
        state.come_up(generation);
    }
    let mut batch = Vec::new();
    loop {
        // What a job asked for counts before its end does.
        while let Ok(job) = inbox.jobs.try_recv() {
            state.crew.want(job);
        }
        if state.up.is_some() {
            state.crew.start(&state.shared);
        }
        state.say_online().await;
        let next_try = state.crew.next_try();
        tokio::select! {
            many = inbox.frames.recv_many(&mut batch, BATCH) => {
                if many == 0 {
                    // The socket's task is gone, so that its owner is going: this one ends with it.
                    return std::future::pending().await;
                }
                state.take(batch.drain(..)).await;
            }
            job = inbox.jobs.recv() => {
                let Some(job) = job else { return std::future::pending().await };
                state.crew.want(job);
            }
            done = state.crew.next_done(&state.shared) => {
                if done == Some(Job::Everything) {
                    state.know_what_was_missed();
                }
                state.shared.holes.notify_one();
            }
            () = wait(next_try) => {}
        }
    }
}

async fn wait(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

pub(super) struct State {
    shared: Arc<Shared>,
    crew: Crew,
    /// The socket that is ready.
    up: Option<Generation>,
    synced: bool,
}

impl State {
    /// Begins without a link.
    pub(super) const fn new(shared: Arc<Shared>, crew: Crew) -> Self {
        Self {
            shared,
            crew,
            up: None,
            synced: false,
        }
    }

    fn come_up(&mut self, generation: Generation) {
        self.crew.dismiss();
        (self.up, self.synced) = (Some(generation), false);
        self.crew.want(Job::Everything);
    }

    fn go_down(&mut self) {
        self.crew.dismiss();
        (self.up, self.synced) = (None, false);
    }

    fn know_what_was_missed(&mut self) {
        self.synced = true;
        if let Some(generation) = self.up {
            self.shared.wire.set_synced(generation);
        }
    }

    /// Says that everything that the screen shows is up to date, once it is.
    async fn say_online(&self) {
        let Some(socket) = self.up else { return };
        if self.synced && self.crew.is_idle() && self.shared.wire.generation() == Some(socket) {
            self.end_history().await;
            self.shared.set_online(socket);
        }
    }

    /// What a new device was told until now is history; what it is told from now on is news.
    async fn end_history(&self) {
        if !self.shared.hub.awaits_history() {
            return;
        }
        let (me, now) = (self.shared.me, self.shared.clock.now());
        let held = self
            .shared
            .store
            .read(move |db| notify::held(db, me, now))
            .await;
        match held {
            Ok(known) => self.shared.hub.history_told(known),
            Err(error) => tracing::warn!(%error, "what is news cannot be told yet"),
        }
    }

    pub(super) async fn take(&mut self, batch: impl Iterator<Item = Incoming>) {
        let mut frames = Vec::new();
        for incoming in batch {
            match incoming {
                Incoming::Frame(frame) => frames.push(frame),
                Incoming::Up(generation) => {
                    self.apply(std::mem::take(&mut frames)).await;
                    self.come_up(generation);
                }
                Incoming::Down => {
                    self.apply(std::mem::take(&mut frames)).await;
                    self.go_down();
                }
            }
        }
        self.apply(frames).await;
    }

    /// Applies frames in one transaction, however long the database takes to allow it: an answer
    /// that was heard must not be forgotten.
    async fn apply(&mut self, frames: Vec<ServerFrame>) {
        if frames.is_empty() {
            return;
        }
        let frames: Arc<[ServerFrame]> = joined(frames).into();
        let mut tries = 0;
        let mut pause = Duration::from_millis(500);
        let applied = loop {
            let (me, batch) = (self.shared.me, Arc::clone(&frames));
            match self
                .shared
                .store
                .write(move |tx| apply_frames(tx, me, &batch))
                .await
            {
                Ok(applied) => break applied,
                Err(StoreError::Closed) => return,
                Err(StoreError::Other(error)) if tries == TRIES => {
                    tracing::error!(%error, "changes were passed over; everything is asked for");
                    self.crew.want(Job::Everything);
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "changes cannot be written; trying again");
                    sleep(pause).await;
                    tries += 1;
                    pause = Duration::from_secs(30).min(pause * 2);
                }
            }
        };
        for frame in &*frames {
            if let ServerFrame::Nack { error, .. } = frame {
                self.shared
                    .troubles
                    .note("outbox", FailureCode::Server(error.code));
            }
        }
        for id in settled(&frames) {
            self.shared.flight.land(id);
        }
        for job in applied.jobs {
            self.crew.want(job);
        }
        tell(&self.shared, applied.touched).await;
    }
}

/// Joins changes of one conversation that follow each other, whatever lies between them of other
/// conversations: counting and marking are then done once for all of them.
fn joined(frames: Vec<ServerFrame>) -> Vec<ServerFrame> {
    let mut joined: Vec<ServerFrame> = Vec::with_capacity(frames.len());
    // Where the latest changes of each conversation stand.
    let mut latest: HashMap<ConversationId, usize> = HashMap::new();
    for frame in frames {
        let ServerFrame::Changes {
            scope: Scope::Conversation(id),
            prev,
            rev,
            changes,
        } = frame
        else {
            // It may bear on any conversation, so that it stays behind what came before it.
            latest.clear();
            joined.push(frame);
            continue;
        };
        if let Some(ServerFrame::Changes {
            rev: reached,
            changes: before,
            ..
        }) = latest.get(&id).and_then(|at| joined.get_mut(*at))
            && *reached == prev
        {
            *reached = rev;
            before.extend(changes);
            continue;
        }
        latest.insert(id, joined.len());
        joined.push(ServerFrame::Changes {
            scope: Scope::Conversation(id),
            prev,
            rev,
            changes,
        });
    }
    joined
}

/// Returns the messages whose answers are in the database now.
fn settled(frames: &[ServerFrame]) -> impl Iterator<Item = magpie_protocol::MessageId> {
    frames.iter().filter_map(|frame| match frame {
        ServerFrame::Ack(sent) => Some(sent.id),
        ServerFrame::Nack {
            id: Some(id),
            error,
        } if !may_retry(error) => Some(*id),
        _ => None,
    })
}

#[derive(Default)]
struct Applied {
    touched: Touched,
    jobs: Vec<Job>,
}

fn apply_frames(tx: &Tx<'_>, me: UserId, frames: &[ServerFrame]) -> Result<Applied> {
    let mut applied = Applied::default();
    for frame in frames {
        apply_frame(tx, me, frame, &mut applied)?;
    }
    Ok(applied)
}

fn apply_frame(tx: &Tx<'_>, me: UserId, frame: &ServerFrame, applied: &mut Applied) -> Result<()> {
    match frame {
        ServerFrame::Changes {
            scope,
            prev,
            rev,
            changes,
        } => {
            let outcome = apply::changes(
                tx,
                me,
                *scope,
                *prev,
                *rev,
                changes.clone(),
                &mut applied.touched,
            )?;
            if outcome == Outcome::Gap {
                applied.jobs.push(job_of(*scope));
            }
        }
        ServerFrame::Ack(sent) => apply::ack(tx, me, sent, &mut applied.touched)?,
        ServerFrame::Nack {
            id: Some(id),
            error,
        } if !may_retry(error) => {
            let failure = Failure::from(CoreError::from(error.clone()));
            apply::refused(tx, *id, &failure, &mut applied.touched)?;
        }
        ServerFrame::Nack { id: None, error } => {
            tracing::warn!(code = ?error.code, "the server refused a frame");
        }
        ServerFrame::Resync { scope } => {
            applied.jobs.push(scope.map_or(Job::Everything, job_of));
        }
        ServerFrame::Nack { .. }
        | ServerFrame::Ready { .. }
        | ServerFrame::Presence { .. }
        | ServerFrame::Bye { .. }
        | ServerFrame::Unknown => {}
    }
    Ok(())
}

const fn job_of(scope: Scope) -> Job {
    match scope {
        Scope::User(_) => Job::User,
        Scope::Conversation(id) => Job::Conversation(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(id: u64, prev: u64, rev: u64) -> ServerFrame {
        let item = |rev| magpie_protocol::sync::Change {
            rev,
            item: magpie_protocol::sync::Item::Unknown,
        };
        ServerFrame::Changes {
            scope: Scope::Conversation(ConversationId::new(id).unwrap()),
            prev,
            rev,
            changes: (prev + 1..=rev).map(item).collect(),
        }
    }

    #[test]
    fn changes_are_joined_only_where_nothing_else_can_be_meant() {
        let wall = || ServerFrame::Resync { scope: None };
        let frames = vec![
            changes(1, 4, 5),
            changes(2, 7, 8),
            changes(1, 5, 6),
            changes(2, 9, 10),
            changes(1, 6, 8),
            wall(),
            changes(1, 8, 9),
        ];
        let expected = vec![
            changes(1, 4, 8),
            changes(2, 7, 8),
            changes(2, 9, 10),
            wall(),
            changes(1, 8, 9),
        ];
        assert_eq!(joined(frames), expected);
    }
}
