//! What is notified of, with a server at the other end.

use magpie_core::{
    notify::{About, NoticeStream, Notification, NotifyEvent},
    protocol::{frames::Mark, friends::RequestState, messages::Body},
    settings::{Pause, Settings},
    socket::LinkState,
};

use crate::{
    client::{Client, PATIENCE},
    fake::{Fake, chat, request},
};

async fn next(notices: &mut NoticeStream) -> NotifyEvent {
    let next = tokio::time::timeout(PATIENCE, notices.next()).await;
    next.unwrap().unwrap()
}

async fn shown(notices: &mut NoticeStream) -> Notification {
    match next(notices).await {
        NotifyEvent::Show { notification } => notification,
        other => panic!("not shown: {other:?}"),
    }
}

/// The text and the count of a notification of messages.
fn says(notification: &Notification) -> (String, u32) {
    match &notification.about {
        About::Messages {
            preview: Some(Body::Text(text)),
            unread,
            sender,
            ..
        } => {
            assert_eq!(sender, "hong");
            (text.text.clone(), *unread)
        }
        other => panic!("not of a text: {other:?}"),
    }
}

/// Lets somebody else ask to become friends, and waits for that to be told. What came before it has
/// been told of by then, or never will be.
async fn until_told(fake: &Fake, notices: &mut NoticeStream, number: u64) {
    fake.with(|model| model.asks(request(number, RequestState::Pending)));
    let notification = shown(notices).await;
    assert!(
        matches!(&notification.about, About::FriendRequest { name, .. } if name == "lan"),
        "{notification:?}"
    );
}

#[tokio::test]
async fn news_is_shown_once_and_goes_when_it_is_read_on_another_device() {
    let fake = Fake::start().await;
    fake.with(|model| {
        model.peer_says("long ago");
    });
    let client = Client::online(&fake).await;
    let mut notices = client.core.notices();
    // What this device finds when it is new here is no news.
    until_told(&fake, &mut notices, 1).await;
    fake.with(|model| {
        model.peer_says("news");
    });
    let first = shown(&mut notices).await;
    assert_eq!(says(&first), ("news".to_owned(), 2));
    assert_eq!(first.account_key, client.core.key());
    let avatar = first.avatar.clone().unwrap();
    assert_eq!((avatar.name.as_str(), avatar.seed), ("hong", 10_002));
    client.core.send_text(chat(), "my own").await.unwrap();
    client.until("it is sent", || client.sent()).await;
    until_told(&fake, &mut notices, 2).await;
    fake.with(|model| {
        model.mark(Mark {
            conversation_id: chat(),
            delivered: None,
            read: Some(3),
        });
    });
    let key = first.key;
    assert_eq!(next(&mut notices).await, NotifyEvent::Withdraw { key });
    fake.with(|model| model.asks(request(2, RequestState::Ignored)));
    assert!(matches!(
        next(&mut notices).await,
        NotifyEvent::Withdraw { .. }
    ));
}

#[tokio::test]
async fn what_somebody_looks_at_is_not_shown_and_a_muted_conversation_neither() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let core = &client.core;
    let mut notices = core.notices();
    until_told(&fake, &mut notices, 1).await;
    core.set_view("main", Some(chat()), true);
    fake.with(|model| {
        model.peer_says("seen");
    });
    client.until_texts(&["seen".to_owned()]).await;
    until_told(&fake, &mut notices, 2).await;
    // The window is still open, and nobody looks.
    core.set_view("main", Some(chat()), false);
    fake.with(|model| {
        model.peer_says("unseen");
    });
    let notification = shown(&mut notices).await;
    assert_eq!(says(&notification), ("unseen".to_owned(), 2));
    let key = notification.key;
    core.set_muted(chat(), Some(Pause::Always)).await.unwrap();
    assert_eq!(next(&mut notices).await, NotifyEvent::Withdraw { key });
    let muted = core.conversations().await.unwrap().items[0].muted_until;
    assert_eq!(muted.map(|until| until.0), Some((1 << 53) - 1));
    fake.with(|model| {
        model.peer_says("muted");
    });
    client
        .until("it is there", || async { client.unread().await == 3 })
        .await;
    until_told(&fake, &mut notices, 3).await;
    core.set_muted(chat(), None).await.unwrap();
    fake.with(|model| {
        model.peer_says("heard");
    });
    assert_eq!(says(&shown(&mut notices).await), ("heard".to_owned(), 4));
}

#[tokio::test]
async fn what_was_missed_is_shown_when_the_device_is_back_and_only_that() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    fake.with(|model| {
        model.peer_says("before");
    });
    client.until_texts(&["before".to_owned()]).await;
    client.core.close().await;
    client.restart().await;
    let mut notices = client.core.notices();
    client.until_link(|link| link == LinkState::Online).await;
    until_told(&fake, &mut notices, 1).await;
    client.core.close().await;
    assert_eq!(next(&mut notices).await, NotifyEvent::WithdrawAll);
    assert_eq!(notices.next().await, None);
    fake.with(|model| {
        model.peer_says("one");
        model.peer_says("two");
    });
    client.restart().await;
    let mut notices = client.core.notices();
    assert_eq!(says(&shown(&mut notices).await), ("two".to_owned(), 3));
}

#[tokio::test]
async fn switching_notifications_off_takes_them_away_at_once() {
    let fake = Fake::start().await;
    let client = Client::online(&fake).await;
    let mut notices = client.core.notices();
    until_told(&fake, &mut notices, 1).await;
    let off = Settings {
        notify: false,
        ..Settings::default()
    };
    client.home().set_settings(off).await.unwrap();
    assert_eq!(next(&mut notices).await, NotifyEvent::WithdrawAll);
    let quiet = client.home().set_quiet(Some(Pause::Hour)).await.unwrap();
    assert!(quiet.quiet_until.is_some() && !quiet.notify);
    let quiet = client.home().set_quiet(None).await.unwrap();
    assert_eq!(quiet.quiet_until, None);
}
