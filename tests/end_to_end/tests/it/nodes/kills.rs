//! Nodes are killed with `SIGKILL`.

use magpie_tests_end_to_end::nodes::Sockets;

use super::{burst, passes, stage, two_people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_killed_in_the_middle_of_a_burst() {
    let stage = stage(3, Sockets::BehindTheProxy).await;
    let (alice, bob, chat) = two_people(&stage).await;
    for node in [0, 1, 0] {
        let prefix = format!("without node {node}");
        burst(&stage, &prefix, 80, stage.nodes().kill(node)).await;
        // Its people are on another node, while it is still dead.
        for device in alice.devices().into_iter().chain(bob.devices()) {
            device.until_online().await;
        }
        passes(&alice.device(), &bob.device(), chat, &prefix).await;
        stage.nodes().revive(node).await;
        stage.moves(&alice.device(), 0);
        stage.moves(&bob.device(), 1);
    }
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_nodes_are_killed_at_once() {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    two_people(&stage).await;
    burst(&stage, "the dark", 80, async {
        tokio::join!(stage.nodes().kill(0), stage.nodes().kill(1));
        tokio::join!(stage.nodes().revive(0), stage.nodes().revive(1));
    })
    .await;
    stage.all_is_well().await;
}
