//! One socket.

use std::{collections::VecDeque, future, mem};

use anyhow::{Context as _, Result, bail};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use magpie_protocol::{ConversationId, MessageId};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    measure::Latencies,
    wire::{Frame, Ledger, Socket, Stamp, Verdict, nanos, write_send},
};

/// What one does in a phase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Phase {
    /// How many messages to send.
    pub(crate) sends: u32,
    /// How many of them may wait for their acknowledgement.
    pub(crate) in_flight: usize,
    /// How many messages are to come, one's own included.
    pub(crate) hears: u64,
    /// When it ends, done or not.
    pub(crate) until: Instant,
}

/// Somebody who talks in one conversation.
pub(crate) struct Talker {
    socket: Socket,
    conversation: ConversationId,
    scope: String,
    number: u32,
    /// Says when to send, and since when it counts; without it, whenever there is room.
    pace: Option<mpsc::UnboundedReceiver<u64>>,
    heard: Heard,
    /// Sent and not acknowledged, oldest first.
    flying: VecDeque<Flying>,
    /// How many were sent in all phases so far.
    sent: u32,
    /// Places of one's own messages, as acknowledged.
    places: Vec<u64>,
    acked: Latencies,
    last_acked_at: u64,
    refused: u64,
    failure: Option<String>,
}

struct Flying {
    id: MessageId,
    number: u32,
    at: u64,
}

/// What one has heard.
struct Heard {
    ledger: Ledger,
    /// By number: places of one's own messages, as they came back.
    own_places: Vec<u64>,
    /// In this phase: messages of all senders.
    count: u64,
    received: Latencies,
    /// By number: how long the message of somebody else took, in nanoseconds.
    took: Vec<u64>,
    last_at: u64,
    /// What each sender has sent, as it should have come in the end.
    should: Vec<(u32, u32)>,
}

impl Talker {
    /// Makes a talker of a socket that is connected.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn new(socket: Socket, number: u32, conversation: ConversationId) -> Result<Self> {
        Ok(Self {
            socket,
            conversation,
            scope: format!("conversation:{conversation}"),
            number,
            pace: None,
            heard: Heard {
                ledger: Ledger::default(),
                own_places: Vec::new(),
                count: 0,
                received: Latencies::new()?,
                took: Vec::new(),
                last_at: 0,
                should: Vec::new(),
            },
            flying: VecDeque::new(),
            sent: 0,
            places: Vec::new(),
            acked: Latencies::new()?,
            last_acked_at: 0,
            refused: 0,
            failure: None,
        })
    }

    /// Lets the talker send when it is told to, and not whenever there is room.
    pub(crate) fn pace(&mut self, pace: mpsc::UnboundedReceiver<u64>) {
        self.pace = Some(pace);
    }

    /// Says how many messages each sender will have sent in the end.
    pub(crate) fn expect(&mut self, should: Vec<(u32, u32)>) {
        self.heard.should = should;
    }

    /// Does what the phase says, and returns when that is done or the time is up.
    pub(crate) async fn run(&mut self, phase: &Phase) {
        self.heard.begin();
        self.acked.clear();
        let target = self.sent + phase.sends;
        let failed = match timeout_at(phase.until, self.work(phase, target)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!(
                "time was up with {} of {} sent, {} not acknowledged, {} of {} heard",
                self.sent,
                target,
                self.flying.len(),
                self.heard.count,
                phase.hears
            ),
        };
        self.failure.get_or_insert(failed);
    }

    async fn work(&mut self, phase: &Phase, target: u32) -> Result<()> {
        loop {
            if self.pace.is_none() {
                while self.sent < target && self.flying.len() < phase.in_flight {
                    self.send(nanos()).await?;
                }
            }
            self.socket.flush().await?;
            let done = self.sent == target && self.flying.is_empty();
            if done && self.heard.count >= phase.hears {
                return Ok(());
            }
            tokio::select! {
                message = self.socket.next() => {
                    let mut next = Some(message.context("the server closed the socket")??);
                    while let Some(message) = next {
                        self.take(&message)?;
                        next = self.socket.next().now_or_never().flatten().transpose()?;
                    }
                }
                at = turn(&mut self.pace) => self.send(at).await?,
            }
        }
    }

    async fn send(&mut self, at: u64) -> Result<()> {
        let number = self.sent;
        let stamp = Stamp {
            sender: self.number,
            number,
            at,
        };
        let (id, frame) = write_send(self.conversation, stamp);
        self.flying.push_back(Flying { id, number, at });
        self.sent += 1;
        Ok(self.socket.feed(Message::text(frame)).await?)
    }

    fn take(&mut self, message: &Message) -> Result<()> {
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            other => bail!("the server sent {other:?}"),
        };
        let frame = Frame::read(text)?;
        match frame.r#type {
            "ack" => self.take_ack(&frame),
            "changes" if frame.scope == Some(self.scope.as_str()) => {
                self.heard.take(&frame, self.number);
                Ok(())
            }
            // Friends who come and go, and what concerns this user alone.
            "presence" | "changes" => Ok(()),
            "nack" => {
                self.refused += 1;
                bail!("refused: {text}")
            }
            _ => bail!("the server sent {text}"),
        }
    }

    fn take_ack(&mut self, frame: &Frame<'_>) -> Result<()> {
        let id: MessageId = frame.id.context("an ack without id")?.parse()?;
        let place = self.flying.iter().position(|flying| flying.id == id);
        let Some(flying) = place.and_then(|place| self.flying.remove(place)) else {
            // Never sent, or acknowledged before.
            self.heard.ledger.strange();
            return Ok(());
        };
        let now = nanos();
        self.acked.add_nanos(now.saturating_sub(flying.at));
        self.last_acked_at = now;
        put(&mut self.places, flying.number, frame.seq.unwrap_or(0));
        Ok(())
    }

    /// Returns what was wrong in all that came, or did not come.
    pub(crate) fn judge(&self) -> Verdict {
        let mut verdict = self.heard.ledger.judge(self.heard.should.iter().copied());
        // A message has one place: the one that was acknowledged.
        let differ = self.places.iter().zip(&self.heard.own_places);
        let differ = differ.filter(|(acked, pushed)| acked != pushed).count();
        verdict.strange += u64::try_from(differ).unwrap_or(u64::MAX);
        verdict
    }

    /// Returns a number that all share who got the same in the same order.
    pub(crate) fn digest(&self) -> u64 {
        self.heard.ledger.digest()
    }

    /// Returns how long each message of others took, by its number, in nanoseconds.
    pub(crate) fn took(&self) -> &[u64] {
        &self.heard.took
    }

    /// Returns this phase's latencies from send to receipt, of messages of others.
    pub(crate) fn received(&self) -> &Latencies {
        &self.heard.received
    }

    /// Returns this phase's latencies from send to acknowledgement.
    pub(crate) fn acked(&self) -> &Latencies {
        &self.acked
    }

    /// Returns when the last acknowledgement came.
    pub(crate) fn last_acked_at(&self) -> u64 {
        self.last_acked_at
    }

    /// Returns when the last message of somebody else came.
    pub(crate) fn last_heard_at(&self) -> u64 {
        self.heard.last_at
    }

    /// Returns how many messages were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns why the talker ended before it had done its share.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }
}

impl Heard {
    fn begin(&mut self) {
        self.count = 0;
        self.received.clear();
        self.took.clear();
    }

    fn take(&mut self, frame: &Frame<'_>, own: u32) {
        let now = nanos();
        self.ledger.span(frame.prev, frame.rev);
        for (seq, text) in frame.messages() {
            let Some(stamp) = Stamp::read(text) else {
                self.ledger.strange();
                continue;
            };
            self.ledger.take(seq, stamp);
            self.count += 1;
            if stamp.sender == own {
                put(&mut self.own_places, stamp.number, seq);
            } else {
                let took = now.saturating_sub(stamp.at);
                self.received.add_nanos(took);
                put(&mut self.took, stamp.number, took);
                self.last_at = now;
            }
        }
    }
}

fn put(list: &mut Vec<u64>, number: u32, value: u64) {
    let number = number as usize;
    if list.len() <= number {
        list.resize(number + 1, 0);
    }
    if let Some(place) = list.get_mut(number) {
        let _ = mem::replace(place, value);
    }
}

/// Waits for one's turn; for ever where there is none, or no more.
async fn turn(pace: &mut Option<mpsc::UnboundedReceiver<u64>>) -> u64 {
    if let Some(pace) = pace
        && let Some(at) = pace.recv().await
    {
        return at;
    }
    future::pending().await
}
