//! Sending what is in the outbox.
//!
//! Each conversation is a lane with one message under way at a time: were there two, a server that
//! refuses the first for a moment and takes the second would store them in the wrong order. The
//! next one leaves as soon as the answer arrives, before the answer is in the database; should the
//! program die in between, the message is sent again and answered alike.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use magpie_protocol::{
    ConversationId, ErrorBody, MessageId, Retry, frames::ClientFrame, messages::SendMessage,
};
use tokio::{
    sync::{Mutex, mpsc, watch},
    time::{Instant, sleep_until},
};

use crate::{
    client::Shared,
    socket::{Answer, Backoff, Connection},
    store::table::outbox::{self, OutboxRow},
};

/// How many messages are under way at once, in all conversations.
const UNDER_WAY: usize = 32;
/// How many rows are read at a time.
const ROWS: u32 = 256;
/// An answer that takes longer does not come.
const OVERDUE: Duration = Duration::from_secs(30);
/// How long to wait after the database failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// Sends what is in the outbox whenever there is a socket.
pub(crate) async fn run(shared: Arc<Shared>, answers: Arc<Mutex<mpsc::Receiver<Answer>>>) {
    let mut answers = answers.lock().await;
    let mut wire = shared.wire.watch();
    loop {
        let Ok(present) = wire.wait_for(Option::is_some).await.map(|c| c.clone()) else {
            return std::future::pending().await;
        };
        let Some(connection) = present else { continue };
        // What the last socket answered is in the database, or will be asked for again.
        while answers.try_recv().is_ok() {}
        shared.flight.clear();
        let sender = Sender {
            shared: &shared,
            connection,
            lanes: HashMap::new(),
            under_way: HashMap::new(),
            loaded: 0,
            more: true,
            retry_load: None,
        };
        sender.work(&mut answers, &mut wire).await;
    }
}

/// The messages of one conversation.
#[derive(Default)]
struct Lane {
    rows: VecDeque<OutboxRow>,
    busy: bool,
    not_before: Option<Instant>,
    backoff: Backoff,
}

struct Sender<'a> {
    shared: &'a Shared,
    connection: Connection,
    lanes: HashMap<ConversationId, Lane>,
    under_way: HashMap<MessageId, (ConversationId, Instant)>,
    /// Rows up to this position are in their lanes.
    loaded: u64,
    /// There may be rows beyond it.
    more: bool,
    retry_load: Option<Instant>,
}

impl Sender<'_> {
    /// Works until the socket is another one.
    async fn work(
        mut self,
        answers: &mut mpsc::Receiver<Answer>,
        wire: &mut watch::Receiver<Option<Connection>>,
    ) {
        loop {
            self.load().await;
            self.dispatch().await;
            let timer = self.next_timer();
            tokio::select! {
                answer = answers.recv() => {
                    // Whoever hands answers on is gone, so that the owner of both is going.
                    let Some(answer) = answer else { return std::future::pending().await };
                    self.take(answer).await;
                    while let Ok(answer) = answers.try_recv() {
                        self.take(answer).await;
                    }
                }
                () = self.shared.outbox_grew.notified() => self.more = true,
                changed = wire.changed() => {
                    let present = wire.borrow_and_update().as_ref().map(|c| c.generation);
                    if changed.is_err() || present != Some(self.connection.generation) {
                        return;
                    }
                }
                () = wait(timer) => self.complain(),
            }
        }
    }

    /// Fills the lanes from the database, in order.
    async fn load(&mut self) {
        let waiting: usize = self.lanes.values().map(|lane| lane.rows.len()).sum();
        let paused = self.retry_load.is_some_and(|until| until > Instant::now());
        if !self.more || waiting >= ROWS as usize || paused {
            return;
        }
        self.retry_load = None;
        let after = self.loaded;
        match self
            .shared
            .store
            .read(move |db| outbox::queued(db, after, ROWS))
            .await
        {
            Ok(rows) => {
                self.more = rows.len() == ROWS as usize;
                for row in rows {
                    self.loaded = self.loaded.max(row.position);
                    let lane = self.lanes.entry(row.conversation_id).or_default();
                    lane.rows.push_back(row);
                }
            }
            Err(error) => {
                tracing::error!(%error, "the outbox cannot be read");
                self.retry_load = Some(Instant::now() + STORE_PAUSE);
            }
        }
    }

    /// Sends the first message of each lane that is free.
    async fn dispatch(&mut self) {
        while self.under_way.len() < UNDER_WAY {
            let now = Instant::now();
            let free = self
                .lanes
                .iter()
                .filter(|(_, lane)| !lane.busy && lane.not_before.is_none_or(|until| until <= now))
                .filter_map(|(id, lane)| lane.rows.front().map(|row| (row.position, *id)))
                .min();
            let Some((_, conversation_id)) = free else {
                return;
            };
            let Some(lane) = self.lanes.get_mut(&conversation_id) else {
                return;
            };
            let Some(row) = lane.rows.front() else {
                return;
            };
            if !self.shared.flight.depart(row.id) {
                lane.rows.pop_front();
                continue;
            }
            lane.busy = true;
            lane.not_before = None;
            self.under_way.insert(row.id, (conversation_id, now));
            let frame = ClientFrame::Send(SendMessage {
                id: row.id,
                conversation_id,
                kind: row.kind,
                content: row.content.clone(),
            });
            if !self.connection.send(frame).await {
                // The socket is going, and the one after it begins from the database.
                return;
            }
        }
    }

    async fn take(&mut self, answer: Answer) {
        let Some((conversation_id, _)) = self.under_way.remove(&answer.id) else {
            return;
        };
        let Some(lane) = self.lanes.get_mut(&conversation_id) else {
            return;
        };
        lane.busy = false;
        match answer.result {
            Err(error) if may_retry(&error) => {
                let wait = lane
                    .backoff
                    .next(self.shared.chance())
                    .max(Duration::from_millis(error.retry_after_ms.unwrap_or(0)));
                lane.not_before = Some(Instant::now() + wait);
                self.shared.flight.land(answer.id);
                let id = answer.id;
                let counted = self
                    .shared
                    .store
                    .write(move |tx| outbox::attempted(tx, id))
                    .await;
                if let Err(error) = counted {
                    tracing::warn!(%error, "a try could not be counted");
                }
            }
            // Stored or refused for good; sync writes which. The next one may go.
            _ => {
                lane.backoff.reset();
                lane.rows.pop_front();
                if lane.rows.is_empty() {
                    self.lanes.remove(&conversation_id);
                }
            }
        }
    }

    /// Returns when something is to be done though nothing happens.
    fn next_timer(&self) -> Option<Instant> {
        let now = Instant::now();
        let overdue = self.under_way.values().map(|(_, since)| *since + OVERDUE);
        let lanes = self
            .lanes
            .values()
            .filter(|lane| !lane.busy)
            .filter_map(|lane| lane.not_before)
            // A lane whose time has come waits for room, which an answer makes.
            .filter(|until| *until > now);
        overdue.chain(lanes).chain(self.retry_load).min()
    }

    /// Gives up a socket on which an answer is overdue.
    fn complain(&mut self) {
        let now = Instant::now();
        if self
            .under_way
            .values()
            .any(|(_, since)| *since + OVERDUE <= now)
        {
            tracing::warn!("a message was not answered in time");
            self.under_way.clear();
            self.shared.wire.give_up.notify_one();
        }
    }
}

/// Tells whether a refused message stays in the outbox to be sent again. Sync asks this too.
pub(crate) fn may_retry(error: &ErrorBody) -> bool {
    error.retry() != Retry::Never
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
