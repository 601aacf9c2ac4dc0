//! One connection, from its first frame to its last.

mod parting;

use std::{
    future::{self, Future},
    mem,
    pin::{Pin, pin},
    time::Duration,
};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use magpie_protocol::frames::{ByeReason, ServerFrame};
use tokio::time::{Instant, error::Elapsed, sleep_until, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Bytes, Error, Message, Utf8Bytes},
};

use super::{
    batch::{self, BATCH},
    budget::{Budget, Verdict},
    inbound::{self, Inbound},
    pace::Pace,
};
use crate::{
    app::App,
    bus::Registration,
    conversations::conversations_of,
    error::AppError,
    messages::Draft,
    metrics::Counted,
    presence,
    sessions::{self, Auth},
};

/// The WebSocket of a connection.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What may wait for a client before it is told to resync instead.
const QUEUE_FRAMES: usize = 1_024;
const QUEUE_BYTES: usize = 1024 * 1024;

/// How many frames are read before the other duties of the task get their turn.
const READ_AT_ONCE: usize = 256;

/// A batch of writes under way.
type Writing = Pin<Box<dyn Future<Output = Vec<ServerFrame>> + Send>>;

/// A connected socket.
pub(super) struct Connection {
    app: App,
    auth: Auth,
    socket: Socket,
    registration: Registration,
    heartbeat: Duration,
    patience: Duration,
    heard_at: Instant,
    ping_at: Instant,
    budget: Budget,
    pace: Pace,
    /// Messages that wait for the batch under way to end.
    inbox: Vec<Draft>,
    /// Answers that wait to be written.
    replies: Vec<ServerFrame>,
    writing: Option<Writing>,
}

/// Why a connection ends.
enum End {
    /// The client went, or does not take what it is sent.
    Gone,
    /// The server closes it.
    Bye(ByeReason),
}

/// What happened next.
enum Step {
    Pushed,
    Written(Vec<ServerFrame>),
    Heard(Option<Result<Message, Error>>),
    Timer,
}

impl Connection {
    /// Runs a connection to its end.
    pub(super) async fn run(app: App, auth: Auth, socket: Socket) {
        let registration =
            app.bus()
                .register(auth.user_id, auth.device_id, QUEUE_FRAMES, QUEUE_BYTES);
        let now = Instant::now();
        let heartbeat = Duration::from_secs(app.config().heartbeat_seconds.into());
        let mut connection = Self {
            heartbeat,
            patience: Duration::from_secs(app.config().slow_reader_seconds.into()),
            heard_at: now,
            ping_at: now + heartbeat,
            budget: Budget::new(now),
            pace: Pace::default(),
            inbox: Vec::new(),
            replies: Vec::new(),
            writing: None,
            app,
            auth,
            socket,
            registration,
        };
        let counting = connection.app.clone();
        let sockets = &counting.metrics().sockets;
        let mut state = Counted::new(&sockets.greeting);
        // Beginning and end are short, and their state need not lie in the task as long as it lives.
        let end = match Box::pin(connection.greet()).await {
            Ok(()) => {
                state.move_to(&sockets.open);
                let outlet = connection.registration.shared_outlet();
                let _here = presence::arrived(&counting, connection.auth.user_id, outlet);
                connection.serve().await
            }
            Err(end) => end,
        };
        state.move_to(&sockets.parting);
        Box::pin(connection.part(end)).await;
    }

    /// Subscribes to all that the user sees, and says so.
    async fn greet(&mut self) -> Result<(), End> {
        // Looked at after the registration: what comes later reaches the outlet.
        if self.app.ended_devices().contains(self.auth.device_id) {
            return Err(End::Bye(ByeReason::SessionEnded));
        }
        if self.app.stopping().is_cancelled() {
            return Err(End::Bye(ByeReason::ShuttingDown));
        }
        let user = self.auth.user_id;
        // Whoever is put into a conversation from now on is told through their own scope, so that
        // none is left out; what happens in any of them is heard when the second wait is over.
        self.registration.settled().await;
        let conversations = self
            .app
            .db()
            .read(move |tx| conversations_of(tx, user).map_err(AppError::from))
            .await;
        match conversations {
            Ok(conversations) => {
                self.registration.subscribe(conversations);
                self.registration.settled().await;
            }
            Err(error) => {
                let body = error.into_body();
                tracing::warn!(code = ?body.code, "socket.not_subscribed");
                return Err(End::Gone);
            }
        }
        sessions::note_seen(&self.app, self.auth.device_id);
        self.replies.push(ServerFrame::Ready {
            user_id: user,
            device_id: self.auth.device_id,
            server_time: self.app.now(),
            heartbeat_ms: u64::try_from(self.heartbeat.as_millis()).unwrap_or(u64::MAX),
        });
        let began = Instant::now();
        self.put_replies().await?;
        self.flush(began).await
    }

    async fn serve(&mut self) -> End {
        let mut timer = pin!(sleep_until(self.ping_at));
        loop {
            let step = tokio::select! {
                () = self.registration.outlet().ready() => Step::Pushed,
                answers = written(&mut self.writing) => Step::Written(answers),
                heard = self.socket.next(), if self.inbox.len() < BATCH => Step::Heard(heard),
                () = &mut timer => Step::Timer,
            };
            let done = match step {
                Step::Pushed => Ok(()),
                Step::Written(answers) => {
                    self.answered(answers);
                    Ok(())
                }
                Step::Heard(heard) => self.hear_all(heard),
                Step::Timer => self.keep_alive().await,
            };
            self.start_writing();
            // Also when this connection is about to end: the refusals that led there come first.
            let sent = self.send().await;
            if let Err(end) = done.and(sent) {
                return end;
            }
            let wake = self
                .pace
                .next()
                .filter(|_| self.writing.is_none())
                .map_or(self.ping_at, |marks| marks.min(self.ping_at));
            if timer.deadline() != wake {
                timer.as_mut().reset(wake);
            }
        }
    }

    /// Takes a frame and those that are there already behind it.
    fn hear_all(&mut self, first: Option<Result<Message, Error>>) -> Result<(), End> {
        self.hear(first)?;
        for _ in 0..READ_AT_ONCE {
            if self.inbox.len() >= BATCH {
                break;
            }
            match self.socket.next().now_or_never() {
                Some(heard) => self.hear(heard)?,
                None => break,
            }
        }
        Ok(())
    }

    fn hear(&mut self, heard: Option<Result<Message, Error>>) -> Result<(), End> {
        let message = match heard {
            Some(Ok(message)) => message,
            Some(Err(Error::Capacity(_))) => return Err(End::Bye(ByeReason::FrameTooLarge)),
            Some(Err(Error::Utf8(_))) => return Err(End::Bye(ByeReason::NotText)),
            Some(Err(_)) | None => return Err(End::Gone),
        };
        let now = Instant::now();
        self.heard_at = now;
        let verdict = self.budget.take(now);
        if verdict == Verdict::Flood {
            return Err(End::Bye(ByeReason::TooManyFrames));
        }
        match message {
            Message::Text(text) => self.read(&text, verdict, now),
            Message::Binary(_) => return Err(End::Bye(ByeReason::NotText)),
            Message::Close(_) => return Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        Ok(())
    }

    fn read(&mut self, text: &str, verdict: Verdict, now: Instant) {
        if let Verdict::Refused(wait) = verdict {
            let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
            self.replies.push(inbound::too_many(text, wait));
            return;
        }
        match inbound::read(text) {
            Ok(Inbound::Send(draft)) => self.inbox.push(draft),
            Ok(Inbound::Mark(mark)) => self.pace.add(mark.conversation_id, &mark.marks(), now),
            Err(nack) => self.replies.push(*nack),
        }
    }

    /// Begins the next batch unless one is under way or nothing waits.
    fn start_writing(&mut self) {
        if self.writing.is_some() {
            return;
        }
        let due = self.pace.take_due(Instant::now());
        if self.inbox.is_empty() && due.is_empty() {
            return;
        }
        let drafts = mem::take(&mut self.inbox);
        let app = self.app.clone();
        let mut writing: Writing = Box::pin(batch::write(app, self.auth.user_id, drafts, due));
        // Polled once here, so that the batch is on its way whatever the task does next.
        match (&mut writing).now_or_never() {
            Some(answers) => self.writing = Some(Box::pin(future::ready(answers))),
            None => self.writing = Some(writing),
        }
    }

    fn answered(&mut self, answers: Vec<ServerFrame>) {
        self.writing = None;
        self.replies.extend(answers);
    }

    /// Sends all that is there to be sent: answers, and what the bus has put into the outlet. It
    /// leaves together, for what a small frame costs is its own way through the system.
    async fn send(&mut self) -> Result<(), End> {
        if let Some(writing) = &mut self.writing
            && let Some(answers) = writing.now_or_never()
        {
            self.answered(answers);
            self.start_writing();
        }
        let mut taken = self.registration.outlet().take();
        if taken.resync {
            self.app.metrics().sockets.resyncs.inc();
            self.replies.push(ServerFrame::Resync { scope: None });
        }
        if self.replies.is_empty() && taken.frames.is_empty() {
            return taken.bye.map_or(Ok(()), |reason| Err(End::Bye(reason)));
        }
        let began = Instant::now();
        self.put_replies().await?;
        while let Some(frame) = taken.frames.pop_front() {
            self.put(Message::Text(frame)).await?;
            // A client that reads slowly may take long over what waits; a goodbye shall not.
            if began.elapsed() >= self.patience
                && let Some(reason) = self.registration.outlet().bye()
            {
                return Err(End::Bye(reason));
            }
        }
        self.flush(began).await?;
        taken.bye.map_or(Ok(()), |reason| Err(End::Bye(reason)))
    }

    async fn keep_alive(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if now < self.ping_at {
            return Ok(());
        }
        if now.saturating_duration_since(self.heard_at) >= 3 * self.heartbeat {
            return Err(End::Bye(ByeReason::Silent));
        }
        self.ping_at = now + self.heartbeat;
        self.put(Message::Ping(Bytes::new())).await?;
        self.flush(now).await
    }

    async fn put_replies(&mut self) -> Result<(), End> {
        let replies = mem::take(&mut self.replies);
        self.app.metrics().sockets.replied(&replies);
        for frame in replies.iter().filter_map(as_text) {
            self.put(Message::Text(frame)).await?;
        }
        Ok(())
    }

    /// Writes a frame, at the latest with the next [`Self::flush`]. The client may take as long as
    /// the settings say over each, so that one that is slow but does read is not cut off.
    async fn put(&mut self, frame: Message) -> Result<(), End> {
        let written = timeout(self.patience, self.socket.feed(frame)).await;
        self.judge(written)
    }

    /// Sends what has been written since `began`.
    async fn flush(&mut self, began: Instant) -> Result<(), End> {
        let flushed = timeout(self.patience, self.socket.flush()).await;
        self.judge(flushed)?;
        // Nobody has listened meanwhile, so the client has not been silent.
        self.heard_at += began.elapsed();
        Ok(())
    }

    fn judge(&self, written: Result<Result<(), Error>, Elapsed>) -> Result<(), End> {
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => {
                tracing::debug!(device = %self.auth.device_id, "socket.slow_reader");
                Err(End::Gone)
            }
        }
    }
}

async fn written(writing: &mut Option<Writing>) -> Vec<ServerFrame> {
    match writing {
        Some(writing) => writing.await,
        None => future::pending().await,
    }
}

fn as_text(frame: &ServerFrame) -> Option<Utf8Bytes> {
    match serde_json::to_string(frame) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            tracing::error!(%error, "frame.not_serialised");
            None
        }
    }
}
