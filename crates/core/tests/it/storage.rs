//! What is on the disk, and giving it back.

use magpie_core::settings::Settings;

use crate::{
    client::{Client, numbered},
    fake::{Fake, chat},
};

const MANY: u64 = 700;

async fn count(client: &Client) -> u64 {
    client.core.storage_used().await.unwrap().message_count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_messages_leave_and_come_back_when_they_are_scrolled_to() {
    let fake = Fake::start().await;
    let texts = numbered(&"long ago ".repeat(40), 1..=MANY);
    fake.with(|model| {
        for text in &texts {
            model.peer_says(text);
        }
    });
    let mut client = Client::online(&fake).await;
    client
        .until("all of them", || async { count(&client).await == MANY })
        .await;
    let nothing = client.core.free_space(|_| ()).await.unwrap();
    assert_eq!(nothing.message_count, MANY, "they are kept for ever");
    let week = Settings {
        keep_days: Some(7),
        ..Settings::default()
    };
    client.home().set_settings(week).await.unwrap();
    let nothing = client.core.free_space(|_| ()).await.unwrap();
    assert_eq!(nothing.message_count, MANY, "none was read");

    client.core.mark_read(chat(), 400).await.unwrap();
    client
        .until("the mark", || async {
            fake.with(|model| model.read_seq) == 400
                && client.core.storage_used().await.unwrap().free > 100_000
        })
        .await;
    client.core.mark_read(chat(), MANY).await.unwrap();
    client
        .until("the mark", || async {
            let used = client.core.storage_used().await.unwrap();
            used.free >= used.messages / MANY * 500
        })
        .await;
    let before = client.core.storage_used().await.unwrap();
    let mut heard = Vec::new();
    let after = client
        .core
        .free_space(|progress| heard.push((progress.done, progress.total)))
        .await
        .unwrap();
    assert_eq!(after.message_count, 200, "the newest stay");
    assert!(after.messages < before.messages / 2, "{before:?} {after:?}");
    let taken = |used: magpie_core::storage::StorageUsed| used.messages + used.other;
    assert!(taken(after) < taken(before), "{before:?} {after:?}");
    assert_eq!(after.free, 0, "the disk has it again");
    assert_eq!(heard.first(), Some(&(0, 500)));
    assert_eq!(heard.last(), Some(&(500, 500)));
    assert!(heard.is_sorted());

    // It does not come back by itself, not even with a new start; rather one more leaves.
    client.core.close().await;
    fake.with(|model| {
        model.peer_says("new");
    });
    client.restart().await;
    client
        .until("the new one", || async { client.unread().await == 1 })
        .await;
    client
        .until("being online", || async {
            client.core.link() == magpie_core::socket::LinkState::Online
        })
        .await;
    client
        .until("the next to leave", || async {
            count(&client).await == 200
        })
        .await;
    // Somebody who scrolls up finds it.
    let expected: Vec<String> = texts.into_iter().chain(["new".to_owned()]).collect();
    assert_eq!(client.texts().await, expected);
    assert_eq!(count(&client).await, MANY + 1);
}

#[tokio::test]
async fn what_is_unsent_stays() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let week = Settings {
        keep_days: Some(7),
        ..Settings::default()
    };
    client.home().set_settings(week).await.unwrap();
    fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    client
        .until_link(|link| link != magpie_core::socket::LinkState::Online)
        .await;
    client.core.send_text(chat(), "to be sent").await.unwrap();
    client.core.free_space(|_| ()).await.unwrap();
    assert_eq!(client.texts().await, ["to be sent"]);
    fake.with(|model| model.refuse_sockets = false);
    client.core.reconnect();
    client.until("it is sent", || client.sent()).await;
}
