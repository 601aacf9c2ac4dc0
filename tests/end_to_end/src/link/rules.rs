//! What a link does to what passes, and what it remembers of it.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc, time::Duration};

use magpie_protocol::{MessageId, frames::ServerFrame};
use tokio_util::sync::CancellationToken;

/// A point at which the whole link is cut, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before the n-th `send` from now (counted from 1) leaves the device.
    BeforeSend(u32),
    /// When the n-th `ack` from now is due: the message is stored, its sender does not know.
    BeforeAck(u32),
    /// In the middle of the n-th `changes` frame from now.
    InChanges(u32),
    /// When so many bytes of the answer to a request for this path have passed; with 0 the server
    /// has done what it was asked, and the device hears nothing of it. The path is matched by its
    /// end, without the query.
    InAnswer(&'static str, usize),
}

/// A request as the link saw it pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// It asks for a WebSocket.
    pub upgrade: bool,
}

impl Request {
    /// Returns the path without its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Open,
    Refusing,
    Swallowing,
}

type Picks = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

pub(super) struct State {
    /// Where connections go: to the first of these that takes one.
    pub(super) targets: Vec<SocketAddr>,
    pub(super) mode: Mode,
    pub(super) delay: Duration,
    /// Cancelled by the next cut; connections made later get another.
    pub(super) alive: CancellationToken,
    pub(super) hold: Option<Picks>,
    pub(super) held: usize,
    pub(super) faults: VecDeque<Fault>,
    pub(super) struck: usize,
    pub(super) requests: Vec<Request>,
    pub(super) sends: u64,
    /// The messages whose `ack` has reached the device.
    pub(super) acknowledged: Vec<MessageId>,
    story: VecDeque<String>,
}

/// How many of the latest events a link tells when a test fails.
const STORY: usize = 80;
/// How much of a frame it tells.
const GIST: usize = 300;

/// What becomes of a piece that a fault may strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It passes.
    Pass,
    /// The first so many bytes of it pass, then the link is cut.
    CutAfter(usize),
}

impl State {
    pub(super) fn new(targets: Vec<SocketAddr>) -> Self {
        Self {
            targets,
            mode: Mode::Open,
            delay: Duration::ZERO,
            alive: CancellationToken::new(),
            hold: None,
            held: 0,
            faults: VecDeque::new(),
            struck: 0,
            requests: Vec::new(),
            sends: 0,
            acknowledged: Vec::new(),
            story: VecDeque::new(),
        }
    }

    /// Notes something for the story of this link.
    pub(super) fn tell(&mut self, event: String) {
        if self.story.len() == STORY {
            self.story.pop_front();
        }
        self.story.push_back(event);
    }

    /// Returns the latest events.
    pub(super) fn story(&self) -> Vec<String> {
        self.story.iter().cloned().collect()
    }

    pub(super) fn cut(&mut self) {
        self.tell("-- cut".to_owned());
        std::mem::replace(&mut self.alive, CancellationToken::new()).cancel();
    }

    /// A frame from the device.
    pub(super) fn client_frame(&mut self, payload: &[u8]) -> Verdict {
        self.tell(format!("-> {}", gist(payload)));
        if !has_type(payload, "send") {
            return Verdict::Pass;
        }
        if let Some(Fault::BeforeSend(left)) = self.faults.front_mut()
            && count_down(left)
        {
            return self.strike(0);
        }
        self.sends += 1;
        Verdict::Pass
    }

    /// A frame from the server.
    pub(super) fn server_frame(&mut self, frame_bytes: usize, payload: &[u8]) -> Verdict {
        self.tell(format!("<- {}", gist(payload)));
        let (ack, changes) = (has_type(payload, "ack"), has_type(payload, "changes"));
        let pass = match self.faults.front_mut() {
            Some(Fault::BeforeAck(left)) if ack => count_down(left).then_some(0),
            Some(Fault::InChanges(left)) if changes => count_down(left).then_some(frame_bytes / 2),
            _ => None,
        };
        if let Some(pass) = pass {
            return self.strike(pass);
        }
        if ack && let Ok(ServerFrame::Ack(sent)) = serde_json::from_slice(payload) {
            self.acknowledged.push(sent.id);
        }
        Verdict::Pass
    }

    /// Bytes of the answer to `request`, of which `before` have passed already.
    pub(super) fn answer(&mut self, request: &Request, before: usize, bytes: usize) -> Verdict {
        if let Some(Fault::InAnswer(path, at)) = self.faults.front()
            && request.path().ends_with(path)
            && before + bytes > *at
        {
            let rest = at.saturating_sub(before);
            return self.strike(rest);
        }
        Verdict::Pass
    }

    fn strike(&mut self, pass: usize) -> Verdict {
        self.faults.pop_front();
        self.struck += 1;
        Verdict::CutAfter(pass)
    }
}

fn gist(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload)
        .chars()
        .take(GIST)
        .collect()
}

/// Returns whether this was the one.
fn count_down(left: &mut u32) -> bool {
    *left = left.saturating_sub(1);
    *left == 0
}

/// Both sides write `type` first. Quotes within a message's text are escaped, so a text cannot look
/// like this.
fn has_type(payload: &[u8], name: &str) -> bool {
    payload.starts_with(format!(r#"{{"type":"{name}""#).as_bytes())
}
