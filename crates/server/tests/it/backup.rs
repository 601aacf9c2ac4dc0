//! Copies of the database, made while a server runs.

use std::{fs, time::Duration};

use magpie_protocol::{
    accounts::{Platform, Register},
    routes,
    sessions::{NewDevice, PasswordDigest, SignIn, SignedIn},
    sync::Sync,
};

use crate::{
    api::Api,
    program::{Place, Running, said, text_of},
};

fn api(running: &Running) -> Api {
    Api::at(&format!("http://{}", running.address))
}

async fn register(api: &Api, name: &str) -> SignedIn {
    let request = Register {
        invitation: None,
        username: name.into(),
        nickname: name.into(),
        email: None,
        password: PasswordDigest::from_md5([7; 16]),
        device: device(),
    };
    api.post(routes::ACCOUNTS, &request).await.ok()
}

fn device() -> NewDevice {
    NewDevice {
        name: "laptop".into(),
        platform: Platform::Linux,
    }
}

#[tokio::test]
async fn a_copy_can_be_put_in_place() {
    let place = Place::new();
    let running = place.serve(&[]);
    let alice = register(&api(&running), "alice").await;
    let history = |running: &Running| {
        let api = api(running).signed_in(&alice);
        async move { api.get(routes::SYNC).await.ok::<Sync>().history }
    };
    let before = history(&running).await;
    let copy = place.file("copy.db");
    let words = place.text(&["backup", "--to", text_of(&copy)]);
    assert!(words.contains("1 people, 0 messages"), "{words}");
    // What comes later is not in it, and costs nothing.
    register(&api(&running), "bob").await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    let other = Place::new();
    fs::create_dir(other.folder()).unwrap();
    let put_in_place = || {
        for name in ["magpie.db-wal", "magpie.db-shm"] {
            let _ = fs::remove_file(other.folder().join(name));
        }
        fs::copy(&copy, other.folder().join("magpie.db")).unwrap();
    };
    put_in_place();
    let restored = other.serve(&[]);
    // What devices saw of either past tells nothing of this one, each time that it is restored.
    let first = history(&restored).await;
    assert_ne!(first, before);
    assert_eq!(history(&running).await, before);
    drop(restored);
    put_in_place();
    let restored = other.serve(&[]);
    let second = history(&restored).await;
    assert!(second != first && second != before);
    // Another tool copies that too, so that the operator has to say it.
    let words = other.text(&["admin", "restored"]);
    assert!(words.contains("load anew"), "{words}");
    assert_ne!(history(&restored).await, second);
    let login = |name: &str| SignIn {
        login: name.into(),
        password: PasswordDigest::from_md5([7; 16]),
        device: device(),
    };
    let _: SignedIn = api(&restored)
        .post(routes::SESSIONS, &login("alice"))
        .await
        .ok();
    assert_eq!(
        api(&restored)
            .post(routes::SESSIONS, &login("bob"))
            .await
            .status,
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_whole_while_a_server_writes_all_the_time() {
    let place = Place::new();
    let running = place.serve(&[
        "--registrations-per-address-and-hour",
        "1000000",
        "--writes-per-user-and-second",
        "100000",
        "--profile-changes-per-user-and-hour",
        "1000000",
    ]);
    let nobody = api(&running);
    let alice = register(&nobody, "alice").await;
    // Enough pages for several steps.
    let database = rusqlite::Connection::open(place.folder().join("magpie.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    database
        .execute_batch(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4000)
             INSERT INTO settings (name, value) SELECT 'filling ' || n, randomblob(8000) FROM n",
        )
        .unwrap();
    drop(database);

    let api = nobody.signed_in(&alice);
    let first = serde_json::json!({"signature": "1"});
    assert_eq!(api.patch(routes::ACCOUNT, &first).await.status, 200);
    let writing = tokio::spawn(async move {
        for round in 2_u64.. {
            let change = serde_json::json!({"signature": round.to_string()});
            assert_eq!(api.patch(routes::ACCOUNT, &change).await.status, 200);
        }
    });
    let signature = |path: &std::path::Path| -> u64 {
        let copy = rusqlite::Connection::open(path).unwrap();
        let whole: String = copy
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(whole, "ok");
        let filling = "SELECT COUNT(*) FROM settings WHERE name LIKE 'filling %'";
        let filling: i64 = copy.query_row(filling, [], |row| row.get(0)).unwrap();
        assert_eq!(filling, 4_000);
        let text: String = copy
            .query_row("SELECT signature FROM users", [], |row| row.get(0))
            .unwrap();
        text.parse().unwrap_or(0)
    };
    let copies: Vec<_> = (0..3).map(|n| place.file(&format!("copy{n}.db"))).collect();
    let place = tokio::task::spawn_blocking(move || {
        let mut last = 0;
        for copy in &copies {
            place.text(&["backup", "--to", text_of(copy)]);
            let now = signature(copy);
            assert!(now > last, "nothing was written between two copies");
            last = now;
        }
        place
    });
    let place = place.await.unwrap();
    assert!(!writing.is_finished(), "a write was refused");
    writing.abort();
    let left = fs::read_dir(place.file("")).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(".magpie-backup")
    });
    assert_eq!(left.count(), 0, "something is left over");
}

#[tokio::test]
async fn nothing_is_overwritten_unless_asked() {
    let place = Place::new();
    let none = place.refused(&["backup", "--to", text_of(&place.file("copy.db"))]);
    assert!(none.contains("there is no database"), "{none}");
    drop(place.serve(&[]));
    let copy = place.file("copy.db");
    fs::write(&copy, "dear to me").unwrap();
    let refused = place.refused(&["backup", "--to", text_of(&copy)]);
    assert!(refused.contains("is there already"), "{refused}");
    assert_eq!(fs::read(&copy).unwrap(), b"dear to me");
    place.text(&["backup", "--force", "--to", text_of(&copy)]);
    assert!(fs::read(&copy).unwrap().starts_with(b"SQLite format 3\0"));

    let itself = place.folder().join("magpie.db");
    let refused = place.refused(&["backup", "--force", "--to", text_of(&itself)]);
    assert!(refused.contains("onto itself"), "{refused}");
    let nowhere = place.file("no/such/folder/copy.db");
    assert!(
        place
            .refused(&["backup", "--to", text_of(&nowhere)])
            .contains("cannot write")
    );
}

#[tokio::test]
async fn a_damaged_database_is_not_called_a_copy() {
    let place = Place::new();
    drop(place.serve(&[]));
    let path = place.folder().join("magpie.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(database);
    let mut bytes = fs::read(&path).unwrap();
    let from = bytes.len() / 2;
    bytes[from..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let copy = place.file("copy.db");
    let output = place.run(&["backup", "--to", text_of(&copy)]);
    assert!(!output.status.success(), "{}", said(&output.stdout));
    assert!(!copy.exists());
}
