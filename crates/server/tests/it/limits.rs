//! How much one person may write.

use magpie_protocol::{ErrorBody, ErrorCode, messages::Sent, routes};
use serde_json::{Value, json};

use crate::world::{Person, World, text};

/// Does something until it is refused; how often it was done, and the refusal.
async fn until_refused(
    mut attempt: impl AsyncFnMut() -> Result<(), ErrorBody>,
) -> (u32, ErrorBody) {
    let mut done = 0;
    loop {
        match attempt().await {
            Ok(()) => done += 1,
            Err(refusal) => return (done, refusal),
        }
        assert!(done < 1_000, "nothing is refused");
    }
}

async fn rename(person: &Person, nickname: &str) -> Result<(), ErrorBody> {
    let change = json!({ "nickname": nickname });
    person
        .patch::<Value>(routes::ACCOUNT, &change)
        .await
        .map(|_| ())
}

#[tokio::test]
async fn who_writes_too_much_has_to_wait_and_others_need_not() {
    let world = World::start_with(|config| config.writes_per_user_and_second = 1).await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let send = async || {
        let sent: Result<Sent, _> = alice.send(&text(conversation, "hi")).await;
        sent.map(|_| ())
    };
    let (sent, refusal) = until_refused(send).await;
    // Ten at once, the friend request among them; more came in where the test took seconds.
    assert!(sent >= 9, "{sent}");
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    let wait = i64::try_from(refusal.retry_after_ms.unwrap()).unwrap();
    assert!((1..=1_001).contains(&wait), "{wait}");

    // All routes that write share the budget; reading and other people have nothing to do with it.
    let refused = alice.put::<Value>(&routes::block(bob.id)).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::RateLimited);
    alice.get::<Value>(routes::ACCOUNT).await.unwrap();
    bob.say(conversation, "still there?").await;

    world.advance(wait);
    alice.say(conversation, "yes").await;
}

#[tokio::test]
async fn friend_requests_and_profile_changes_have_limits_of_their_own() {
    let world = World::start_with(|config| {
        config.friend_requests_per_user_and_hour = 3;
        config.profile_changes_per_user_and_hour = 2;
    })
    .await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    // Refused requests count: they tell who blocks whom.
    for number in 0..3 {
        let code = alice.ask(&bob, "").await.err().map(|error| error.code);
        let expected = (number > 0).then_some(ErrorCode::RequestTooSoon);
        assert_eq!(code, expected);
    }
    let refusal = alice.ask(&bob, "").await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    assert!(refusal.retry_after_ms.unwrap() > 1_000_000);

    rename(&alice, "Ann").await.unwrap();
    rename(&alice, "Anna").await.unwrap();
    let refusal = rename(&alice, "Anne").await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::RateLimited);
    world.advance(i64::try_from(refusal.retry_after_ms.unwrap()).unwrap());
    rename(&alice, "Anne").await.unwrap();
    rename(&bob, "Bobby").await.unwrap();
}
