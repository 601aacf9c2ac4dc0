//! Server and client are killed in the middle of their work.

use std::{path::Path, time::Duration};

use magpie_protocol::MessageId;
use magpie_tests_end_to_end::{ChildClient, Person, Stage, eventually};

const SERVER: &str = env!("CARGO_BIN_EXE_server_under_test");
const CLIENT: &str = env!("CARGO_BIN_EXE_client_under_test");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_killed_under_load() {
    let stage = Stage::with_child_server(Path::new(SERVER)).await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    for round in 0..4 {
        let acks = alice.device().link().acks();
        let killing = async {
            // In the middle of the burst: something was taken, and not all of it.
            eventually(
                "the server takes messages",
                Duration::from_secs(30),
                async || {
                    let taken = alice.device().link().acks() - acks;
                    if taken >= 20 {
                        Ok(())
                    } else {
                        Err(format!("{taken} acks"))
                    }
                },
            )
            .await;
            stage.kill_server().await;
        };
        let prefix = format!("round {round}");
        tokio::join!(
            alice.says_many_to(&bob, &prefix, 200),
            bob.says_many_to(&alice, &prefix, 200),
            killing,
        );
        for device in [alice.device(), bob.device()] {
            device.until_online().await;
        }
    }
    alice
        .device()
        .until_sent(chat, Duration::from_secs(60))
        .await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_properly_says_so_and_comes_back() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.befriends(&bob).await;
    tokio::join!(
        alice.says_many_to(&bob, "before and after", 100),
        stage.restart_server(),
        bob.says_many_to(&alice, "before and after", 100),
    );
    stage.all_is_well().await;
}

/// Runs the device's core in a process of its own, which says `count` things and is killed after
/// `taken` of them.
async fn dies_while_sending(
    stage: &Stage,
    person: &Person,
    other: &Person,
    count: usize,
    taken: usize,
) {
    let device = person.device();
    let chat = person.conversation_with(other).await;
    device.close().await;
    let prefix = format!("last words after {}", stage.record().len());
    for n in 1..=count {
        stage
            .record()
            .perhaps_sent(person.id(), chat, &format!("{prefix} {n}"));
    }
    let program = Path::new(CLIENT);
    let mut child = ChildClient::start(program, device.folder(), chat, &prefix, count);
    let mut last: Option<MessageId> = None;
    for n in 1..=taken {
        let id = child.next().await.unwrap();
        assert!(last < Some(id), "ids grow");
        last = Some(id);
        stage.record().sent(
            device.label(),
            person.id(),
            chat,
            id,
            &format!("{prefix} {n}"),
        );
    }
    child.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_killed_while_its_outbox_is_full() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    alice.device().link().refuse();
    dies_while_sending(&stage, &alice, &bob, 500, 300).await;
    // Started without a network, it shows what it still owes.
    alice.device().start().await;
    let whole = alice.device().timeline(chat).await.unwrap();
    let waiting = whole
        .messages
        .iter()
        .filter(|message| message.seq.is_none())
        .count();
    assert!((300..=500).contains(&waiting), "{waiting} messages wait");
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_killed_while_it_sends() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.befriends(&bob).await;
    for taken in [1, 60, 150] {
        dies_while_sending(&stage, &alice, &bob, 200, taken).await;
        alice.device().start().await;
    }
    stage.all_is_well().await;
}
