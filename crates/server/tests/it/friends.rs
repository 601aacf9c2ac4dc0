//! Friends, requests, blocks.

use magpie_protocol::{
    ErrorCode, Page, UserId,
    frames::ServerFrame,
    friends::{Block, Friend, FriendRequest, RequestState, UpdateFriend},
    limits::{FRIEND_REQUEST_LIFE_MS, FRIEND_REQUEST_PAUSE_MS},
    messages::{Body, History, SystemEvent},
    routes,
    sync::{Item, Scope},
};
use serde_json::json;

use crate::world::{Person, World, befriend};

async fn received(person: &Person) -> Vec<FriendRequest> {
    let path = format!("{}?direction=received", routes::FRIEND_REQUESTS);
    person
        .get::<Page<FriendRequest>>(&path)
        .await
        .unwrap()
        .items
}

async fn sent(person: &Person) -> Vec<FriendRequest> {
    let path = format!("{}?direction=sent", routes::FRIEND_REQUESTS);
    person
        .get::<Page<FriendRequest>>(&path)
        .await
        .unwrap()
        .items
}

async fn friends(person: &Person) -> Vec<UserId> {
    let page: Page<Friend> = person.get(routes::FRIENDS).await.unwrap();
    page.items.iter().map(|friend| friend.user.id).collect()
}

#[tokio::test]
async fn accepting_makes_friends_and_opens_their_conversation() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let request = alice.ask(&bob, "we met on Sunday").await.unwrap();
    assert_eq!(request.state, RequestState::Pending);
    assert_eq!((request.from.id, request.to.id), (alice.id, bob.id));
    assert_eq!(received(&bob).await, std::slice::from_ref(&request));
    assert_eq!(sent(&alice).await, std::slice::from_ref(&request));
    assert!(received(&alice).await.is_empty());

    let mut alice_hears = alice.connect().await;
    let friend: Friend = bob
        .post(&routes::accept_request(request.id), &())
        .await
        .unwrap();
    assert_eq!(friend.user.id, alice.id);
    assert_eq!(friends(&alice).await, [bob.id]);
    assert_eq!(friends(&bob).await, [alice.id]);
    assert_eq!(received(&bob).await[0].state, RequestState::Accepted);

    let conversation = friend.conversation_id;
    let history: History = alice.get(&routes::history(conversation)).await.unwrap();
    assert_eq!(history.last_seq, 1);
    let befriended = SystemEvent::Befriended {
        requester: alice.id,
        accepter: bob.id,
        message: "we met on Sunday".into(),
    };
    assert_eq!(history.messages[0].body(), Body::System(befriended));

    // Who was connected already hears of the conversation from its first change on.
    let (prev, rev, items) = alice_hears.changes(Scope::Conversation(conversation)).await;
    assert_eq!((prev, rev, items.len()), (0, 3, 3));
    let (prev, _, items) = alice_hears.changes(Scope::Conversation(conversation)).await;
    assert_eq!(prev, 3);
    assert!(matches!(&items[..], [Item::Message(message)] if message.seq == 1));
}

#[tokio::test]
async fn a_second_request_within_a_day_is_refused_with_the_time_left() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let first = alice.ask(&bob, "").await.unwrap();
    world.advance(60_000);
    let refusal = alice.ask(&bob, "").await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::RequestTooSoon);
    let left = FRIEND_REQUEST_PAUSE_MS - 60_000;
    let wait = i64::try_from(refusal.retry_after_ms.unwrap()).unwrap();
    assert!((left - 20_000..=left).contains(&wait), "{wait}");

    let rejected: FriendRequest = bob
        .post(&routes::reject_request(first.id), &())
        .await
        .unwrap();
    assert_eq!(rejected.state, RequestState::Rejected);
    assert_eq!(sent(&alice).await[0].state, RequestState::Rejected);
    let refusal = alice.ask(&bob, "").await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::RequestTooSoon);

    world.advance(FRIEND_REQUEST_PAUSE_MS);
    let again = alice.ask(&bob, "please").await.unwrap();
    assert_eq!(again.state, RequestState::Pending);
    assert_eq!(received(&bob).await[0].message, "please");
}

#[tokio::test]
async fn two_who_ask_each_other_are_friends() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    alice.ask(&bob, "").await.unwrap();
    let answer = bob.ask(&alice, "").await.unwrap();
    assert_eq!(answer.state, RequestState::Accepted);
    assert_eq!(answer.from.id, alice.id);
    assert_eq!(friends(&alice).await, [bob.id]);
    let refusal = alice.ask(&bob, "").await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::AlreadyFriends);
}

#[tokio::test]
async fn who_was_ignored_does_not_learn_it_before_the_request_runs_out() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let request = alice.ask(&bob, "").await.unwrap();
    let ignored: FriendRequest = bob
        .post(&routes::ignore_request(request.id), &())
        .await
        .unwrap();
    assert_eq!(ignored.state, RequestState::Ignored);
    assert_eq!(sent(&alice).await[0].state, RequestState::Pending);
    let again = bob
        .post::<Friend>(&routes::accept_request(request.id), &())
        .await;
    assert_eq!(again.unwrap_err().code, ErrorCode::RequestAnswered);
    world.advance(FRIEND_REQUEST_LIFE_MS);
    assert_eq!(sent(&alice).await[0].state, RequestState::Ignored);
}

#[tokio::test]
async fn a_request_can_be_answered_for_a_week() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let request = alice.ask(&bob, "").await.unwrap();
    world.advance(FRIEND_REQUEST_LIFE_MS);
    assert_eq!(received(&bob).await[0].state, RequestState::Ignored);
    for path in [
        routes::accept_request(request.id),
        routes::reject_request(request.id),
        routes::ignore_request(request.id),
    ] {
        let refusal = bob.post::<serde_json::Value>(&path, &()).await.unwrap_err();
        assert_eq!(refusal.code, ErrorCode::RequestAnswered);
    }
}

#[tokio::test]
async fn only_the_person_who_was_asked_can_answer() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let carol = world.register("carol").await;
    let request = alice.ask(&bob, "").await.unwrap();
    for person in [&alice, &carol] {
        for path in [
            routes::accept_request(request.id),
            routes::reject_request(request.id),
            routes::ignore_request(request.id),
        ] {
            let refusal = person
                .post::<serde_json::Value>(&path, &())
                .await
                .unwrap_err();
            assert_eq!(refusal.code, ErrorCode::RequestNotFound);
        }
    }
    assert_eq!(received(&bob).await[0].state, RequestState::Pending);
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let refuse = async |body: serde_json::Value| {
        let answer = alice.post::<serde_json::Value>(routes::FRIEND_REQUESTS, &body);
        answer.await.unwrap_err().code
    };
    assert_eq!(
        refuse(json!({"user_id": alice.id})).await,
        ErrorCode::NotWithYourself
    );
    assert_eq!(
        refuse(json!({"user_id": 9_999_999})).await,
        ErrorCode::UserNotFound
    );
    let long = "x".repeat(201);
    assert_eq!(
        refuse(json!({"user_id": bob.id, "message": long})).await,
        ErrorCode::InvalidContent
    );
    for body in [
        json!({"user_id": -1}),
        json!({"user_id": "1"}),
        json!({}),
        json!({"user_id": bob.id, "urgent": true}),
    ] {
        assert_eq!(refuse(body).await, ErrorCode::InvalidRequest);
    }
    let nobody = world.nobody();
    assert_eq!(
        nobody.ask(&bob, "").await.unwrap_err().code,
        ErrorCode::Unauthenticated
    );
}

#[tokio::test]
async fn removing_ends_it_both_ways_and_keeps_the_history() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    alice.say(conversation, "hello").await;
    let remark = UpdateFriend {
        remark: " Bobby ".into(),
    };
    let friend: Friend = alice.patch(&routes::friend(bob.id), &remark).await.unwrap();
    assert_eq!(friend.remark, "Bobby");

    let mut bob_hears = bob.connect().await;
    alice.delete(&routes::friend(bob.id)).await.unwrap();
    let (_, _, items) = bob_hears.changes(Scope::User(bob.id)).await;
    assert!(
        matches!(&items[..], [Item::Friend(friend)] if friend.deleted && friend.user.id == alice.id)
    );
    assert!(friends(&alice).await.is_empty() && friends(&bob).await.is_empty());
    assert_eq!(
        alice.refused(&routes::friend(bob.id)).await,
        ErrorCode::NotFriends
    );
    let history: History = bob.get(&routes::history(conversation)).await.unwrap();
    assert_eq!(history.last_seq, 2);
    for person in [&alice, &bob] {
        let refusal = person
            .send(&crate::world::text(conversation, "hi?"))
            .await
            .unwrap_err();
        assert_eq!(refusal.code, ErrorCode::NotFriends);
    }

    // Friends again: the same conversation, the same remark name.
    world.advance(FRIEND_REQUEST_PAUSE_MS);
    assert_eq!(befriend(&bob, &alice).await, conversation);
    let friend: Friend = alice.get(&routes::friend(bob.id)).await.unwrap();
    assert_eq!((friend.remark.as_str(), friend.deleted), ("Bobby", false));
    assert_eq!(alice.say(conversation, "hello again").await.seq, 4);
}

#[tokio::test]
async fn blocking_stops_messages_and_requests_and_is_seen_by_its_owner_alone() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    let bob_before = bob.own_changes(0).await.len();
    let block: Block = alice.put(&routes::block(bob.id)).await.unwrap();
    assert_eq!((block.user.id, block.deleted), (bob.id, false));
    let again: Block = alice.put(&routes::block(bob.id)).await.unwrap();
    assert_eq!(again.since, block.since);
    let message = crate::world::text(conversation, "hello");
    let refusal = bob.send(&message).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::Blocked);
    let own = crate::world::text(conversation, "hello");
    let refusal = alice.send(&own).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::BlockedByYou);
    assert_eq!(bob.own_changes(0).await.len(), bob_before);
    assert_eq!(friends(&alice).await, [bob.id]);

    let _: Block = alice.put(&routes::block(carol.id)).await.unwrap();
    let refusal = carol.ask(&alice, "").await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::Blocked);
    let refusal = alice.ask(&carol, "").await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::BlockedByYou);
    let page: Page<Block> = alice
        .get(&format!("{}?limit=1", routes::BLOCKS))
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1);
    let rest = format!("{}?limit=1&cursor={}", routes::BLOCKS, page.next.unwrap());
    let rest: Page<Block> = alice.get(&rest).await.unwrap();
    assert_eq!((rest.items[0].user.id, rest.next), (carol.id, None));

    alice.delete(&routes::block(bob.id)).await.unwrap();
    alice.delete(&routes::block(bob.id)).await.unwrap();
    assert_eq!(bob.send(&message).await.unwrap().seq, 2);
    let refusal = alice.put::<Block>(&routes::block(alice.id)).await;
    assert_eq!(refusal.unwrap_err().code, ErrorCode::NotWithYourself);
    let unknown = UserId::new(9_999_999).unwrap();
    let refusal = alice.put::<Block>(&routes::block(unknown)).await;
    assert_eq!(refusal.unwrap_err().code, ErrorCode::UserNotFound);
}

#[tokio::test]
async fn lists_come_in_pages_without_gap_or_repetition() {
    let world = World::start().await;
    let alice = world.register("alice").await;
    let mut others = Vec::new();
    for name in ["b01", "b02", "b03", "b04", "b05"] {
        let other = world.register(name).await;
        befriend(&other, &alice).await;
        others.push(other.id);
    }
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let path = format!("{}?limit=2{next}", routes::FRIENDS);
        let page: Page<Friend> = alice.get(&path).await.unwrap();
        seen.extend(page.items.iter().map(|friend| friend.user.id));
        match page.next {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, others);
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let path = format!(
            "{}?direction=received&limit=2{next}",
            routes::FRIEND_REQUESTS
        );
        let page: Page<FriendRequest> = alice.get(&path).await.unwrap();
        seen.extend(page.items.iter().map(|request| request.from.id));
        match page.next {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    others.reverse();
    assert_eq!(seen, others);
    for bad in [
        "?limit=0",
        "?limit=501",
        "?limit=-1",
        "?cursor=-1",
        "?cursor=x",
        "?cursor=99999999999999999999",
        "?page=1",
    ] {
        let path = format!("{}{bad}", routes::FRIENDS);
        assert_eq!(
            alice.refused(&path).await,
            ErrorCode::InvalidRequest,
            "{bad}"
        );
    }
    let path = format!("{}?direction=sideways", routes::FRIEND_REQUESTS);
    assert_eq!(alice.refused(&path).await, ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn strangers_and_odd_remarks_are_refused() {
    let world = World::start().await;
    let (alice, bob, _) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    assert_eq!(
        carol.refused(&routes::friend(alice.id)).await,
        ErrorCode::NotFriends
    );
    let unknown = UserId::new(9_999_999).unwrap();
    assert_eq!(
        alice.refused(&routes::friend(unknown)).await,
        ErrorCode::UserNotFound
    );
    assert_eq!(
        carol
            .delete(&routes::friend(alice.id))
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFriends
    );
    for remark in ["x".repeat(65), "a\u{202E}b".into()] {
        let change = UpdateFriend { remark };
        let refusal = alice
            .patch::<Friend>(&routes::friend(bob.id), &change)
            .await;
        assert_eq!(refusal.unwrap_err().code, ErrorCode::InvalidProfile);
    }
    let path = format!("{}/0", routes::FRIENDS);
    assert_eq!(alice.refused(&path).await, ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn friends_and_conversations_hear_of_a_new_profile() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let mut bob_hears = bob.connect().await;
    let _: serde_json::Value = alice
        .patch(routes::ACCOUNT, &json!({"nickname": "爱丽丝"}))
        .await
        .unwrap();
    let (_, rev, items) = bob_hears.changes(Scope::User(bob.id)).await;
    assert!(
        matches!(&items[..], [Item::Friend(friend)] if friend.user.nickname == "爱丽丝"),
        "{items:?}"
    );
    let (_, _, items) = bob_hears.changes(Scope::Conversation(conversation)).await;
    assert!(matches!(&items[..], [Item::Member(member)] if member.user.nickname == "爱丽丝"));
    // The difference tells the same as the push did.
    let changes = bob.own_changes(rev - 1).await;
    assert!(matches!(&changes[..], [change] if change.rev == rev
            && matches!(&change.item, Item::Friend(friend) if friend.user.nickname == "爱丽丝")));
}

#[tokio::test]
async fn a_changed_profile_reaches_requests_and_blocks_too() {
    let world = World::start().await;
    let alice = world.register("alice").await;
    let (asked, asks) = (world.register("bob").await, world.register("carol").await);
    let (rejects, blocks) = (world.register("dave").await, world.register("erin").await);
    let friend = world.register("fay").await;
    befriend(&alice, &friend).await;
    alice.ask(&asked, "").await.unwrap();
    asks.ask(&alice, "").await.unwrap();
    let request = alice.ask(&rejects, "").await.unwrap();
    let path = routes::reject_request(request.id);
    rejects.post::<FriendRequest>(&path, &()).await.unwrap();
    blocks.put::<Block>(&routes::block(alice.id)).await.unwrap();

    let mut before = Vec::new();
    for person in [&asked, &asks, &rejects, &blocks, &friend] {
        let rev = person.own_changes(0).await.last().unwrap().rev;
        before.push((person, rev, person.connect().await));
    }
    alice
        .patch::<serde_json::Value>(routes::ACCOUNT, &json!({"nickname": "Ally"}))
        .await
        .unwrap();
    for (person, rev, mut socket) in before {
        let fetched: Vec<Item> = person
            .own_changes(rev)
            .await
            .into_iter()
            .map(|change| change.item)
            .filter(|item| !matches!(item, Item::Device { .. }))
            .collect();
        let nickname = match &fetched[..] {
            [Item::FriendRequest(request)] if request.from.id == alice.id => &request.from.nickname,
            [Item::FriendRequest(request)] => &request.to.nickname,
            [Item::Block(block)] => &block.user.nickname,
            [Item::Friend(friend)] => &friend.user.nickname,
            other => panic!("{other:?}"),
        };
        assert_eq!(nickname, "Ally");
        // Who is connected hears the same at once.
        let pushed = socket
            .until(|frame| match frame {
                ServerFrame::Changes { changes, .. } => {
                    let item = &changes.first()?.item;
                    (!matches!(item, Item::Device { .. })).then(|| item.clone())
                }
                _ => None,
            })
            .await;
        assert_eq!(pushed, fetched[0]);
    }
}
