//! Nothing is broken.

use magpie_protocol::routes;
use magpie_tests_end_to_end::nodes::Sockets;

use super::{burst, passes, stage, two_people};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_on_different_nodes_chat() {
    let stage = stage(3, Sockets::BehindTheProxy).await;
    let (alice, bob, chat) = two_people(&stage).await;
    let carol = stage.invite("carol").await;
    carol.befriends(&alice).await;
    carol.befriends(&bob).await;
    burst(&stage, "all well", 60, async {}).await;
    stage.all_is_well().await;

    // What is said on one node is pushed on the other: nobody has to ask.
    for device in [alice.device(), bob.device()] {
        device.until_online().await;
        let quiet = std::time::Duration::from_millis(500);
        device.link().until_quiet(quiet).await;
    }
    let changes = routes::conversation_changes(chat);
    let asked = || [routes::SYNC, &changes].map(|path| bob.device().link().requests_for(path));
    let before = asked();
    for n in 1..=20 {
        let text = format!("over the bus {n}");
        passes(&alice.device(), &bob.device(), chat, &text).await;
    }
    assert_eq!(asked(), before, "it was pushed");
    stage.all_is_well().await;
}
