//! What happens next, by chance.

use rand::{Rng, RngExt as _, seq::IndexedRandom as _};

use super::{NodeStep, Step};
use crate::Fault;

/// What people and the network do.
pub(super) fn step(rng: &mut impl Rng) -> Step {
    let (n, d, m) = (
        rng.random_range(0..3),
        rng.random_range(0..3),
        rng.random_range(0..2),
    );
    match rng.random_range(0..100) {
        0..30 => Step::Say(n, d, m, rng.random_range(1..30)),
        30..40 => Step::Read(n, d, m),
        40..46 => Step::Cut(n, d),
        46..58 => Step::Break(n, d, fault(rng)),
        58..62 => Step::Lose(n, d),
        62..64 => Step::Swallow(n, d),
        64..72 => Step::Find(n, d),
        72..76 => Step::Restart(n, d),
        76..80 => Step::Kill(n, d),
        80..82 => Step::SignIn(n),
        82..84 => Step::Remark(n, m),
        84..86 => Step::Remove(n, m),
        86..89 => Step::Again(n, m),
        89..91 => Step::Block(n, m, rng.random_bool(0.3)),
        91..94 => Step::Wait(rng.random_range(1..20)),
        94..96 => Step::Server,
        _ => Step::Settle(n, d),
    }
}

/// A nasty point, soon.
pub fn fault(rng: &mut impl Rng) -> Fault {
    let soon = rng.random_range(1..12);
    let faults = [
        Fault::BeforeSend(soon),
        Fault::BeforeAck(soon),
        Fault::InChanges(soon),
        Fault::InAnswer("/sync", rng.random_range(0..600)),
        Fault::InAnswer("/changes", rng.random_range(0..600)),
        Fault::InAnswer("/messages", rng.random_range(0..600)),
        Fault::InAnswer("/refresh", 0),
    ];
    *faults.choose(rng).unwrap()
}

/// What becomes of nodes, and of what they stand on.
pub(super) fn node_step(rng: &mut impl Rng) -> NodeStep {
    let (n, d) = (rng.random_range(0..3), rng.random_range(0..3));
    match rng.random_range(0..100) {
        0..20 => NodeStep::Move(n, d, rng.random_range(0..3)),
        20..35 => NodeStep::Kill(n),
        35..50 => NodeStep::Revive(n),
        50..56 => NodeStep::CutBus(n),
        56..62 => NodeStep::StallBus(n),
        62..74 => NodeStep::MendBus(n),
        74..79 => NodeStep::RestartRedis,
        79..83 => NodeStep::RestartPostgres,
        83..87 => NodeStep::CutDatabase(n),
        87..91 => NodeStep::StallDatabase(n),
        _ => NodeStep::MendDatabase(n),
    }
}
