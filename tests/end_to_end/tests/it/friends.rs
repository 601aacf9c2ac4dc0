//! Friendships end, people block each other, requests are refused.

use std::time::Duration;

use magpie_core::{
    FailureCode,
    contacts::{Answer, Relation},
    timeline::SendStatus,
};
use magpie_protocol::{
    ConversationId, ErrorCode, MessageId, friends::RequestState, limits::FRIEND_REQUEST_PAUSE_MS,
};
use magpie_tests_end_to_end::{Device, PATIENCE, Stage, eventually};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn until_refused(device: &Device, chat: ConversationId, id: MessageId, code: ErrorCode) {
    eventually("the message is refused", PATIENCE, async || {
        let whole = device.timeline(chat).await?;
        let view = whole.messages.iter().find(|view| view.id == id).unwrap();
        match &view.status {
            SendStatus::Failed { failure } => {
                assert_eq!(failure.code, FailureCode::Server(code));
                Ok(())
            }
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    device
        .until_line(chat, "the list counts it", |line| line.failed == 1)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_friendship_the_history_stays_and_sending_is_refused() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    alice.says_many_to(&bob, "as friends", 5).await;
    let bobs = bob.device();
    bobs.until_line(chat, "all are there", |line| line.unread == 5)
        .await;
    stage.record().may_be_refused(chat);
    alice.device().core().remove_friend(bob.id()).await.unwrap();
    let refused = bobs.says(chat, "Still there?").await;
    until_refused(&bobs, chat, refused, ErrorCode::NotFriends).await;
    for device in [alice.device(), bob.device()] {
        eventually("the chat is closed", PATIENCE, async || {
            let whole = device.timeline(chat).await?;
            match whole.snapshot.closed {
                Some(FailureCode::Server(ErrorCode::NotFriends)) => Ok(()),
                other => Err(format!("closed: {other:?}")),
            }
        })
        .await;
    }
    // Once more refused, then deleted.
    bobs.core().retry_message(refused).await.unwrap();
    until_refused(&bobs, chat, refused, ErrorCode::NotFriends).await;
    let second = bobs.says(chat, "Hello?").await;
    eventually("the second is refused as well", PATIENCE, async || {
        let failed = bobs.core().conversations().await.unwrap().items[0].failed;
        if failed == 2 {
            Ok(())
        } else {
            Err(format!("{failed} failed"))
        }
    })
    .await;
    bobs.core().delete_unsent(second).await.unwrap();
    stage.record().deleted(second);
    stage.all_is_well().await;

    // Friends again: the old conversation goes on, and what was refused can be sent.
    stage.clock().advance(DAY);
    let again = bob.befriends(&alice).await;
    assert_eq!(again, chat, "the same conversation");
    bobs.core().retry_message(refused).await.unwrap();
    stage.record().retried(refused);
    bobs.until_sent(chat, PATIENCE).await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocked_people_cannot_write() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    let chat = alice.befriends(&bob).await;
    stage.record().may_be_refused(chat);
    alice
        .device()
        .core()
        .set_blocked(bob.id(), true)
        .await
        .unwrap();
    let from_bob = bob.device().says(chat, "Hello?").await;
    until_refused(&bob.device(), chat, from_bob, ErrorCode::Blocked).await;
    let from_alice = alice.device().says(chat, "Go away").await;
    until_refused(&alice.device(), chat, from_alice, ErrorCode::BlockedByYou).await;
    let whole = alice.device().timeline(chat).await.unwrap();
    assert_eq!(
        whole.snapshot.closed,
        Some(FailureCode::Server(ErrorCode::BlockedByYou))
    );

    alice
        .device()
        .core()
        .set_blocked(bob.id(), false)
        .await
        .unwrap();
    bob.device().core().retry_message(from_bob).await.unwrap();
    bob.device().until_sent(chat, PATIENCE).await;
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_twice_in_a_day_is_refused_with_the_time_left() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.asks(&bob, "Please").await;
    let bobs = bob.device().core();
    let request = eventually("Bob is asked", PATIENCE, async || {
        let contacts = bobs.contacts().await.map_err(|error| error.to_string())?;
        contacts
            .received
            .first()
            .cloned()
            .ok_or("nobody asks".to_owned())
    })
    .await;
    bobs.answer_request(request.id, Answer::Reject)
        .await
        .unwrap();
    let alices = alice.device().core();
    stage.clock().advance(Duration::from_secs(3_600));
    let error = alices
        .request_friend(bob.id(), "Pretty please")
        .await
        .unwrap_err();
    let failure = magpie_core::Failure::from(error);
    assert_eq!(failure.code, FailureCode::Server(ErrorCode::RequestTooSoon));
    let left = i64::try_from(failure.retry_after_ms.unwrap()).unwrap();
    let due = FRIEND_REQUEST_PAUSE_MS - 3_600_000;
    assert!((due - 60_000..=due).contains(&left), "{left} ms are left");

    eventually("Alice hears the answer", PATIENCE, async || {
        let contacts = alices.contacts().await.map_err(|error| error.to_string())?;
        let state = contacts.sent.first().map(|request| request.state);
        if state == Some(RequestState::Rejected) {
            Ok(())
        } else {
            Err(format!("{state:?}"))
        }
    })
    .await;
    stage.clock().advance(DAY);
    alices
        .request_friend(bob.id(), "A day later")
        .await
        .unwrap();
    let person = alices.person(bob.id()).await.unwrap();
    assert!(
        matches!(person.relation, Relation::Asked { .. }),
        "{person:?}"
    );
    stage.all_is_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_ask_each_other_are_friends() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.invite("alice").await, stage.invite("bob").await);
    alice.asks(&bob, "Me first").await;
    bob.asks(&alice, "No, me").await;
    let chat = alice.conversation_with(&bob).await;
    assert_eq!(bob.conversation_with(&alice).await, chat);
    stage.record().befriended(chat);
    alice.says(&bob, "At once!").await;
    stage.all_is_well().await;
}
