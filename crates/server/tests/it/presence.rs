//! Who sees whom come and go.

use std::time::Duration;

use magpie_protocol::{Timestamp, UserId, frames::ServerFrame, routes};
use magpie_server::db::{DbError, params};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::world::{Person, World, befriend};

/// Returns the first whom a frame names: whether they are there, and when they were.
fn first_named(frame: &ServerFrame) -> Option<((UserId, bool), Option<Timestamp>)> {
    match frame {
        ServerFrame::Presence { users } => users
            .first()
            .map(|user| ((user.user_id, user.online), user.last_seen_at)),
        _ => None,
    }
}

/// Waits until it is stored that somebody's device was there at a time or later, as it is soon after
/// the device has come.
async fn noted(world: &World, person: &Person, since: Timestamp) {
    let device = person.device;
    let waiting = async {
        loop {
            let stored = world
                .server()
                .app()
                .db()
                .read::<Timestamp, DbError, _>(move |tx| {
                    let sql = "SELECT last_seen_at FROM devices WHERE id = $1";
                    tx.one(sql, params![device], |row| row.get(0))
                });
            if stored.await.unwrap() >= since {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), waiting).await.unwrap();
}

#[tokio::test]
async fn friends_see_each_other_come_and_go() {
    let world = World::start().await;
    let began = world.now();
    let (alice, bob, _) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    befriend(&alice, &carol).await;

    let mut alices = alice.connect().await;
    let away = [(bob.id, false), (carol.id, false)];
    assert_eq!(alices.presence().await, away);
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
    let (gone, last_seen) = alices.until(first_named).await;
    assert_eq!(gone, (bob.id, false));
    assert!(last_seen.is_some_and(|seen| seen >= before));
    assert!(went.elapsed() > Duration::from_secs(3), "not at once");
    // Carol, who is not bob's friend, heard nothing of him.
    drop(alices);
    assert_eq!(carols.presence().await, [(alice.id, false)]);
    // Who comes later is told when he was there.
    let mut alices = alice.connect().await;
    let (gone, last_seen) = alices.until(first_named).await;
    assert_eq!(gone, (bob.id, false));
    assert!(last_seen.unwrap() >= began);
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
    assert_eq!(alices.presence().await, [(bob.id, false)]);
    let mut bobs = bob.connect().await;
    assert_eq!(bobs.presence().await, [(alice.id, true)]);
    assert_eq!(alices.presence().await, [(bob.id, true)]);

    alice.put::<Value>(&routes::block(bob.id)).await.unwrap();
    let blocked = world.now();
    assert_eq!(bobs.presence().await, [(alice.id, false)]);
    assert_eq!(alices.presence().await, [(bob.id, false)]);
    // Nor later that she was there.
    world.advance(60 * 60 * 1_000);
    drop(alices);
    let mut alices = alice.connect().await;
    assert_eq!(alices.presence().await, [(bob.id, false)]);
    noted(&world, &alice, blocked.plus_millis(60 * 60 * 1_000)).await;
    let mut again = bob.connect().await;
    let (gone, last_seen) = again.until(first_named).await;
    assert_eq!(gone, (alice.id, false));
    assert!(last_seen.unwrap() <= blocked);

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
    assert_eq!(alices.presence().await, [(carol.id, false)]);
    carol.connect().await;
    // Had bob been announced, it would have come before this.
    assert_eq!(alices.presence().await, [(carol.id, true)]);
}
