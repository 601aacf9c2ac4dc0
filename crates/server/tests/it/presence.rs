//! Who sees whom come and go.

use std::time::Duration;

use magpie_protocol::{frames::ServerFrame, routes};
use serde_json::Value;
use tokio::time::Instant;

use crate::world::{World, befriend};

#[tokio::test]
async fn friends_see_each_other_come_and_go() {
    let world = World::start().await;
    let (alice, bob, _) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    befriend(&alice, &carol).await;

    let mut alices = alice.connect().await;
    assert_eq!(alices.presence().await, []);
    let mut bobs = bob.connect().await;
    assert_eq!(bobs.presence().await, [(alice.id, true)]);
    assert_eq!(alices.presence().await, [(bob.id, true)]);

    // Neither a second device nor a connection that is replaced is news.
    let second = world.another_device("bob").await.connect().await;
    drop(bobs);
    let mut bobs = bob.connect().await;
    assert_eq!(bobs.presence().await, [(alice.id, true)]);
    drop(second);
    let mut carols = carol.connect().await;
    assert_eq!(carols.presence().await, [(alice.id, true)]);
    assert_eq!(alices.presence().await, [(carol.id, true)]);

    let before = world.now();
    drop(bobs);
    let went = Instant::now();
    let (gone, last_seen) = alices
        .until(|frame| match frame {
            ServerFrame::Presence { users } => Some((users[0].user_id, users[0].last_seen_at)),
            _ => None,
        })
        .await;
    assert_eq!(gone, bob.id);
    assert!(last_seen.is_some_and(|seen| seen >= before));
    assert!(went.elapsed() > Duration::from_secs(3), "not at once");
    // Carol, who is not bob's friend, heard nothing of him.
    drop(alices);
    assert_eq!(carols.presence().await, [(alice.id, false)]);
}

#[tokio::test]
async fn strangers_see_nothing_until_they_are_friends() {
    let world = World::start().await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let (mut alices, mut bobs) = (alice.connect().await, bob.connect().await);
    assert_eq!(alices.presence().await, []);
    assert_eq!(bobs.presence().await, []);
    // Not even that somebody blocks them.
    let block = routes::block(alice.id);
    bob.put::<Value>(&block).await.unwrap();
    bob.delete(&block).await.unwrap();
    befriend(&alice, &bob).await;
    assert_eq!(alices.presence().await, [(bob.id, true)]);
    assert_eq!(bobs.presence().await, [(alice.id, true)]);
}

#[tokio::test]
async fn who_is_blocked_sees_nobody_there() {
    let world = World::start().await;
    let (alice, bob, _) = world.friends("alice", "bob").await;
    let mut alices = alice.connect().await;
    assert_eq!(alices.presence().await, []);
    let mut bobs = bob.connect().await;
    assert_eq!(bobs.presence().await, [(alice.id, true)]);
    assert_eq!(alices.presence().await, [(bob.id, true)]);

    alice.put::<Value>(&routes::block(bob.id)).await.unwrap();
    assert_eq!(bobs.presence().await, [(alice.id, false)]);
    assert_eq!(alices.presence().await, [(bob.id, false)]);
    let mut again = bob.connect().await;
    assert_eq!(again.presence().await, []);

    alice.delete(&routes::block(bob.id)).await.unwrap();
    assert_eq!(again.presence().await, [(alice.id, true)]);
    assert_eq!(alices.presence().await, [(bob.id, true)]);
}

#[tokio::test]
async fn former_friends_see_nothing_any_more() {
    let world = World::start().await;
    let (alice, bob, _) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    befriend(&alice, &carol).await;
    alice.delete(&routes::friend(bob.id)).await.unwrap();
    let mut alices = alice.connect().await;
    let mut bobs = bob.connect().await;
    assert_eq!(bobs.presence().await, []);
    assert_eq!(alices.presence().await, []);
    carol.connect().await;
    // Had bob been announced, it would have come before this.
    assert_eq!(alices.presence().await, [(carol.id, true)]);
}
