//! Random plans: whatever people, the network and the machines do, in the end everybody agrees.

mod chance;
mod friendship;
mod nodes;

use std::{fmt, time::Duration};

use magpie_core::{CoreError, FailureCode, LocalCode};
use magpie_protocol::{ConversationId, ErrorCode};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{Device, Fault, Person, Stage};
pub use chance::fault;
pub use nodes::NodeStep;

/// What a plan is carried out on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// A server in this process: time can pass.
    Here,
    /// A server that is killed.
    Child,
    /// Several nodes.
    Nodes,
}

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
    /// Something happens to a node, or to what all of them stand on.
    Node(NodeStep),
}

/// A plan, and the seed that it was made from.
pub struct Plan {
    seed: u64,
    ground: Ground,
    steps: Vec<Step>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "plan of seed {} with {} steps, {:?}:",
            self.seed,
            self.steps.len(),
            self.ground
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
    pub fn new(seed: u64, steps: usize, ground: Ground) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut step = || {
            if ground == Ground::Nodes && rng.random_bool(0.3) {
                return Step::Node(chance::node_step(&mut rng));
            }
            chance::step(&mut rng)
        };
        let steps = (0..steps).map(|_| step()).collect();
        Self {
            seed,
            ground,
            steps,
        }
    }

    /// Carries the plan out on an empty stage, and checks that all comes right.
    ///
    /// # Panics
    /// When it does not, or something fails that may not fail.
    pub async fn carry_out(&self, stage: &Stage) {
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
            self.take(stage, &cast, *step).await;
        }
        stage.all_is_well().await;
    }

    async fn take(&self, stage: &Stage, cast: &[Person], step: Step) {
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
                self.make_reachable(stage).await;
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
            Step::Again(n, m) if self.ground == Ground::Here => {
                friendship::again(stage, person(n), friend(n, m)).await;
            }
            Step::Again(..) => {}
            Step::Block(n, m, blocked) => {
                may_be_refused(stage, person(n), friend(n, m)).await;
                let core = device(n, 0).core();
                tolerate(within(core.set_blocked(friend(n, m).id(), blocked)).await);
            }
            Step::Wait(minutes) if self.ground == Ground::Here => {
                friendship::let_time_pass(stage, Duration::from_secs(60 * minutes)).await;
            }
            Step::Wait(_) => {}
            Step::Server => match self.ground {
                Ground::Here => stage.restart_server().await,
                Ground::Child => stage.kill_server().await,
                Ground::Nodes => {}
            },
            Step::Node(NodeStep::Move(n, d, node)) => stage.moves(&device(n, d), node),
            Step::Node(step) => nodes::take(stage.nodes(), step).await,
            Step::Settle(n, d) => {
                self.make_reachable(stage).await;
                let device = device(n, d);
                device.link().open();
                device.until_online().await;
            }
        }
    }

    /// A person who waits for the server needs one that can answer.
    async fn make_reachable(&self, stage: &Stage) {
        if self.ground == Ground::Nodes {
            nodes::mend_databases(stage.nodes()).await;
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
