//! PostgreSQL is gone, or a node cannot reach it: nothing is acknowledged that is not stored, and
//! nothing that was said is lost.

use magpie_protocol::server::HealthStatus;
use magpie_tests_end_to_end::{Pipe, nodes::Sockets};

use super::{burst, passes, stage, two_people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_its_power_and_comes_back() {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    two_people(&stage).await;
    for round in 0..3 {
        let prefix = format!("round {round}");
        burst(&stage, &prefix, 80, async {
            stage.nodes().kill_postgres();
            stage.nodes().start_postgres();
        })
        .await;
    }
    stage.all_is_well().await;
}

/// Node 0 loses PostgreSQL in the way of `fault`.
async fn one_node_loses_postgres(fault: impl Fn(&Pipe)) {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    let (alice, bob, chat) = two_people(&stage).await;
    let second = alice.devices()[1].clone();
    let wire = stage.nodes().database(0);
    burst(&stage, "cut off", 80, async { fault(wire) }).await;
    stage
        .nodes()
        .until_health(0, "says that it has no database", |health| {
            health.database == HealthStatus::Unavailable
        })
        .await;
    // On the other node everything goes on.
    passes(&second, &bob.device(), chat, "over here").await;
    burst(&stage, "whole again", 80, async { wire.open() }).await;
    stage.nodes().until_reaches_database(0).await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_cut_off_from_postgres() {
    one_node_loses_postgres(Pipe::refuse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_hears_nothing_from_postgres_and_is_not_told() {
    one_node_loses_postgres(Pipe::stall).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wire_to_postgres_is_cut_again_and_again() {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    two_people(&stage).await;
    for round in 0..10 {
        let wire = stage.nodes().database(round % 2);
        burst(&stage, &format!("cut {round}"), 20, async { wire.cut() }).await;
    }
    stage.all_is_well().await;
}
