//! One person, several devices.

use magpie_tests_end_to_end::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_device_ends_up_with_the_same_history() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let carol = stage.invite("carol").await;
    let chat = alice.befriends(&bob).await;
    alice.befriends(&carol).await;
    tokio::join!(
        alice.says_many_to(&bob, "to bob", 350),
        bob.says_many_to(&alice, "to alice", 350),
        carol.says_many_to(&alice, "from carol", 40),
    );
    alice.device().reads(chat).await;
    let second = stage.another_device(&alice).await;
    second.until_online().await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_device_sends_and_reads_the_other_knows() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    let second = stage.another_device(&alice).await;
    second.until_online().await;
    bob.device().says_many(chat, "for both", 10).await;
    for device in alice.devices() {
        device
            .until_line(chat, "all are there", |line| line.unread == 10)
            .await;
    }
    second.reads(chat).await;
    for device in alice.devices() {
        device
            .until_line(chat, "all are read", |line| line.unread == 0)
            .await;
    }
    tokio::join!(
        second.says_many(chat, "from the second", 50),
        alice.says_many_to(&bob, "from the first", 50),
    );
    stage.all_is_well().await;
}
