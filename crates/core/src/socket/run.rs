//! Keeping one socket open: connecting, listening, and connecting again.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use magpie_protocol::{
    ErrorBody, ErrorCode,
    frames::{ByeReason, ClientFrame, ServerFrame},
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::{
    Answer, Backoff, Incoming, LinkState,
    connect::{Socket, connect, failure},
    route::Route,
};
use crate::{CoreError, LocalCode, client::Shared};

/// How often this side asks for a sign of life.
const PING: Duration = Duration::from_secs(20);
/// A socket on which nothing arrived for so long is dead.
const SILENCE: Duration = Duration::from_secs(60);
/// How soon a sign of life must come when somebody is in a hurry.
const HURRIED: Duration = Duration::from_secs(5);
/// How long writing a frame may take.
const WRITING: Duration = Duration::from_secs(30);
/// A link that held for so long makes the next loss a first one.
const STEADY: Duration = Duration::from_secs(10);

/// Keeps the socket open for as long as this device is signed in.
pub(crate) async fn run(
    shared: Arc<Shared>,
    incoming: mpsc::Sender<Incoming>,
    answers: mpsc::Sender<Answer>,
) {
    // A task that is started again after a panic must not leave the old socket announced.
    shared.wire.down();
    shared.presence.clear(&shared.events);
    let (mut backoff, mut route) = (Backoff::default(), Route::default());
    let mut since = None;
    loop {
        shared.set_link(LinkState::Connecting { since });
        // The way that is chosen now is the one that is gone.
        let _ = shared.wire.reroute.notified().now_or_never();
        let connected = tokio::select! {
            connected = connect(&shared, &mut route) => connected,
            () = shared.wire.reroute.notified() => Err(rerouted(&shared)),
        };
        let error = match connected {
            Ok(socket) => {
                let opened = Instant::now();
                since = None;
                shared.set_link(LinkState::Syncing);
                let line = Line {
                    shared: &shared,
                    socket,
                    incoming: &incoming,
                    answers: &answers,
                };
                let error = line.serve().await;
                if matches!(error, CoreError::Server(_)) {
                    // It said goodbye; another node may have us.
                    route.failed();
                }
                if opened.elapsed() > STEADY {
                    backoff.reset();
                }
                error
            }
            Err(error) => error,
        };
        if is_end(&error) {
            shared.session.end(error.clone());
            shared.sign_out(error);
            return std::future::pending().await;
        }
        tracing::info!(%error, "no link to the server");
        let now = shared.clock.now();
        let since = *since.get_or_insert(now);
        let wait = backoff
            .next(shared.chance())
            .max(Duration::from_millis(wanted_wait(&error)));
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        shared.set_link(LinkState::Offline {
            since,
            retry_at: now.plus_millis(millis),
            reason: error.code(),
        });
        tokio::select! {
            () = sleep(wait) => {}
            () = shared.wire.hurry.notified() => {}
            () = shared.wire.reroute.notified() => {}
        }
    }
}

/// Opens the socket anew whenever the user chooses another way to the network.
pub(crate) async fn follow_way(shared: Arc<Shared>) {
    let mut settings = shared.settings.clone();
    let mut way = settings.borrow_and_update().proxy.clone();
    while settings.changed().await.is_ok() {
        let now = settings.borrow_and_update().proxy.clone();
        if now != way {
            way = now;
            shared.wire.reroute.notify_one();
        }
    }
    // The home is gone, and the settings stay as they are.
    std::future::pending().await
}

/// Tells whether a failure means that this device is not signed in any more.
fn is_end(error: &CoreError) -> bool {
    error.ends_session()
        || matches!(
            error,
            CoreError::Local {
                code: LocalCode::NotSignedIn,
                ..
            }
        )
}

/// Returns how long the server asked us to stay away, at most a minute.
fn wanted_wait(error: &CoreError) -> u64 {
    match error {
        CoreError::Server(body) => body.retry_after_ms.unwrap_or(0).min(60_000),
        CoreError::Local { .. } | CoreError::WrongPassphrase { .. } => 0,
    }
}

/// Turns the server's reason for closing into a failure.
pub(super) fn goodbye(reason: ByeReason) -> CoreError {
    let (code, wait) = match reason {
        ByeReason::SessionEnded => (ErrorCode::SessionEnded, None),
        ByeReason::TooManyFrames => (ErrorCode::RateLimited, Some(5_000)),
        _ => (ErrorCode::Unavailable, None),
    };
    let mut body = ErrorBody::new(code, format!("the server said goodbye ({reason:?})"));
    body.retry_after_ms = wait;
    CoreError::Server(body)
}

/// An open socket, and where its frames go.
struct Line<'a> {
    shared: &'a Shared,
    socket: Socket,
    incoming: &'a mpsc::Sender<Incoming>,
    answers: &'a mpsc::Sender<Answer>,
}

impl Line<'_> {
    /// Serves the socket until it is gone, and returns why.
    async fn serve(mut self) -> CoreError {
        // A complaint about the socket before this one must not end this one.
        let _ = self.shared.wire.give_up.notified().now_or_never();
        let generation = self.shared.wire.next_generation();
        let _ = self.incoming.send(Incoming::Up(generation)).await;
        let queue = self.shared.wire.up(generation);
        let Err(error) = self.listen(queue).await;
        self.shared.wire.down();
        self.shared.presence.clear(&self.shared.events);
        let _ = self.incoming.send(Incoming::Down).await;
        // Whether the other side hears it does not matter.
        let _ = timeout(Duration::from_secs(1), self.socket.close(None)).await;
        error
    }

    async fn listen(
        &mut self,
        mut queue: mpsc::Receiver<ClientFrame>,
    ) -> Result<std::convert::Infallible, CoreError> {
        let mut heard = Instant::now();
        let mut proof: Option<Instant> = None;
        let mut pings = interval(PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let overdue = proof.unwrap_or_else(|| heard + SILENCE);
            tokio::select! {
                message = self.socket.next() => {
                    let message = message.unwrap_or(Ok(Message::Close(None))).map_err(failure)?;
                    self.take(message).await?;
                    // After taking it: a database that was slow is not the server's silence.
                    heard = Instant::now();
                    proof = None;
                }
                frame = queue.recv() => {
                    if let Some(frame) = frame {
                        self.put(frame, &mut queue).await?;
                    }
                }
                _ = pings.tick() => self.write(Message::Ping(Bytes::new())).await?,
                () = self.shared.wire.hurry.notified() => {
                    self.write(Message::Ping(Bytes::new())).await?;
                    proof = Some(proof.unwrap_or_else(|| Instant::now() + HURRIED));
                }
                () = self.shared.wire.give_up.notified() => return Err(silent()),
                () = self.shared.wire.reroute.notified() => return Err(rerouted(self.shared)),
                () = sleep_until(overdue) => return Err(silent()),
            }
        }
    }

    async fn take(&mut self, message: Message) -> Result<(), CoreError> {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => {
                return Err(CoreError::local(
                    LocalCode::Unreachable,
                    "the server closed the socket",
                ));
            }
            _ => return Ok(()),
        };
        let frame = serde_json::from_str(text.as_str()).unwrap_or_else(|error| {
            // What it said is unknown, so that everything is asked for again.
            tracing::warn!(category = ?error.classify(), "a frame of the server cannot be read");
            ServerFrame::Resync { scope: None }
        });
        match &frame {
            ServerFrame::Bye { reason } => return Err(goodbye(*reason)),
            ServerFrame::Presence { users } => {
                let shared = self.shared;
                shared.presence.hear(users.clone(), &shared.events);
                // There is nothing in it to be stored.
                return Ok(());
            }
            ServerFrame::Ack(sent) => {
                let answer = Answer {
                    id: sent.id,
                    result: Ok(()),
                };
                let _ = self.answers.send(answer).await;
            }
            ServerFrame::Nack {
                id: Some(id),
                error,
            } => {
                let answer = Answer {
                    id: *id,
                    result: Err(error.clone()),
                };
                let _ = self.answers.send(answer).await;
            }
            _ => {}
        }
        let _ = self.incoming.send(Incoming::Frame(frame)).await;
        Ok(())
    }

    /// Writes a frame and those that wait behind it, and flushes once.
    async fn put(
        &mut self,
        first: ClientFrame,
        queue: &mut mpsc::Receiver<ClientFrame>,
    ) -> Result<(), CoreError> {
        let writing = async {
            let mut next = Some(first);
            while let Some(frame) = next {
                match serde_json::to_string(&frame) {
                    Ok(text) => self.socket.feed(Message::text(text)).await?,
                    Err(error) => tracing::error!(%error, "a frame cannot be written"),
                }
                next = queue.try_recv().ok();
            }
            self.socket.flush().await
        };
        timeout(WRITING, writing)
            .await
            .map_err(|_| silent())?
            .map_err(failure)
    }

    async fn write(&mut self, message: Message) -> Result<(), CoreError> {
        timeout(WRITING, self.socket.send(message))
            .await
            .map_err(|_| silent())?
            .map_err(failure)
    }
}

/// Says why a socket that works is left, and has the next one opened without a pause.
fn rerouted(shared: &Shared) -> CoreError {
    shared.wire.hurry.notify_one();
    CoreError::local(LocalCode::TimedOut, "another way to the network was chosen")
}

fn silent() -> CoreError {
    CoreError::local(LocalCode::TimedOut, "the server fell silent")
}
