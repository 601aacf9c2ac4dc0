//! Several nodes on one PostgreSQL and one Redis, and whatever may happen to each of them in the
//! middle of a burst.

mod bus;
mod database;
mod gateway;

mod kills;
mod live;
mod plans;
mod presence;

use std::path::Path;

use futures_util::future::join_all;
use magpie_core::timeline::MessageView;
use magpie_protocol::ConversationId;
use magpie_tests_end_to_end::{Device, PATIENCE, Person, Stage, eventually, nodes::Sockets};

const SERVER: &str = env!("CARGO_BIN_EXE_server_under_test");

/// So many messages are acknowledged before something happens.
const UNDER_WAY: usize = 30;

async fn stage(nodes: usize, sockets: Sockets) -> Stage {
    Stage::with_nodes(Path::new(SERVER), nodes, sockets).await
}

/// Alice and Bob on different nodes, friends, and Alice with a second device beside Bob's.
async fn two_people(stage: &Stage) -> (Person, Person, ConversationId) {
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    stage.another_device(&alice).await.until_online().await;
    (alice, bob, chat)
}

/// Everybody's every device says so many things to everybody's friends at once, and in the middle of
/// it something happens.
async fn burst(stage: &Stage, prefix: &str, count: usize, happens: impl Future<Output = ()>) {
    let (mut talks, mut total) = (Vec::new(), 0);
    for device in stage.cast().iter().flat_map(Person::devices) {
        let list = device.core().conversations().await.unwrap();
        let chats: Vec<ConversationId> = list.items.iter().map(|item| item.id).collect();
        total += count * chats.len();
        talks.push(async move {
            let prefix = format!("{prefix}, {}:", device.label());
            for chat in chats {
                device.says_many(chat, &prefix, count).await;
            }
        });
    }
    let before = stage.acks();
    let happening = async {
        let acks = eventually("the burst is under way", PATIENCE, async || {
            let acks = stage.acks() - before;
            if acks >= UNDER_WAY {
                Ok(acks)
            } else {
                Err(format!("{acks} acks"))
            }
        })
        .await;
        println!("{prefix}: it happens after {acks} of {total} messages");
        assert!(acks < total, "too late: the burst is over");
        happens.await;
    };
    tokio::join!(join_all(talks), happening);
}

/// One device says something, and another comes to hold it, whatever else is under way.
async fn passes(from: &Device, to: &Device, chat: ConversationId, text: &str) {
    let id = from.says(chat, text).await;
    eventually(&format!("{text:?} arrives"), PATIENCE, async || {
        let messages = to.timeline(chat).await?.messages;
        let holds = |message: &MessageView| message.id == id && message.seq.is_some();
        if messages.iter().any(holds) {
            return Ok(());
        }
        let (sender, receiver) = (from.core().link(), to.core().link());
        Err(format!("the sender is {sender:?}, the other {receiver:?}"))
    })
    .await;
}
