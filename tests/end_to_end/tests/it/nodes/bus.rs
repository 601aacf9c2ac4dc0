//! Redis is gone, or a node cannot reach it: messages do not depend on it.

use magpie_protocol::server::HealthStatus;
use magpie_tests_end_to_end::{Pipe, Stage, nodes::Sockets};

use super::{burst, passes, stage, two_people};

async fn until_bus(stage: &Stage, node: usize, status: HealthStatus) {
    let what = format!("says that its bus is {status:?}");
    stage
        .nodes()
        .until_health(node, &what, |health| health.bus == status)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_is_killed_and_comes_back_empty() {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    let (alice, bob, chat) = two_people(&stage).await;
    for round in 0..2 {
        let prefix = format!("round {round}");
        burst(&stage, &prefix, 80, async {
            stage.nodes().kill_redis();
        })
        .await;
        for node in 0..2 {
            until_bus(&stage, node, HealthStatus::Degraded).await;
            let health = stage.nodes().health(node).await.unwrap();
            assert_eq!(health.status, HealthStatus::Degraded, "and not unavailable");
        }
        // Across the nodes, while there is no Redis.
        let text = format!("without Redis {round}");
        passes(&alice.device(), &bob.device(), chat, &text).await;
        burst(&stage, &prefix, 80, async {
            stage.nodes().start_redis();
        })
        .await;
        for node in 0..2 {
            until_bus(&stage, node, HealthStatus::Ok).await;
        }
    }
    stage.all_is_well().await;
}

/// Node 0 loses Redis in the way of `fault`.
async fn one_node_loses_redis(fault: impl Fn(&Pipe)) {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    let (alice, bob, chat) = two_people(&stage).await;
    let wire = stage.nodes().bus(0);
    burst(&stage, "cut off", 80, async { fault(wire) }).await;
    until_bus(&stage, 0, HealthStatus::Degraded).await;
    assert_eq!(
        stage.nodes().health(1).await.unwrap().bus,
        HealthStatus::Ok,
        "the other has it still"
    );
    passes(&alice.device(), &bob.device(), chat, "out of the hole").await;
    passes(&bob.device(), &alice.device(), chat, "into the hole").await;
    burst(&stage, "whole again", 80, async { wire.open() }).await;
    until_bus(&stage, 0, HealthStatus::Ok).await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_cut_off_from_redis() {
    one_node_loses_redis(Pipe::refuse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_hears_nothing_from_redis_and_is_not_told() {
    one_node_loses_redis(Pipe::stall).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wire_to_redis_is_cut_again_and_again() {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    two_people(&stage).await;
    for round in 0..10 {
        let wire = stage.nodes().bus(round % 2);
        burst(&stage, &format!("cut {round}"), 20, async { wire.cut() }).await;
    }
    stage.all_is_well().await;
}
