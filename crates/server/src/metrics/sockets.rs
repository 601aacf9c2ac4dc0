//! Sockets, by what they are at.

use magpie_protocol::frames::ServerFrame;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::{Code, added};

/// What is counted of sockets.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// They are open and not ready: their subscriptions are being made.
    pub(crate) greeting: Gauge,
    /// They are ready.
    pub(crate) open: Gauge,
    /// They are being closed.
    pub(crate) parting: Gauge,
    /// They were told that changes were left out.
    pub(crate) resyncs: Counter,
    refusals: Family<Code, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

impl Sockets {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let states: Family<State, Gauge> = added(registry, "sockets", "Sockets, by state");
        let state = |state| states.get_or_create_owned(&State { state });
        Self {
            greeting: state("greeting"),
            open: state("open"),
            parting: state("parting"),
            resyncs: added(
                registry,
                "resyncs",
                "Times that a socket was told to ask what changed, because changes were left out",
            ),
            refusals: added(
                registry,
                "socket_refusals",
                "Frames that were refused, by code",
            ),
        }
    }

    /// Counts the refusals among the answers to frames.
    pub(crate) fn replied(&self, replies: &[ServerFrame]) {
        for reply in replies {
            if let ServerFrame::Nack { error, .. } = reply {
                self.refusals.get_or_create(&Code::of(error.code)).inc();
            }
        }
    }
}

/// Something that is counted as long as this lives.
#[derive(Debug)]
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }

    /// Counts it there instead.
    pub(crate) fn move_to(&mut self, gauge: &Gauge) {
        *self = Self::new(gauge);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
