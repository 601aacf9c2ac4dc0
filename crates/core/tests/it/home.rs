//! What stays on the disk, and what happens when it is lost.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use magpie_core::{
    Core, FailureCode, Home, HomeOptions, LocalCode, Notice, SystemClock,
    home::Credentials,
    protocol::messages::Body,
    socket::LinkState,
    timeline::{OpenAt, SendStatus},
};
use tempfile::TempDir;

use crate::fake::{Fake, chat};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Place {
    fake: Fake,
    folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        Self {
            fake: Fake::start().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn home(&self) -> Home {
        self.home_with(false).await
    }

    async fn home_with(&self, keychain: bool) -> Home {
        Home::open(HomeOptions {
            folder: self.folder.path().to_owned(),
            keychain_service: "magpie-test".to_owned(),
            keychain,
            device_name: "test".to_owned(),
            clock: Arc::new(SystemClock),
        })
        .await
        .unwrap()
    }

    async fn sign_in(&self, home: &Home) -> Core {
        home.sign_in(self.credentials()).await.unwrap()
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            server_url: self.fake.url.clone(),
            login: "ming".to_owned(),
            password: "correct horse".to_owned(),
        }
    }

    /// The folder of the only account.
    fn account(&self) -> PathBuf {
        let accounts = self.folder.path().join("accounts");
        let mut entries = fs::read_dir(accounts).unwrap();
        entries.next().unwrap().unwrap().path()
    }

    fn names(&self) -> Vec<String> {
        fs::read_dir(self.account())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// Removes the secrets whose names end in this.
    fn lose_secrets(&self, end: &str) {
        let path = self.folder.path().join("secrets.json");
        let mut content: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let secrets = content["secrets"].as_object_mut().unwrap();
        let before = secrets.len();
        secrets.retain(|name, _| !name.ends_with(end));
        assert!(secrets.len() < before);
        fs::write(&path, content.to_string()).unwrap();
    }
}

async fn texts(core: &Core) -> Vec<String> {
    let Ok(snapshot) = core.open_timeline(chat(), OpenAt::Latest).await else {
        return Vec::new();
    };
    let text = |body| match body {
        Body::Text(text) => text.text,
        other => panic!("not a text: {other:?}"),
    };
    let messages = snapshot.messages.into_iter();
    messages.map(|message| text(message.body)).collect()
}

/// Waits until these texts are there, all of them stored by the server.
async fn until_stored(core: &Core, wanted: &[&str]) {
    let mut events = core.events();
    let waiting = async {
        loop {
            if texts(core).await == wanted {
                let snapshot = core.open_timeline(chat(), OpenAt::Latest).await.unwrap();
                let stored = |status| status == SendStatus::Stored;
                if snapshot
                    .messages
                    .into_iter()
                    .all(|message| stored(message.status))
                {
                    return;
                }
            }
            // The server's side of it comes without an event.
            let _ = tokio::time::timeout(Duration::from_millis(20), events.next()).await;
        }
    };
    if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
        panic!("in vain: {wanted:?}; there is {:?}", texts(core).await);
    }
}

#[tokio::test]
async fn who_signs_in_again_finds_the_chats_and_what_was_not_sent() {
    let place = Place::new().await;
    let home = place.home().await;
    let core = place.sign_in(&home).await;
    place.fake.with(|model| model.peer_says("hello"));
    until_stored(&core, &["hello"]).await;
    place.fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    core.send_text(chat(), "later").await.unwrap();
    home.sign_out(&core).await.unwrap();
    assert_eq!(core.link(), LinkState::SignedOut);
    assert!(home.resume().await.unwrap().is_none());
    assert_eq!(home.remembered().len(), 1);

    let core = place.sign_in(&home).await;
    assert_eq!(texts(&core).await, ["hello", "later"]);
    place.fake.with(|model| model.refuse_sockets = false);
    core.reconnect();
    until_stored(&core, &["hello", "later"]).await;
    assert_eq!(place.fake.with(|model| model.messages.len()), 2);
    assert_eq!(home.remembered().len(), 1);
}

#[tokio::test]
async fn a_damaged_database_is_built_again_and_keeps_what_was_not_sent() {
    let place = Place::new().await;
    let home = place.home().await;
    let core = place.sign_in(&home).await;
    let long = "喜鹊".repeat(2_000);
    for _ in 0..20 {
        place.fake.with(|model| model.peer_says(&long));
    }
    let mut wanted = vec![long.as_str(); 20];
    until_stored(&core, &wanted).await;
    place.fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    core.send_text(chat(), "not sent").await.unwrap();
    core.close().await;
    drop((core, home));

    let path = place.account().join("cache.db");
    let mut bytes = fs::read(&path).unwrap();
    // The messages fill the file; its beginning and its end are something else.
    let (from, to) = (bytes.len() / 2, bytes.len() * 3 / 4);
    bytes[from..to].fill(0x5a);
    fs::write(&path, bytes).unwrap();

    let home = place.home().await;
    let core = home.resume().await.unwrap().unwrap();
    assert_eq!(home.take_notices(), []);
    // Looking at the messages runs into the damage, and the next start repairs it.
    let opened = core.open_timeline(chat(), OpenAt::Latest).await;
    let code = opened.map(|_| ()).map_err(|error| error.code());
    assert_eq!(code, Err(FailureCode::Local(LocalCode::Storage)));
    core.close().await;
    drop((core, home));

    let home = place.home().await;
    let core = home.resume().await.unwrap().unwrap();
    assert_eq!(home.take_notices(), [Notice::CacheRebuilt]);
    assert_eq!(home.take_notices(), []);
    place.fake.with(|model| model.refuse_sockets = false);
    core.reconnect();
    wanted.push("not sent");
    until_stored(&core, &wanted).await;
    assert!(place.names().iter().any(|name| name.contains("damaged")));
}

#[tokio::test]
async fn a_lost_key_costs_the_cache_and_not_the_session() {
    let place = Place::new().await;
    let home = place.home().await;
    let core = place.sign_in(&home).await;
    place.fake.with(|model| model.peer_says("hello"));
    until_stored(&core, &["hello"]).await;
    core.close().await;
    drop((core, home));
    place.lose_secrets("/database");

    let home = place.home().await;
    let core = home.resume().await.unwrap().unwrap();
    assert_eq!(home.take_notices(), [Notice::CacheRebuiltOutboxLost]);
    assert_eq!(core.account().user.username, "ming");
    until_stored(&core, &["hello"]).await;
}

/// Starts this test once more where no keychain can be reached, and tells whether this is there.
#[cfg(target_os = "linux")]
fn without_a_keychain(test: &str) -> bool {
    const INSIDE: &str = "MAGPIE_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_keychain_that_does_not_answer_costs_nothing_before_the_user_was_told() {
    if !without_a_keychain(
        "home::a_keychain_that_does_not_answer_costs_nothing_before_the_user_was_told",
    ) {
        return;
    }
    let place = Place::new().await;
    let home = place.home().await;
    let core = place.sign_in(&home).await;
    place.fake.with(|model| {
        model.refuse_sockets = true;
        model.lose_sockets();
    });
    core.set_draft(chat(), "half a thought").await.unwrap();
    core.close().await;
    drop((core, home));
    let secrets = place.folder.path().join("secrets.json");
    let kept = fs::read(&secrets).unwrap();

    // The key lies in a keychain that does not answer.
    place.lose_secrets("/database");
    let home = place.home_with(true).await;
    assert!(home.resume().await.unwrap().is_none());
    let refused = home.sign_in(place.credentials()).await;
    let code = refused.map(|_| ()).map_err(|error| error.code());
    assert_eq!(code, Err(FailureCode::Local(LocalCode::Keychain)));
    assert_eq!(place.fake.with(|model| model.ended_sessions), 1);
    drop(home);
    assert_eq!(place.names(), ["cache.db"]);

    // It answers again.
    fs::write(&secrets, &kept).unwrap();
    let home = place.home_with(true).await;
    let core = home.resume().await.unwrap().unwrap();
    core.close().await;
    drop((core, home));
    assert_eq!(place.names(), ["cache.db"]);

    // It never does: whoever signs in once more after having been told is let in.
    place.lose_secrets("/database");
    let home = place.home_with(true).await;
    assert!(home.sign_in(place.credentials()).await.is_err());
    assert_eq!(home.take_notices(), []);
    place.sign_in(&home).await;
    assert_eq!(home.take_notices(), [Notice::CacheRebuiltOutboxLost]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_start_needs_to_write_nothing_but_the_database() {
    let place = Place::new().await;
    let home = place.home().await;
    let core = place.sign_in(&home).await;
    place.fake.with(|model| model.peer_says("hello"));
    until_stored(&core, &["hello"]).await;
    core.close().await;
    drop((core, home));
    let home = place.home().await;
    // In the way of the file that `accounts.json` would be replaced by.
    fs::create_dir(place.folder.path().join("accounts.json.new")).unwrap();
    let core = home.resume().await.unwrap().unwrap();
    assert_eq!(texts(&core).await, ["hello"]);
}

#[tokio::test]
async fn lost_tokens_cost_a_new_sign_in_and_nothing_else() {
    let place = Place::new().await;
    let home = place.home().await;
    let core = place.sign_in(&home).await;
    place.fake.with(|model| model.peer_says("hello"));
    until_stored(&core, &["hello"]).await;
    core.close().await;
    drop((core, home));
    place.lose_secrets("/tokens");

    let home = place.home().await;
    assert!(home.resume().await.unwrap().is_none());
    let core = place.sign_in(&home).await;
    assert_eq!(texts(&core).await, ["hello"]);
    assert_eq!(home.take_notices(), []);
}

#[tokio::test]
async fn an_ended_session_is_followed_by_a_new_one_that_lasts() {
    let place = Place::new().await;
    let home = place.home().await;
    let left_behind = place.sign_in(&home).await;
    place.fake.with(|model| model.peer_says("hello"));
    until_stored(&left_behind, &["hello"]).await;
    place.fake.with(|model| {
        model.ended = true;
        model.lose_sockets();
    });
    let mut events = left_behind.events();
    while left_behind.link() != LinkState::SignedOut {
        let _ = tokio::time::timeout(Duration::from_millis(20), events.next()).await;
    }
    place.fake.with(|model| model.ended = false);
    // Nobody closed the old one.
    let core = place.sign_in(&home).await;
    assert_eq!(texts(&core).await, ["hello"]);
    let code = left_behind
        .conversations()
        .await
        .map_err(|error| error.code());
    assert_eq!(code, Err(FailureCode::Local(LocalCode::Storage)));
    core.close().await;
    drop((core, left_behind, home));
    let home = place.home().await;
    assert!(home.resume().await.unwrap().is_some());
}

#[tokio::test]
async fn a_forgotten_account_leaves_nothing_behind() {
    let place = Place::new().await;
    let home = place.home().await;
    let core = place.sign_in(&home).await;
    let key = core.key().to_owned();
    home.sign_out(&core).await.unwrap();
    assert!(place.account().exists());
    home.forget(&key).await.unwrap();
    let accounts = place.folder.path().join("accounts");
    assert_eq!(fs::read_dir(accounts).unwrap().count(), 0);
    assert!(home.remembered().is_empty());
    let secrets = fs::read_to_string(place.folder.path().join("secrets.json")).unwrap();
    assert!(!secrets.contains(&key));
}

#[tokio::test]
async fn a_server_is_checked_in_whatever_way_its_address_is_written() {
    let place = Place::new().await;
    let home = place.home().await;
    let port = place.fake.url.rsplit(':').next().unwrap();
    for address in [
        &place.fake.url,
        &format!(" 127.0.0.1:{port}/ "),
        &format!("127.0.0.1：{port}"),
    ] {
        let check = home.check_server(address).await.unwrap();
        assert_eq!(
            (check.url.as_str(), check.info.name.as_str()),
            (place.fake.url.as_str(), "fake")
        );
    }
}
