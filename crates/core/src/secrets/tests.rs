//! Where secrets go, with a keychain and without.

use magpie_protocol::Timestamp;

use super::{SecretStorage, Secrets};
use crate::store::DatabaseKey;

fn key(byte: u8) -> DatabaseKey {
    DatabaseKey::new([byte; 32])
}

async fn database_key(secrets: &Secrets, account: &str) -> Option<String> {
    let key = secrets.account(account).database_key().await.unwrap();
    key.map(|key| key.to_hex())
}

#[tokio::test]
async fn without_a_keychain_secrets_lie_in_a_file_and_stay_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets.json");
    let open = || Secrets::open(file.clone(), None, Timestamp(0));
    let opened = open().await.unwrap();
    assert!(!opened.tell, "whoever turned the keychain off knows");
    assert_eq!(opened.secrets.storage(), SecretStorage::File);
    for (account, byte) in [("1@a", 1), ("2@a", 2)] {
        let account = opened.secrets.account(account);
        account.save_database_key(&key(byte)).await.unwrap();
    }
    opened.secrets.account("2@a").forget().await.unwrap();
    let again = open().await.unwrap().secrets;
    assert_eq!(database_key(&again, "1@a").await, Some(key(1).to_hex()));
    assert_eq!(database_key(&again, "2@a").await, None);
}

#[tokio::test]
async fn a_damaged_file_of_secrets_is_as_good_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets.json");
    std::fs::write(&file, b"{\"secrets\": {\"1@a/database\"").unwrap();
    let opened = Secrets::open(file, None, Timestamp(4)).await.unwrap();
    assert_eq!(database_key(&opened.secrets, "1@a").await, None);
    assert!(folder.path().join("secrets.json.damaged-4").exists());
}

/// With the real Secret Service, each test in a session bus and a keyring of its own.
#[cfg(target_os = "linux")]
mod linux {
    use std::process::Command;

    use super::*;

    /// Set in the process that a test starts itself in.
    const INSIDE: &str = "MAGPIE_TEST_INSIDE";

    /// Starts this test once more through `launcher`, where `"$@"` is the test, and tells whether
    /// this is the process inside.
    fn inside(test: &str, launcher: &str) -> bool {
        if std::env::var_os(INSIDE).is_some() {
            return true;
        }
        let home = tempfile::tempdir().unwrap();
        let output = Command::new("bash")
            .args(["-c", launcher, "bash"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("secrets::tests::linux::{test}"),
                "--nocapture",
            ])
            .env(INSIDE, "1")
            .env("HOME", home.path())
            .env("XDG_DATA_HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path())
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

    const KEYRING: &str = r#"exec dbus-run-session -- bash -c '
        printf "\n" | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 1
        export BUS_PID=$(pgrep -P $PPID dbus-daemon)
        "$@"' bash "$@""#;
    const LOCK: &str = "dbus-send --session --print-reply --dest=org.freedesktop.secrets \
        /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock \
        array:objpath:/org/freedesktop/secrets/collection/login >/dev/null";
    const NO_KEYRING: &str = r#"DBUS_SESSION_BUS_ADDRESS=unix:path="$HOME/nobody" exec "$@""#;

    const SERVICE: Option<&str> = Some("chat.magpie.test");

    #[test]
    fn a_keychain_that_works_is_used_and_keeps_secrets() {
        if inside("a_keychain_that_works_is_used_and_keeps_secrets", KEYRING) {
            run(async |file: std::path::PathBuf| {
                let opened = Secrets::open(file.clone(), SERVICE, Timestamp(0))
                    .await
                    .unwrap();
                assert_eq!(opened.secrets.storage(), SecretStorage::Keychain);
                assert!(!opened.tell);
                let account = opened.secrets.account("1@a");
                account.save_database_key(&key(1)).await.unwrap();
                let written = std::fs::read_to_string(&file).unwrap();
                assert!(
                    !written.contains("1@a"),
                    "nothing goes to the file: {written}"
                );
                let again = Secrets::open(file.clone(), SERVICE, Timestamp(0))
                    .await
                    .unwrap();
                let found = database_key(&again.secrets, "1@a").await;
                assert_eq!(found, Some(key(1).to_hex()));
                // Another profile has another service, and sees nothing of it.
                let other = Secrets::open(file.clone(), Some("chat.magpie.bob"), Timestamp(0));
                let other = other.await.unwrap();
                assert_eq!(database_key(&other.secrets, "1@a").await, None);
                account.forget().await.unwrap();
                assert_eq!(database_key(&again.secrets, "1@a").await, None);
            });
        }
    }

    #[test]
    fn what_went_to_the_file_moves_to_the_keychain_when_there_is_one() {
        if inside(
            "what_went_to_the_file_moves_to_the_keychain_when_there_is_one",
            KEYRING,
        ) {
            run(async |file: std::path::PathBuf| {
                let opened = Secrets::open(file.clone(), None, Timestamp(0))
                    .await
                    .unwrap();
                let account = opened.secrets.account("1@a");
                account.save_database_key(&key(1)).await.unwrap();
                let opened = Secrets::open(file.clone(), SERVICE, Timestamp(0))
                    .await
                    .unwrap();
                let found = database_key(&opened.secrets, "1@a").await;
                assert_eq!(found, Some(key(1).to_hex()));
                let left = std::fs::read_to_string(&file).unwrap();
                assert!(!left.contains("1@a"), "{left}");
            });
        }
    }

    #[test]
    fn a_keychain_that_breaks_later_loses_nothing_that_is_saved_from_then_on() {
        if inside(
            "a_keychain_that_breaks_later_loses_nothing_that_is_saved_from_then_on",
            KEYRING,
        ) {
            run(async |file: std::path::PathBuf| {
                let opened = Secrets::open(file.clone(), SERVICE, Timestamp(0))
                    .await
                    .unwrap();
                let account = opened.secrets.account("1@a");
                account.save_database_key(&key(1)).await.unwrap();
                let bus = std::env::var("BUS_PID").unwrap();
                assert!(Command::new("kill").arg(bus).status().unwrap().success());
                let error = loop {
                    // The bus takes a moment to go.
                    if let Err(error) = account.database_key().await {
                        break error;
                    }
                };
                let expected = crate::FailureCode::Local(crate::LocalCode::Keychain);
                assert_eq!(error.code(), expected);
                account.save_database_key(&key(2)).await.unwrap();
                let found = database_key(&opened.secrets, "1@a").await;
                assert_eq!(found, Some(key(2).to_hex()));
                Secrets::do_without_keychain(file.clone(), Timestamp(0)).unwrap();
                let again = Secrets::open(file, SERVICE, Timestamp(0)).await.unwrap();
                assert_eq!(again.secrets.storage(), SecretStorage::File);
                let found = database_key(&again.secrets, "1@a").await;
                assert_eq!(found, Some(key(2).to_hex()));
            });
        }
    }

    #[test]
    fn what_lies_in_a_keychain_that_did_not_answer_is_asked_for_again_and_never_missing() {
        if inside(
            "what_lies_in_a_keychain_that_did_not_answer_is_asked_for_again_and_never_missing",
            KEYRING,
        ) {
            run(async |file: std::path::PathBuf| {
                let opened = Secrets::open(file, SERVICE, Timestamp(0)).await.unwrap();
                let secrets = opened.secrets;
                let account = secrets.account("1@a");
                account.save_database_key(&key(1)).await.unwrap();
                // As if it had been locked when it was tried out, and unlocked since.
                *secrets.0.keychain.write() = None;
                let found = database_key(&secrets, "1@a").await;
                assert_eq!(found, Some(key(1).to_hex()));
                assert_eq!(secrets.storage(), SecretStorage::Keychain);

                *secrets.0.keychain.write() = None;
                let locked = Command::new("bash").args(["-c", LOCK]).status();
                assert!(locked.unwrap().success());
                let code = account.database_key().await.map_err(|error| error.code());
                let expected = crate::FailureCode::Local(crate::LocalCode::Keychain);
                assert_eq!(code.map(|_| ()), Err(expected));
            });
        }
    }

    #[test]
    fn a_keychain_that_is_locked_at_the_start_is_waited_for_or_done_without() {
        if inside(
            "a_keychain_that_is_locked_at_the_start_is_waited_for_or_done_without",
            KEYRING,
        ) {
            run(async |file: std::path::PathBuf| {
                let open = || Secrets::open(file.clone(), SERVICE, Timestamp(0));
                let secrets = open().await.unwrap().secrets;
                let account = secrets.account("1@a");
                account.save_database_key(&key(1)).await.unwrap();
                let locked = Command::new("bash").args(["-c", LOCK]).status();
                assert!(locked.unwrap().success());
                for _ in 0..2 {
                    let refused = open().await.map(|_| ()).map_err(|error| error.code());
                    let expected = crate::FailureCode::Local(crate::LocalCode::Keychain);
                    assert_eq!(refused, Err(expected));
                }
                Secrets::do_without_keychain(file.clone(), Timestamp(0)).unwrap();
                let opened = open().await.unwrap();
                assert_eq!(opened.secrets.storage(), SecretStorage::File);
                assert!(!opened.tell, "who chose it knows");
                let account = opened.secrets.account("1@a");
                assert!(account.database_key().await.is_err(), "it is not missing");
            });
        }
    }

    #[test]
    fn without_a_keychain_the_user_is_told_once() {
        if inside("without_a_keychain_the_user_is_told_once", NO_KEYRING) {
            run(async |file: std::path::PathBuf| {
                for first in [true, false] {
                    let opened = Secrets::open(file.clone(), SERVICE, Timestamp(0))
                        .await
                        .unwrap();
                    assert_eq!(opened.secrets.storage(), SecretStorage::File);
                    assert_eq!(opened.tell, first);
                }
            });
        }
    }

    fn run(test: impl AsyncFnOnce(std::path::PathBuf)) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(test(folder.path().join("secrets.json")));
    }
}
