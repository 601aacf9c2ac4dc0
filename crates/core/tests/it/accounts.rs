//! Several accounts at the same time.

use std::sync::Arc;

use magpie_core::{
    Core, Home, HomeOptions, SystemClock,
    home::{AccountLine, Credentials},
    notify::NotifyEvent,
    settings::Pause,
    socket::LinkState,
};
use tempfile::TempDir;

use crate::{
    client::PATIENCE,
    fake::{Fake, chat},
};

async fn open(folder: &TempDir) -> Home {
    Home::open(HomeOptions {
        folder: folder.path().to_owned(),
        keychain_service: "magpie-test".to_owned(),
        keychain: false,
        device_name: "test".to_owned(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap()
}

async fn sign_in(home: &Home, fake: &Fake) -> Core {
    let signing_in = home.sign_in(Credentials {
        server_url: fake.url.clone(),
        login: "ming".to_owned(),
        password: "correct horse".to_owned(),
    });
    signing_in.await.unwrap()
}

/// Waits until so many messages are unread.
async fn until_unread(core: &Core, wanted: u32) {
    let mut events = core.events();
    let waiting = async {
        while core.conversations().await.unwrap().unread_total != wanted {
            events.next().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

fn line<'a>(lines: &'a [AccountLine], core: &Core) -> &'a AccountLine {
    lines.iter().find(|line| line.key == core.key()).unwrap()
}

#[tokio::test]
async fn two_accounts_are_open_and_each_counts_for_itself() {
    let (first, second) = (Fake::start().await, Fake::start().await);
    let folder = tempfile::tempdir().unwrap();
    let home = open(&folder).await;
    let one = sign_in(&home, &first).await;
    let two = sign_in(&home, &second).await;
    first.with(|model| {
        model.peer_says("a");
        model.peer_says("b");
    });
    second.with(|model| {
        model.peer_says("c");
    });
    until_unread(&one, 2).await;
    until_unread(&two, 1).await;
    let lines = home.accounts().await.unwrap();
    assert_eq!(lines.len(), 2);
    for (core, unread, current) in [(&one, 2, false), (&two, 1, true)] {
        let line = line(&lines, core);
        assert_eq!((line.unread, line.current), (unread, current));
        assert!(line.signed_in);
    }
    two.set_muted(chat(), Some(Pause::Hour)).await.unwrap();
    let shown = home.show(one.key()).await.unwrap().unwrap();
    assert_eq!(shown.key(), one.key());
    let lines = home.accounts().await.unwrap();
    assert!(line(&lines, &one).current && !line(&lines, &two).current);
    assert_eq!(line(&lines, &two).unread, 0, "it is muted");
    assert_eq!(two.link(), LinkState::Online, "it is not signed out");
    assert!(home.show("9@nowhere").await.is_err());
}

#[tokio::test]
async fn what_is_in_view_of_one_account_is_not_looked_at_behind_another() {
    let (first, second) = (Fake::start().await, Fake::start().await);
    let folder = tempfile::tempdir().unwrap();
    let home = open(&folder).await;
    let one = sign_in(&home, &first).await;
    let two = sign_in(&home, &second).await;
    home.show(one.key()).await.unwrap();
    for core in [&one, &two] {
        let mut events = core.events();
        while core.link() != LinkState::Online {
            events.next().await.unwrap();
        }
    }
    let mut notices = one.notices();
    one.set_view("main", Some(chat()), true);
    home.show(two.key()).await.unwrap();
    first.with(|model| {
        model.peer_says("over here");
    });
    let shown = tokio::time::timeout(PATIENCE, notices.next()).await;
    assert!(
        matches!(shown, Ok(Some(NotifyEvent::Show { .. }))),
        "{shown:?}"
    );
}

#[tokio::test]
async fn all_are_open_again_after_a_new_start_the_one_that_was_shown_first() {
    let (first, second, third) = (
        Fake::start().await,
        Fake::start().await,
        Fake::start().await,
    );
    let folder = tempfile::tempdir().unwrap();
    let home = open(&folder).await;
    let one = sign_in(&home, &first).await;
    let two = sign_in(&home, &second).await;
    let three = sign_in(&home, &third).await;
    home.show(two.key()).await.unwrap();
    home.sign_out(&three).await.unwrap();
    let keys = [two.key().to_owned(), one.key().to_owned()];
    for core in [one, two, three] {
        core.close().await;
    }
    drop(home);
    let home = open(&folder).await;
    let cores = home.resume_all().await.unwrap();
    let opened: Vec<_> = cores.iter().map(Core::key).collect();
    assert_eq!(opened, keys);
    let lines = home.accounts().await.unwrap();
    let signed_in = lines.iter().filter(|line| line.signed_in).count();
    assert_eq!((lines.len(), signed_in), (3, 2));
    assert!(line(&lines, &cores[0]).current);
    // Asked again, the same ones are open, and none twice.
    assert_eq!(home.resume_all().await.unwrap().len(), 2);
    let mut texts = Vec::new();
    first.with(|model| {
        model.peer_says("still here");
    });
    until_unread(&cores[1], 1).await;
    let snapshot = cores[1]
        .open_timeline(chat(), magpie_core::timeline::OpenAt::Latest)
        .await
        .unwrap();
    texts.extend(snapshot.messages.iter().map(crate::client::text));
    assert_eq!(texts, ["still here"]);
}
