//! What was missed is fetched, and what is missing is known.

use magpie_core::{
    protocol::{accounts::UpdateAccount, frames::ServerFrame, sync::Scope},
    socket::LinkState,
    timeline::OpenAt,
};

use crate::{
    client::{Client, numbered},
    fake::{Fake, chat},
};

fn peer_says(fake: &Fake, texts: &[String]) {
    fake.with(|model| {
        for text in texts {
            model.peer_says(text);
        }
    });
}

#[tokio::test]
async fn live_messages_arrive_are_counted_and_confirmed() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let texts = numbered("text", 1..=5);
    peer_says(&fake, &texts);
    client.until_texts(&texts).await;
    assert_eq!(client.unread().await, 5);
    client
        .until("they are marked as delivered", || async {
            fake.with(|model| model.marks.iter().any(|mark| mark.delivered == Some(5)))
        })
        .await;
    client.core.mark_read(chat(), 3).await.unwrap();
    assert_eq!(client.unread().await, 2, "at once");
    client
        .until("the server knows what was read", || async {
            fake.with(|model| model.read_seq == 3)
        })
        .await;
    // A head from the server must not turn it back.
    fake.with(|model| model.push(&ServerFrame::Resync { scope: None }));
    client.core.mark_read(chat(), 5).await.unwrap();
    client
        .until("the server knows the rest", || async {
            fake.with(|model| model.read_seq == 5)
        })
        .await;
    assert_eq!(client.unread().await, 0);
}

#[tokio::test]
async fn a_push_that_was_lost_is_noticed_by_the_next_one() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    fake.with(|model| model.mute = true);
    peer_says(&fake, &numbered("text", 1..=4));
    fake.with(|model| model.mute = false);
    peer_says(&fake, &numbered("text", 5..=5));
    client.until_texts(&numbered("text", 1..=5)).await;
    assert_eq!(client.unread().await, 5);
}

#[tokio::test]
async fn a_slow_socket_is_told_to_ask_and_asks() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    for scope in [None, Some(Scope::Conversation(chat()))] {
        let before = fake.with(|model| model.last_seq());
        fake.with(|model| model.mute = true);
        peer_says(&fake, &numbered("text", before + 1..=before + 3));
        fake.with(|model| {
            model.mute = false;
            model.push(&ServerFrame::Resync { scope });
        });
        client.until_texts(&numbered("text", 1..=before + 3)).await;
    }
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_is_asked_for() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    fake.with(|model| model.mute = true);
    peer_says(&fake, &numbered("text", 1..=2));
    fake.with(|model| model.push_text(r#"{"type":"changes","scope":"nobody"}"#));
    client.until_texts(&numbered("text", 1..=2)).await;
}

#[tokio::test]
async fn after_a_long_absence_the_list_is_right_before_anything_else_is_there() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    peer_says(&fake, &numbered("text", 1..=10));
    client.until_texts(&numbered("text", 1..=10)).await;
    client.core.mark_read(chat(), 10).await.unwrap();
    client
        .until("the server knows what was read", || async {
            fake.with(|model| model.read_seq == 10)
        })
        .await;
    client.core.close().await;
    fake.with(|model| model.no_history = true);
    peer_says(&fake, &numbered("text", 11..=1_500));
    client.restart().await;
    client
        .until("the list is right", || async {
            client.unread().await == 1_490
        })
        .await;
    // What is missing is known as missing: the window ends before it.
    let snapshot = client
        .core
        .open_timeline(chat(), OpenAt::Latest)
        .await
        .unwrap();
    assert_eq!(snapshot.messages.last().unwrap().seq, Some(1_500));
    assert!(snapshot.has_older);
    let left_off = client
        .core
        .open_timeline(chat(), OpenAt::Unread)
        .await
        .unwrap();
    assert_eq!(left_off.messages.last().unwrap().seq, Some(10));
    assert!(left_off.has_newer);
    let delivered = fake.with(|model| model.marks.iter().filter_map(|m| m.delivered).max());
    assert!(delivered <= Some(10), "a hole holds the mark back");

    fake.with(|model| model.no_history = false);
    client.core.mark_read(chat(), 100).await.unwrap();
    client.until_texts(&numbered("text", 1..=1_500)).await;
    client
        .until("the count is exact", || async {
            client.unread().await == 1_400
        })
        .await;
    client
        .until("all are marked as delivered", || async {
            fake.with(|model| model.marks.iter().any(|mark| mark.delivered == Some(1_500)))
        })
        .await;
}

#[tokio::test]
async fn a_new_device_ends_up_with_all_of_it() {
    let fake = Fake::start().await;
    peer_says(&fake, &numbered("text", 1..=1_234));
    let client = Client::online(&fake).await;
    client.until_texts(&numbered("text", 1..=1_234)).await;
    assert_eq!(client.unread().await, 1_234);
    // And it is here, not just within reach.
    client
        .until("nothing is missing", || async {
            fake.with(|model| model.marks.iter().any(|mark| mark.delivered == Some(1_234)))
        })
        .await;
    fake.with(|model| {
        model.refuse_sockets = true;
        model.no_history = true;
        model.lose_sockets();
    });
    assert_eq!(client.texts().await, numbered("text", 1..=1_234));
}

#[tokio::test]
async fn a_server_that_was_restored_from_a_backup_is_followed() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    peer_says(&fake, &numbered("text", 1..=30));
    client.until_texts(&numbered("text", 1..=30)).await;
    client.core.mark_read(chat(), 30).await.unwrap();
    client
        .until("the server knows what was read", || async {
            fake.with(|model| model.read_seq == 30)
        })
        .await;
    // What comes after the server's confirmation shows that this was taken: nothing is owed.
    peer_says(&fake, &numbered("text", 31..=31));
    client.until_texts(&numbered("text", 1..=31)).await;
    client.core.close().await;
    fake.with(|model| model.restore(10));
    peer_says(&fake, &numbered("other", 11..=12));
    client.restart().await;
    let mut wanted = numbered("text", 1..=10);
    wanted.extend(numbered("other", 11..=12));
    client.until_texts(&wanted).await;
    client.until_link(|link| link == LinkState::Online).await;
    assert_eq!(
        client.unread().await,
        2,
        "what was read was another message"
    );
}

#[tokio::test]
async fn a_restored_server_that_has_come_further_since_is_followed() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    peer_says(&fake, &numbered("text", 1..=30));
    client.until_texts(&numbered("text", 1..=30)).await;
    fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    client
        .until_link(|link| matches!(link, LinkState::Offline { .. }))
        .await;
    client.core.mark_read(chat(), 30).await.unwrap();
    client
        .core
        .set_draft(chat(), "half a thought")
        .await
        .unwrap();
    client.core.close().await;
    fake.with(|model| {
        let user_rev = model.user_rev;
        model.restore(10);
        // Beyond every cursor of the device, so that none shows it.
        model.user_rev = user_rev;
        model.history = 2;
        model.marks.clear();
        model.refuse_sockets = false;
    });
    peer_says(&fake, &numbered("other", 11..=60));
    client.restart().await;
    let mut wanted = numbered("text", 1..=10);
    wanted.extend(numbered("other", 11..=60));
    client.until_texts(&wanted).await;
    client.until_link(|link| link == LinkState::Online).await;
    client
        .until("the new ones are marked as delivered", || async {
            fake.with(|model| model.marks.iter().any(|mark| mark.delivered == Some(60)))
        })
        .await;
    // What was read were other messages.
    assert_eq!(client.unread().await, 60);
    assert!(fake.with(|model| model.marks.iter().all(|mark| mark.read.is_none())));
    let list = client.core.conversations().await.unwrap();
    assert_eq!(list.items[0].draft.as_deref(), Some("half a thought"));
    // Once is enough.
    client.restart().await;
    client.until_link(|link| link == LinkState::Online).await;
    assert_eq!(client.texts().await, wanted);
}

#[tokio::test]
async fn marks_wait_until_it_is_known_that_the_server_was_not_restored() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    peer_says(&fake, &numbered("text", 1..=30));
    client.until_texts(&numbered("text", 1..=30)).await;
    fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    client
        .until_link(|link| matches!(link, LinkState::Offline { .. }))
        .await;
    client.core.mark_read(chat(), 30).await.unwrap();
    client.core.close().await;
    fake.with(|model| {
        model.restore(10);
        model.marks.clear();
        model.refuse_sockets = false;
        model.no_sync = true;
    });
    peer_says(&fake, &numbered("other", 11..=12));
    let before = fake.with(|model| model.times_asked("sync"));
    client.restart().await;
    // The second time comes a while after the socket was there.
    client
        .until("it was asked what was missed", || async {
            fake.with(|model| model.times_asked("sync") >= before + 2)
        })
        .await;
    assert_eq!(fake.with(|model| model.marks.clone()), []);
    fake.with(|model| model.no_sync = false);
    let mut wanted = numbered("text", 1..=10);
    wanted.extend(numbered("other", 11..=12));
    client.until_texts(&wanted).await;
    client
        .until("the new ones are marked as delivered", || async {
            fake.with(|model| model.marks.iter().any(|mark| mark.delivered == Some(12)))
        })
        .await;
    assert_eq!(
        client.unread().await,
        12,
        "those that were read are no more"
    );
    assert!(fake.with(|model| model.marks.iter().all(|mark| mark.read.is_none())));
}

#[tokio::test]
async fn a_restored_server_is_followed_though_the_program_ends_in_between() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    peer_says(&fake, &numbered("text", 1..=30));
    client.until_texts(&numbered("text", 1..=30)).await;
    client.core.close().await;
    fake.with(|model| {
        model.restore(10);
        model.no_changes = true;
    });
    peer_says(&fake, &numbered("other", 11..=12));
    client.restart().await;
    client
        .until("it was asked for the difference", || async {
            fake.with(|model| model.times_asked("changes") > 0)
        })
        .await;
    // What is read now is still of the past that the server has lost.
    client.core.mark_read(chat(), 30).await.unwrap();
    let before = fake.with(|model| model.times_asked("changes"));
    client
        .until("it was asked for the difference once more", || async {
            fake.with(|model| model.times_asked("changes") > before)
        })
        .await;
    assert!(fake.with(|model| model.marks.iter().all(|mark| mark.read.is_none())));
    client.core.close().await;

    fake.with(|model| model.no_changes = false);
    client.restart().await;
    let mut wanted = numbered("text", 1..=10);
    wanted.extend(numbered("other", 11..=12));
    client.until_texts(&wanted).await;
    client.until_link(|link| link == LinkState::Online).await;
    assert_eq!(client.unread().await, 12);
}

#[tokio::test]
async fn a_conversation_that_the_server_lost_keeps_no_other_from_being_filled() {
    let fake = Fake::start().await;
    fake.with(|model| model.lost_conversation = true);
    peer_says(&fake, &numbered("text", 1..=300));
    let client = Client::online(&fake).await;
    client
        .until("nothing is missing", || async {
            fake.with(|model| model.marks.iter().any(|mark| mark.delivered == Some(300)))
        })
        .await;
}

#[tokio::test]
async fn an_answer_that_comes_late_does_not_undo_what_came_since() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let nickname = || client.core.account().user.nickname;
    let core = client.core.clone();
    let asked = tokio::spawn(async move {
        let update = UpdateAccount {
            nickname: Some("newer".to_owned()),
            ..UpdateAccount::default()
        };
        core.update_account(update).await
    });
    client
        .until("the pushes are here", || async { nickname() == "newest" })
        .await;
    fake.with(|model| model.let_go.notify_one());
    asked.await.unwrap().unwrap();
    assert_eq!(nickname(), "newest");
}
