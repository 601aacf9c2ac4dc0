//! Who is there, across nodes.

use magpie_tests_end_to_end::nodes::Sockets;

use super::stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn friends_on_another_node_are_seen_coming_and_going() {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.befriends(&bob).await;
    let mut ear = stage
        .observer()
        .listens(&bob, stage.nodes().addresses()[1])
        .await;
    ear.until_presence(alice.id(), true).await;
    alice.device().link().refuse();
    ear.until_presence(alice.id(), false).await;
    alice.device().link().open();
    alice.device().until_online().await;
    ear.until_presence(alice.id(), true).await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_leaves_no_ghosts() {
    let stage = stage(2, Sockets::BehindTheProxy).await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.befriends(&bob).await;
    let mut ear = stage
        .observer()
        .listens(&bob, stage.nodes().addresses()[1])
        .await;
    ear.until_presence(alice.id(), true).await;
    // Nobody tells the others that she is gone: her node is dead.
    stage.nodes().kill(0).await;
    alice.device().link().refuse();
    ear.until_presence(alice.id(), false).await;
    alice.device().link().open();
    alice.device().until_online().await;
    ear.until_presence(alice.id(), true).await;
    stage.all_is_well().await;
}
