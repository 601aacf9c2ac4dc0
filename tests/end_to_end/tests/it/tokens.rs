//! Access tokens run out, answers to refreshes get lost.

use std::time::Duration;

use magpie_core::{CoreEvent, FailureCode, socket::LinkState};
use magpie_protocol::{ErrorCode, routes};
use magpie_tests_end_to_end::{Fault, Stage};

const LONGER_THAN_A_TOKEN: Duration = Duration::from_secs(16 * 60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_runs_out_with_fifty_requests_under_way() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.befriends(&bob).await;
    let device = alice.device();
    device
        .link()
        .hold(|request| request.path() == routes::USERS);
    let core = device.core();
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let core = core.clone();
            tokio::spawn(async move { core.search_people("bob", None).await })
        })
        .collect();
    device.link().until_held(50).await;
    let before = device.link().requests_for(routes::REFRESH);
    stage.clock().advance(LONGER_THAN_A_TOKEN);
    device.link().release();
    for request in requests {
        let found = request.await.unwrap().unwrap();
        assert_eq!(found.items[0].user.id, bob.id());
    }
    assert_eq!(device.link().requests_for(routes::REFRESH) - before, 1);
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_to_a_refresh_gets_lost() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.befriends(&bob).await;
    for round in 0..3 {
        let device = alice.device();
        let struck = device.link().struck();
        device.link().break_at(Fault::InAnswer("/refresh", 0));
        stage.clock().advance(LONGER_THAN_A_TOKEN);
        device.link().cut();
        device.core().reconnect();
        alice.says_many_to(&bob, &format!("round {round}"), 5).await;
        device.link().until_struck(struck + 1).await;
        device.until_online().await;
    }
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_was_ended_elsewhere_is_signed_out_and_keeps_what_it_holds() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    bob.says(&alice, "Before").await;
    let second = stage.another_device(&alice).await;
    second
        .until_line(chat, "the message is there", |line| line.unread == 1)
        .await;
    second.until_online().await;
    second.link().until_quiet(Duration::from_millis(300)).await;
    let mut events = second.core().events();

    let core = alice.device().core();
    let devices = core.devices().await.unwrap();
    let other = devices
        .iter()
        .find(|view| view.device.name == second.label())
        .unwrap();
    assert!(!other.current);
    core.end_device(other.device.id).await.unwrap();
    let failure = loop {
        match events.next().await.unwrap() {
            CoreEvent::SignedOut { failure } => break failure,
            _ => continue,
        }
    };
    assert_eq!(failure.code, FailureCode::Server(ErrorCode::SessionEnded));
    assert_eq!(second.core().link(), LinkState::SignedOut);
    let whole = second.timeline(chat).await.unwrap();
    assert_eq!(whole.messages.len(), 2);

    // Signing in again takes up where it stood.
    second.close().await;
    second.sign_in("alice", &alice.password()).await.unwrap();
    stage.all_is_well().await;
}
