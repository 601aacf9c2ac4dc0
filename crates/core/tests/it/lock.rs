//! The app lock.

use std::fs;

use magpie_core::{Failure, FailureCode, Home, LocalCode, secrets::LockState};

use crate::{client::Client, fake::Fake};

/// What lies on the disk of secrets; there is no keychain in these tests.
fn secrets(client: &Client) -> String {
    fs::read_to_string(client.path().join("secrets.json")).unwrap()
}

fn code<T>(outcome: Result<T, magpie_core::CoreError>) -> Option<FailureCode> {
    outcome.err().map(|error| error.code())
}

const LOCKED: Option<FailureCode> = Some(FailureCode::Local(LocalCode::Locked));
const WRONG: Option<FailureCode> = Some(FailureCode::Local(LocalCode::WrongPassphrase));

async fn unlock(home: &Home, passphrase: &str) -> Option<Failure> {
    home.unlock(passphrase).await.err().map(Failure::from)
}

#[tokio::test]
async fn locked_nothing_can_be_read_and_the_passphrase_opens_it_again() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    fake.with(|model| {
        model.peer_says("private");
    });
    client.until_texts(&["private".to_owned()]).await;
    let plain = secrets(&client);
    assert!(plain.contains("access-1") && plain.contains("/database"));
    assert_eq!(client.home().lock_state(), LockState::Off);
    let short = client.home().set_lock("123").await;
    assert_eq!(
        code(short),
        Some(FailureCode::Local(LocalCode::PasswordLength))
    );
    client.home().set_lock("2468").await.unwrap();
    assert_eq!(client.home().lock_state(), LockState::Unlocked);
    let sealed = secrets(&client);
    assert!(!sealed.contains("access-1"));
    assert_eq!(sealed.matches("sealed:").count(), 3, "{sealed}");
    // A token that is renewed meanwhile is sealed too.
    fake.with(|model| {
        model.expire();
        model.lose_sockets();
    });
    client
        .until("a new token", || async { secrets(&client) != sealed })
        .await;
    assert!(!secrets(&client).contains("access-"));

    client.home().lock().await;
    assert_eq!(client.home().lock_state(), LockState::Locked);
    assert!(client.core.conversations().await.is_err());
    assert_eq!(code(client.home().resume_all().await), LOCKED);
    assert_eq!(code(client.home().resume().await), LOCKED);
    assert_eq!(code(client.home().set_lock("1357").await), LOCKED);
    let lines = client.home().accounts().await.unwrap();
    assert!(!lines[0].signed_in, "nothing is open");
    let home = client.home().clone();
    assert_eq!(code(home.unlock("1357").await), WRONG);
    assert_eq!(unlock(&home, "2468").await, None);
    let cores = home.resume_all().await.unwrap();
    client.core = cores.into_iter().next().unwrap();
    client.until_texts(&["private".to_owned()]).await;

    // A new start is locked.
    home.lock().await;
    drop(home);
    client.reopen().await;
    let home = client.home().clone();
    assert_eq!(home.lock_state(), LockState::Locked);
    assert_eq!(code(home.resume_all().await), LOCKED);
    assert_eq!(code(home.remove_lock("1357").await), WRONG);
    home.remove_lock("2468").await.unwrap();
    assert_eq!(home.lock_state(), LockState::Off);
    assert!(!secrets(&client).contains("sealed:") && secrets(&client).contains("access-"));
    assert_eq!(home.resume_all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn wrong_tries_are_slowed_and_a_new_start_does_not_help() {
    let fake = Fake::start().await;
    let mut client = Client::online(&fake).await;
    client.home().set_lock("correct").await.unwrap();
    // The passphrase can be changed while it is open.
    client.home().set_lock("correct horse").await.unwrap();
    client.home().lock().await;
    let mut waits = Vec::new();
    for guess in ["correct", "horse", "Correct horse"] {
        let failure = unlock(client.home(), guess).await.unwrap();
        assert_eq!(failure.code, WRONG.unwrap());
        waits.push(failure.retry_after_ms.unwrap_or(0));
    }
    assert_eq!(waits, [0, 0, 5_000]);
    for _ in 0..2 {
        // Not even the right one is looked at.
        let failure = unlock(client.home(), "correct horse").await.unwrap();
        assert_eq!(failure.code, WRONG.unwrap());
        assert!(matches!(failure.retry_after_ms, Some(1..=5_000)));
        client.reopen().await;
    }
    // Whoever does not know it any more begins anew.
    client.home().forget_lock().await.unwrap();
    assert_eq!(client.home().lock_state(), LockState::Off);
    assert!(client.home().remembered().is_empty());
    assert!(!secrets(&client).contains("sealed:"));
    client.reopen().await;
    assert_eq!(client.home().lock_state(), LockState::Off);
}
