//! What happens to nodes, and to what all of them stand on.

use crate::Nodes;

/// Something that happens to a node. Nodes are numbers that are taken modulo how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeStep {
    /// A person's device is cut, and comes back on a node.
    Move(usize, usize, usize),
    /// The node is killed, unless it is the last.
    Kill(usize),
    /// The node is started again.
    Revive(usize),
    /// The node loses Redis.
    CutBus(usize),
    /// Nothing passes between the node and Redis, and neither is told.
    StallBus(usize),
    /// The node has Redis again.
    MendBus(usize),
    /// Redis is killed and started, empty.
    RestartRedis,
    /// PostgreSQL is killed as by a power cut, and started.
    RestartPostgres,
    /// The node loses PostgreSQL.
    CutDatabase(usize),
    /// Nothing passes between the node and PostgreSQL, and neither is told.
    StallDatabase(usize),
    /// The node has PostgreSQL again.
    MendDatabase(usize),
}

/// Lets it happen.
pub(super) async fn take(nodes: &Nodes, step: NodeStep) {
    let node = |n: usize| n % nodes.count();
    match step {
        // People move, not nodes.
        NodeStep::Move(..) => {}
        NodeStep::Kill(n) => {
            let mut running = 0;
            for other in 0..nodes.count() {
                running += usize::from(nodes.runs(other).await);
            }
            if running > 1 && nodes.runs(node(n)).await {
                nodes.kill(node(n)).await;
            }
        }
        NodeStep::Revive(n) => {
            if !nodes.runs(node(n)).await {
                // Without its database a node does not start.
                nodes.database(node(n)).open();
                nodes.revive(node(n)).await;
            }
        }
        NodeStep::CutBus(n) => nodes.bus(node(n)).refuse(),
        NodeStep::StallBus(n) => nodes.bus(node(n)).stall(),
        NodeStep::MendBus(n) => nodes.bus(node(n)).open(),
        NodeStep::RestartRedis => {
            nodes.kill_redis();
            nodes.start_redis();
        }
        NodeStep::RestartPostgres => {
            nodes.kill_postgres();
            nodes.start_postgres();
        }
        NodeStep::CutDatabase(n) => nodes.database(node(n)).refuse(),
        NodeStep::StallDatabase(n) => nodes.database(node(n)).stall(),
        NodeStep::MendDatabase(n) => nodes.database(node(n)).open(),
    }
}

/// Gives every node that runs its database back, and waits until each has found it.
pub(super) async fn mend_databases(nodes: &Nodes) {
    for node in 0..nodes.count() {
        nodes.database(node).open();
    }
    for node in 0..nodes.count() {
        if nodes.runs(node).await {
            nodes.until_reaches_database(node).await;
        }
    }
}
