//! Random plans: whatever people and the network do, in the end everybody agrees.

use std::{fmt, time::Duration};

use magpie_core::{CoreError, FailureCode, LocalCode};
use magpie_protocol::{ConversationId, ErrorCode};
use rand::{Rng, RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::{Device, Fault, Person, Stage};

/// Something that a person or the network does. People, devices and friends are numbers that are
/// taken modulo how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Says so many things to a friend.
    Say(usize, usize, usize, usize),
    /// Reads what a friend wrote.
    Read(usize, usize, usize),
    /// The device's link is cut.
    Cut(usize, usize),
    /// The device's link will be cut at a nasty point.
    Break(usize, usize, Fault),
    /// The device loses its network.
    Lose(usize, usize),
    /// Nothing comes through to the device, and it is not told.
    Swallow(usize, usize),
    /// The device has a network again.
    Find(usize, usize),
    /// The core is closed and started.
    Restart(usize, usize),
    /// The core is dropped and started.
    Kill(usize, usize),
    /// One more device signs in.
    SignIn(usize),
    /// Gives a friend another name.
    Remark(usize, usize),
    /// Ends a friendship.
    Remove(usize, usize),
    /// Asks a former friend again, a day later, and is accepted where the network allows.
    Again(usize, usize),
    /// Blocks a friend, or unblocks them.
    Block(usize, usize, bool),
    /// Time passes, in minutes.
    Wait(u64),
    /// The server is killed, or restarted where it runs in this process.
    Server,
    /// Waits until the device is up to date.
    Settle(usize, usize),
}

/// A plan, and the seed that it was made from.
pub struct Plan {
    seed: u64,
    steps: Vec<Step>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "plan of seed {} with {} steps:",
            self.seed,
            self.steps.len()
        )?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "  {number}: {step:?}")?;
        }
        Ok(())
    }
}

impl Plan {
    /// Makes the plan of a seed.
    #[must_use]
    pub fn new(seed: u64, steps: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let steps = (0..steps).map(|_| step(&mut rng)).collect();
        Self { seed, steps }
    }

    /// Carries the plan out on an empty stage, and checks that all comes right.
    ///
    /// # Panics
    /// When it does not, or something fails that may not fail.
    pub async fn carry_out(&self, stage: &Stage, killable: bool) {
        for name in ["alice", "bob", "carol"] {
            stage.invite(name).await;
        }
        let cast = stage.cast();
        for (n, person) in cast.iter().enumerate() {
            for other in &cast[n + 1..] {
                person.befriends(other).await;
            }
        }
        for (number, step) in self.steps.iter().enumerate() {
            tracing::info!(number, ?step, "plan");
            self.take(stage, &cast, *step, killable).await;
        }
        stage.all_is_well().await;
    }

    async fn take(&self, stage: &Stage, cast: &[Person], step: Step, killable: bool) {
        let person = |n: usize| &cast[n % cast.len()];
        let friend = |n: usize, m: usize| person(n + 1 + m % (cast.len() - 1));
        let device = |n: usize, d: usize| {
            let devices = person(n).devices();
            devices[d % devices.len()].clone()
        };
        match step {
            Step::Say(n, d, m, count) => {
                let device = device(n, d);
                if let Some(id) = conversation(&device, friend(n, m)).await {
                    let prefix = format!("{} to {}:", device.label(), friend(n, m).name());
                    device.says_many(id, &prefix, count).await;
                }
            }
            Step::Read(n, d, m) => {
                let device = device(n, d);
                if let Some(id) = conversation(&device, friend(n, m)).await {
                    device.reads(id).await;
                }
            }
            Step::Cut(n, d) => device(n, d).link().cut(),
            Step::Break(n, d, fault) => device(n, d).link().break_at(fault),
            Step::Lose(n, d) => device(n, d).link().refuse(),
            Step::Swallow(n, d) => device(n, d).link().swallow(),
            Step::Find(n, d) => {
                let device = device(n, d);
                device.link().open();
                device.core().reconnect();
            }
            Step::Restart(n, d) => {
                let device = device(n, d);
                device.close().await;
                device.start().await;
            }
            Step::Kill(n, d) => {
                let device = device(n, d);
                device.kill();
                device.start().await;
            }
            Step::SignIn(n) if person(n).devices().len() < 3 => {
                stage.another_device(person(n)).await;
            }
            Step::SignIn(_) => {}
            Step::Remark(n, m) => {
                let remark = format!("remark {}", self.seed % 97);
                let core = device(n, 0).core();
                tolerate(within(core.set_remark(friend(n, m).id(), &remark)).await);
            }
            Step::Remove(n, m) => {
                may_be_refused(stage, person(n), friend(n, m)).await;
                let core = device(n, 0).core();
                tolerate(within(core.remove_friend(friend(n, m).id())).await);
            }
            Step::Again(n, m) => again(stage, person(n), friend(n, m), killable).await,
            Step::Block(n, m, blocked) => {
                may_be_refused(stage, person(n), friend(n, m)).await;
                let core = device(n, 0).core();
                tolerate(within(core.set_blocked(friend(n, m).id(), blocked)).await);
            }
            Step::Wait(minutes) if !killable => {
                let_time_pass(stage, Duration::from_secs(60 * minutes)).await;
            }
            Step::Wait(_) => {}
            Step::Server if killable => stage.kill_server().await,
            Step::Server => stage.restart_server().await,
            Step::Settle(n, d) => {
                let device = device(n, d);
                device.link().open();
                device.until_online().await;
            }
        }
    }
}

/// The conversation with a friend, as far as the device knows of it.
async fn conversation(device: &Device, friend: &Person) -> Option<ConversationId> {
    let list = device.core().conversations().await.unwrap();
    let mut items = list.items.into_iter();
    let with = items.find(|item| {
        item.peer
            .as_ref()
            .is_some_and(|peer| peer.id == friend.id())
    })?;
    Some(with.id)
}

async fn may_be_refused(stage: &Stage, person: &Person, friend: &Person) {
    if let Some(id) = conversation(&person.device(), friend).await {
        stage.record().may_be_refused(id);
    }
}

/// A day later the two may become friends again. Both need a network for it: this is about what
/// follows, not about the request.
async fn again(stage: &Stage, person: &Person, friend: &Person, killable: bool) {
    if killable {
        return;
    }
    for device in [person.device(), friend.device()] {
        device.link().forget_faults();
        device.link().open();
        device.until_online().await;
    }
    if stage
        .observer()
        .friends(person)
        .await
        .unwrap()
        .iter()
        .any(|f| f.user.id == friend.id())
    {
        return;
    }
    let_time_pass(stage, Duration::from_secs(25 * 3_600)).await;
    let asked = person
        .device()
        .core()
        .request_friend(friend.id(), "Again?")
        .await;
    match asked.map_err(|error| error.code()) {
        Ok(()) => {}
        Err(FailureCode::Server(ErrorCode::Blocked | ErrorCode::BlockedByYou)) => return,
        Err(code) => panic!("asking again failed: {code:?}"),
    }
    // Where the other had asked already, this has accepted it.
    let friends = stage.observer().friends(person).await.unwrap();
    if let Some(friend) = friends.iter().find(|f| f.user.id == friend.id()) {
        stage.record().befriended(friend.conversation_id);
        return;
    }
    friend.accepts(person).await;
}

/// Puts the clock forward while nobody refreshes: a device that did not hear the answer has a minute
/// to ask again, and is signed out afterwards. Who had no network has none afterwards.
async fn let_time_pass(stage: &Stage, by: Duration) {
    let devices: Vec<Device> = stage.cast().iter().flat_map(Person::devices).collect();
    let lost: Vec<&Device> = devices
        .iter()
        .filter(|device| device.link().refuses())
        .collect();
    for device in &devices {
        device.link().forget_faults();
        device.link().open();
        device.until_online().await;
    }
    for device in lost {
        device.link().refuse();
    }
    stage.clock().advance(by);
}

/// A step does not wait for a network that may never come back.
async fn within(action: impl Future<Output = Result<(), CoreError>>) -> Result<(), CoreError> {
    let patience = Duration::from_secs(2);
    tokio::time::timeout(patience, action)
        .await
        .unwrap_or(Ok(()))
}

/// What people do can fail where there is no network, and where it is done already.
fn tolerate(result: Result<(), CoreError>) {
    let Err(error) = result else {
        return;
    };
    match error.code() {
        FailureCode::Local(LocalCode::Unreachable | LocalCode::TimedOut)
        | FailureCode::Server(
            ErrorCode::NotFriends
            | ErrorCode::UserNotFound
            | ErrorCode::Unavailable
            | ErrorCode::Internal,
        ) => {}
        code => panic!("failed for a strange reason: {code:?}: {error}"),
    }
}

fn step(rng: &mut impl Rng) -> Step {
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
