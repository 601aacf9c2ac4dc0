//! A grown installation moves to another database.

use magpie_protocol::{
    ErrorCode, MessageId,
    accounts::{Platform, Register},
    friends::{Friend, FriendRequest, NewFriendRequest},
    messages::{History, SendMessage, Sent},
    routes,
    sessions::{NewDevice, PasswordDigest, SignIn, SignedIn},
    sync::Sync,
};
use magpie_server::testing::Database;

use crate::{
    api::Api,
    program::{Place, Running, said},
};

const PASSWORD: [u8; 16] = [9; 16];

fn api(running: &Running) -> Api {
    Api::at(&format!("http://{}", running.address))
}

fn device() -> NewDevice {
    NewDevice {
        name: "laptop".into(),
        platform: Platform::Linux,
    }
}

async fn register(api: &Api, name: &str) -> SignedIn {
    let request = Register {
        invitation: None,
        username: name.into(),
        nickname: format!("{name} 喜鹊"),
        email: None,
        password: PasswordDigest::from_md5(PASSWORD),
        device: device(),
    };
    api.post(routes::ACCOUNTS, &request).await.ok()
}

fn message_id(number: u8) -> MessageId {
    MessageId::from_parts(1_700_000_000_000, [number; 10])
}

#[tokio::test]
async fn everything_moves_to_postgres_and_back() {
    let place = Place::new();
    let running = place.serve(&[]);
    let (alice, bob) = (
        register(&api(&running), "alice").await,
        register(&api(&running), "bob").await,
    );
    let (as_alice, as_bob) = (
        api(&running).signed_in(&alice),
        api(&running).signed_in(&bob),
    );
    let ask = NewFriendRequest {
        user_id: bob.account.user.id,
        message: "hello".into(),
    };
    let asked: FriendRequest = as_alice.post(routes::FRIEND_REQUESTS, &ask).await.ok();
    let friend: Friend = as_bob
        .post(&routes::accept_request(asked.id), &())
        .await
        .ok();
    let conversation = friend.conversation_id;
    for number in 1..=20 {
        let message = SendMessage::text(message_id(number), conversation, "早上好 🐦");
        as_alice.post(routes::MESSAGES, &message).await.ok::<Sent>();
    }
    let history: History = as_bob.get(&routes::history(conversation)).await.ok();
    let before: Sync = as_bob.get(routes::SYNC).await.ok();

    let database = Database::create().unwrap();
    let (sqlite, postgres) = (
        format!("sqlite:{}", place.folder().join("magpie.db").display()),
        database.url(),
    );
    let words = place.refused(&["copy", "--from", &sqlite, "--to", &postgres]);
    assert!(words.contains("another server uses"), "{words}");
    drop(running);
    let words = place.text(&["copy", "--from", &sqlite, "--to", &postgres]);
    assert!(words.contains("2 users"), "{words}");
    assert!(words.contains("21 messages"), "{words}");
    let words = place.refused(&["copy", "--from", &sqlite, "--to", &postgres]);
    assert!(words.contains("empty database"), "{words}");

    // The same people, the same tokens, and cursors that are still good.
    let running = place.serve(&["--database", &postgres]);
    let as_bob = api(&running).signed_in(&bob);
    assert_eq!(
        as_bob
            .get(&routes::history(conversation))
            .await
            .ok::<History>(),
        history
    );
    let path = format!("{}?since={}", routes::SYNC, before.next_since);
    let nothing: Sync = as_bob.get(&path).await.ok();
    assert!(nothing.heads.is_empty(), "{nothing:?}");
    assert_eq!(nothing.history, before.history, "it is the same past");
    let credentials = SignIn {
        login: "alice".into(),
        password: PasswordDigest::from_md5(PASSWORD),
        device: device(),
    };
    let again: SignedIn = api(&running)
        .post(routes::SESSIONS, &credentials)
        .await
        .ok();
    let message = SendMessage::text(message_id(21), conversation, "from the other side");
    let sent: Sent = api(&running)
        .signed_in(&again)
        .post(routes::MESSAGES, &message)
        .await
        .ok();
    assert_eq!(sent.seq, history.messages.last().unwrap().seq + 1);
    let moved: Sync = as_bob.get(&path).await.ok();
    assert_eq!(moved.heads.len(), 1);
    let newest: History = as_bob.get(&routes::history(conversation)).await.ok();
    drop(running);

    let home = Place::new();
    std::fs::create_dir(home.folder()).unwrap();
    let sqlite = format!("sqlite:{}", home.folder().join("magpie.db").display());
    let words = home.text(&["copy", "--from", &postgres, "--to", &sqlite]);
    assert!(words.contains("22 messages"), "{words}");
    let running = home.serve(&[]);
    let as_bob = api(&running).signed_in(&bob);
    assert_eq!(
        as_bob
            .get(&routes::history(conversation))
            .await
            .ok::<History>(),
        newest
    );
    let path = format!("{}?since={}", routes::SYNC, moved.next_since);
    let nothing: Sync = as_bob.get(&path).await.ok();
    assert!(nothing.heads.is_empty(), "{nothing:?}");
    assert_eq!(nothing.history, before.history);
    let message = SendMessage::text(message_id(22), conversation, "home");
    assert_eq!(
        as_bob
            .post(routes::MESSAGES, &message)
            .await
            .ok::<Sent>()
            .seq,
        sent.seq + 1
    );
    assert_eq!(as_bob.get(&path).await.ok::<Sync>().heads.len(), 1);
    let taken = Register {
        invitation: None,
        username: "alice".into(),
        nickname: "alice".into(),
        email: None,
        password: PasswordDigest::from_md5(PASSWORD),
        device: device(),
    };
    let refused = api(&running).post(routes::ACCOUNTS, &taken).await.refused();
    assert_eq!(refused, ErrorCode::UsernameTaken);
}

#[test]
fn nothing_is_made_of_a_database_that_is_not_there() {
    let place = Place::new();
    let from = format!("sqlite:{}", place.file("none.db").display());
    let to = format!("sqlite:{}", place.folder().join("magpie.db").display());
    let words = place.refused(&["copy", "--from", &from, "--to", &to]);
    assert!(words.contains("there is no database"), "{words}");
    assert!(!place.file("none.db").exists());
    let from = format!("sqlite:{}", place.file("nowhere/none.db").display());
    let words = place.refused(&["copy", "--from", &from, "--to", &to]);
    assert!(words.contains("there is no database"), "{words}");
    assert!(
        !place.file("nowhere").exists(),
        "a typing error makes a folder"
    );
}

#[test]
fn both_databases_may_lie_in_one_folder() {
    let place = Place::new();
    drop(place.serve(&[]));
    let address = |name: &str| format!("sqlite:{}", place.folder().join(name).display());
    let mut copy = place.command(&["copy", "--from", &address("magpie.db")]);
    let done = copy.env("MAGPIE_COPY_TO", address("other.db")).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", said(&done.stderr));
    assert!(place.folder().join("other.db").is_file());
}
