//! The link is cut at nasty points.

use magpie_tests_end_to_end::{Fault, Stage, plan::fault};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

async fn strikes_once(faults: &[Fault]) {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    let device = alice.device();
    for fault in faults {
        let before = device.link().struck();
        device.link().break_at(*fault);
        tokio::join!(
            device.says_many(chat, "mine", 20),
            bob.says_many_to(&alice, "yours", 20),
        );
        device.link().until_struck(before + 1).await;
    }
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_message_leaves() {
    strikes_once(&[Fault::BeforeSend(1), Fault::BeforeSend(7)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_it_was_stored_and_before_its_sender_knows() {
    strikes_once(&[Fault::BeforeAck(1), Fault::BeforeAck(7)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_of_a_push() {
    strikes_once(&[Fault::InChanges(1), Fault::InChanges(4)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_of_a_page() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    let link = alice.device().link().clone();
    for (path, messages) in [("/sync", 10), ("/changes", 100), ("/messages", 1_000)] {
        alice.device().close().await;
        let texts = (1..=messages).map(|n| format!("for {path} {n}"));
        let now = magpie_core::Clock::now(stage.clock());
        stage.observer().sends(&bob, chat, now, texts).await;
        let before = link.struck();
        link.break_at(Fault::InAnswer(path, 400));
        link.break_at(Fault::InAnswer(path, 0));
        alice.device().start().await;
        link.until_struck(before + 2).await;
        alice.device().until_online().await;
    }
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_random_points() {
    let seed = std::env::var("MAGPIE_SEED").map_or_else(|_| rand::random(), |s| s.parse().unwrap());
    println!("MAGPIE_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    for round in 0..25 {
        for device in [alice.device(), bob.device()] {
            device
                .says_many(chat, &format!("round {round}"), rng.random_range(1..30))
                .await;
            if rng.random_bool(0.7) {
                let fault = fault(&mut rng);
                println!("{round}: {} {fault:?}", device.label());
                device.link().break_at(fault);
            } else {
                println!("{round}: {} is cut", device.label());
                device.link().cut();
            }
            device.core().reconnect();
        }
    }
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pulled_cable_is_noticed_and_nothing_is_lost() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    alice.device().link().swallow();
    tokio::join!(
        alice.says_many_to(&bob, "into the void", 50),
        bob.says_many_to(&alice, "towards the void", 50),
    );
    bob.device()
        .until_sent(chat, magpie_tests_end_to_end::PATIENCE)
        .await;
    stage.all_is_well().await;
}
