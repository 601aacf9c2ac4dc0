//! Two people meet and talk.

use magpie_core::contacts::Relation;
use magpie_protocol::messages::{Body, SystemEvent};
use magpie_tests_end_to_end::{PATIENCE, Stage, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_become_friends_and_talk() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let found = alice
        .device()
        .core()
        .search_people("bob", None)
        .await
        .unwrap();
    assert_eq!(found.items[0].user.id, bob.id());
    assert_eq!(found.items[0].relation, Relation::Stranger);

    alice.asks(&bob, "我是爱丽丝").await;
    let chat = bob.accepts(&alice).await;
    alice.says(&bob, "Hello, Bob! 👋").await;
    let line = bob
        .device()
        .until_line(chat, "Alice's message is there", |line| line.unread == 1)
        .await;
    assert_eq!(line.title, "Alice");
    let Some(Body::Text(text)) = line.preview.map(|preview| preview.body) else {
        panic!("the line shows no text");
    };
    assert_eq!(text.text, "Hello, Bob! 👋");

    bob.device().reads(chat).await;
    bob.says(&alice, "你好，爱丽丝").await;
    alice
        .device()
        .until_line(chat, "Bob's answer is there", |line| line.unread == 1)
        .await;
    let whole = alice.device().timeline(chat).await.unwrap();
    let Body::System(SystemEvent::Befriended {
        requester, message, ..
    }) = &whole.messages[0].body
    else {
        panic!("the conversation begins with {:?}", whole.messages[0]);
    };
    assert_eq!((*requester, message.as_str()), (alice.id(), "我是爱丽丝"));
    eventually("Alice sees that Bob has read it", PATIENCE, async || {
        let whole = alice.device().timeline(chat).await?;
        match whole.snapshot.marks.others_read_seq {
            2.. => Ok(()),
            read => Err(format!("read up to {read}")),
        }
    })
    .await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_messages_from_each_side_at_once() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    let (first, second) = (alice.device(), bob.device());
    tokio::join!(
        first.says_many(chat, "ping", 1_000),
        second.says_many(chat, "pong", 1_000),
    );
    assert_eq!(stage.record().len(), 2_000);
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_in_a_tunnel_arrives_behind_it_in_order() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    alice.device().link().refuse();
    alice.device().until_offline().await;
    alice.device().says_many(chat, "tunnel", 20).await;
    let whole = alice.device().timeline(chat).await.unwrap();
    assert_eq!(whole.messages.len(), 21, "they are shown at once");
    bob.device().says_many(chat, "daylight", 20).await;

    alice.device().close().await;
    alice.device().start().await;
    let whole = alice.device().timeline(chat).await.unwrap();
    assert_eq!(
        whole.messages.len(),
        21,
        "and after a restart without a network"
    );
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ticks_follow_when_somebody_catches_up() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    bob.device().link().refuse();
    bob.device().until_offline().await;
    alice.says_many_to(&bob, "while you were away", 25).await;
    alice.device().until_sent(chat, PATIENCE).await;
    bob.device().link().open();
    bob.device().until_online().await;
    let ticks = async |read: bool| {
        eventually("the ticks follow", PATIENCE, async || {
            let marks = alice.device().timeline(chat).await?.snapshot.marks;
            let come = if read {
                marks.others_read_seq
            } else {
                marks.others_delivered_seq
            };
            if come == 26 {
                Ok(())
            } else {
                Err(format!("{marks:?}"))
            }
        })
        .await;
    };
    ticks(false).await;

    // Read without a network, told when there is one again.
    bob.device().link().refuse();
    bob.device().until_offline().await;
    bob.device().reads(chat).await;
    let line = bob
        .device()
        .until_line(chat, "it is read", |line| line.unread == 0)
        .await;
    assert_eq!(line.unread, 0);
    bob.device().link().open();
    bob.device().until_online().await;
    ticks(true).await;
    stage.all_is_well().await;
}
