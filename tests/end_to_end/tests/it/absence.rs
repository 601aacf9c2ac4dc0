//! Somebody comes back after a long time.

use std::time::Duration;

use magpie_protocol::routes;
use magpie_tests_end_to_end::Stage;

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_offline_with_five_thousand_missed_messages() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let carol = stage.invite("carol").await;
    let with_bob = alice.befriends(&bob).await;
    let with_carol = alice.befriends(&carol).await;
    alice.says(&bob, "I am off!").await;
    alice
        .device()
        .until_sent(with_bob, magpie_tests_end_to_end::PATIENCE)
        .await;
    alice.device().close().await;

    stage.clock().advance(WEEK);
    let now = magpie_core::Clock::now(stage.clock());
    tokio::join!(
        stage
            .observer()
            .sends(&bob, with_bob, now, (1..=3_000).map(|n| format!("bob {n}"))),
        stage.observer().sends(
            &carol,
            with_carol,
            now,
            (1..=2_000).map(|n| format!("carol {n}"))
        ),
    );

    // Only what the list needs may pass: if the list is right then, one round trip made it so.
    let link = alice.device().link().clone();
    let before = link.requests().len();
    link.hold(|request| ![routes::REFRESH, routes::SOCKET, routes::SYNC].contains(&request.path()));
    alice.device().start().await;
    for (chat, unread, text) in [
        (with_bob, 3_000, "bob 3000"),
        (with_carol, 2_000, "carol 2000"),
    ] {
        let line = alice
            .device()
            .until_line(chat, "the line is right", |line| line.unread == unread)
            .await;
        let shown = line.preview.map(|preview| preview.body);
        let due = magpie_protocol::messages::Text {
            text: text.to_owned(),
        };
        assert_eq!(shown, Some(magpie_protocol::messages::Body::Text(due)));
    }
    let came = link.requests().split_off(before);
    let syncs = came
        .iter()
        .filter(|request| request.path() == routes::SYNC)
        .count();
    assert_eq!(syncs, 1, "{came:#?}");
    link.release();
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_sent_before_a_week_offline_arrive_after_it() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    alice.device().link().refuse();
    alice.device().until_offline().await;
    alice.device().says_many(chat, "before the week", 10).await;
    stage.clock().advance(WEEK);
    alice.device().says_many(chat, "after the week", 10).await;
    stage.all_is_well().await;
}
