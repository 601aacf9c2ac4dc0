//! The bus between nodes, on a Redis of its own: what one node publishes, sockets of others hear.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use magpie_protocol::{
    ConversationId, DeviceId, UserId,
    frames::{ByeReason, ServerFrame},
    sync::Scope,
};
use magpie_server::{
    bus::{Bus, Event, LinkState, NodeId, Registration},
    clock::SystemRandom,
    testing::Redis,
};
use tokio::time::timeout;

/// Nothing takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

fn node(redis: &Redis, name: u64) -> (Bus, Arc<AtomicU64>) {
    let ended = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&ended);
    let bus = Bus::between_nodes(
        redis.url().parse().unwrap(),
        NodeId(name),
        Arc::new(SystemRandom),
        move |device| seen.store(device.get(), Ordering::SeqCst),
    );
    (bus, ended)
}

fn register(bus: &Bus, id: u64) -> Registration {
    let device = DeviceId::new(id).unwrap();
    bus.register(UserId::new(id).unwrap(), device, 10_000, 10_000_000)
}

fn room(id: u64) -> ConversationId {
    ConversationId::new(id).unwrap()
}

fn changes(scope: Scope, rev: u64) -> Event {
    Event::Changes {
        scope,
        prev: rev - 1,
        rev,
        changes: vec![],
    }
}

/// Waits for so many frames.
async fn heard(listener: &Registration, count: usize) -> Vec<ServerFrame> {
    let mut frames: Vec<ServerFrame> = Vec::new();
    while frames.len() < count {
        timeout(PATIENCE, listener.outlet().ready())
            .await
            .unwrap_or_else(|_| panic!("{frames:?} and no more"));
        let taken = listener.outlet().take();
        assert!(!taken.resync);
        let read = |text: &_| serde_json::from_str(text).unwrap();
        frames.extend(taken.frames.iter().map(|text| read(text.as_str())));
    }
    frames
}

fn revisions(frames: &[ServerFrame]) -> Vec<u64> {
    let rev = |frame: &ServerFrame| match frame {
        ServerFrame::Changes { rev, .. } => *rev,
        other => panic!("{other:?}"),
    };
    frames.iter().map(rev).collect()
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let waited = timeout(PATIENCE, async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}

async fn up(bus: &Bus, epoch: u64) {
    until("the link is up", || {
        let link = bus.link().unwrap();
        link.state == LinkState::Up && link.epoch >= epoch
    })
    .await;
}

#[tokio::test]
async fn sockets_on_all_nodes_hear_everything_once_and_in_order() {
    let redis = Redis::start().unwrap();
    let ((one, _), (two, _)) = (node(&redis, 1), node(&redis, 2));
    let (alice, bob) = (register(&one, 1), register(&two, 2));
    for listener in [&alice, &bob] {
        listener.subscribe([room(5)]);
        listener.settled().await;
    }
    assert!(one.is_whole() && two.is_whole());
    for rev in 1..=2_000 {
        one.publish(changes(Scope::Conversation(room(5)), rev));
    }
    for listener in [&alice, &bob] {
        let all: Vec<u64> = (1..=2_000).collect();
        assert_eq!(revisions(&heard(listener, 2_000).await), all);
    }
    // What the first said came back to it before this.
    two.publish(changes(Scope::Conversation(room(5)), 9_999));
    assert_eq!(revisions(&heard(&alice, 1).await), [9_999]);
    // A scope that nobody listens to there does not travel there.
    one.publish(changes(Scope::Conversation(room(6)), 1));
    one.publish(changes(Scope::User(UserId::new(2).unwrap()), 7));
    assert_eq!(revisions(&heard(&bob, 2).await), [9_999, 7]);
}

#[tokio::test]
async fn whoever_is_put_into_a_conversation_elsewhere_is_told_to_look() {
    let redis = Redis::start().unwrap();
    let ((one, _), (two, _)) = (node(&redis, 1), node(&redis, 2));
    let bob = register(&two, 2);
    bob.settled().await;
    up(&one, 1).await;
    let bobs = UserId::new(2).unwrap();
    one.publish(Event::Subscribe {
        user: bobs,
        conversation: room(5),
    });
    // What is published before the other node listens is made up for by this.
    let frames = heard(&bob, 1).await;
    let scope = Some(Scope::Conversation(room(5)));
    assert_eq!(frames, [ServerFrame::Resync { scope }]);
    one.publish(changes(Scope::Conversation(room(5)), 4));
    assert_eq!(revisions(&heard(&bob, 1).await), [4]);
}

#[tokio::test]
async fn an_ended_device_is_known_to_nodes_that_it_never_was_on() {
    let redis = Redis::start().unwrap();
    let ((one, _), (two, ended)) = (node(&redis, 1), node(&redis, 2));
    up(&one, 1).await;
    up(&two, 1).await;
    let device = DeviceId::new(77).unwrap();
    one.publish(Event::EndDevice { device });
    until("it is known", || ended.load(Ordering::SeqCst) == 77).await;
}

#[tokio::test]
async fn a_device_that_comes_elsewhere_gives_up_its_earlier_socket() {
    let redis = Redis::start().unwrap();
    let ((one, _), (two, _)) = (node(&redis, 1), node(&redis, 2));
    up(&two, 1).await;
    let (old, other) = (register(&one, 1), register(&one, 2));
    old.settled().await;
    other.settled().await;
    let new = register(&two, 1);
    until("the old one is closed", || {
        old.outlet().bye() == Some(ByeReason::Replaced)
    })
    .await;
    assert_eq!((new.outlet().bye(), other.outlet().bye()), (None, None));
    // Nothing that has to be made up for was lost, though the first came when there was no link yet.
    assert_eq!(one.figures().lost + two.figures().lost, 0);
}

#[tokio::test]
async fn a_cluster_carries_each_scope_over_its_own_server() {
    let redis = Redis::start_cluster().unwrap();
    let ((one, _), (two, ended)) = (node(&redis, 1), node(&redis, 2));
    let bob = register(&two, 2);
    bob.subscribe((1..=200).map(room));
    bob.settled().await;
    assert!(two.is_whole());
    up(&one, 1).await;
    for id in 1..=200 {
        one.publish(changes(Scope::Conversation(room(id)), id));
    }
    let mut revisions = revisions(&heard(&bob, 200).await);
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=200).collect::<Vec<_>>());
    one.publish(Event::EndDevice {
        device: DeviceId::new(3).unwrap(),
    });
    until("it is known", || ended.load(Ordering::SeqCst) == 3).await;
}

#[tokio::test]
async fn a_redis_that_was_killed_is_found_again_with_all_subscriptions() {
    let mut redis = Redis::start().unwrap();
    let ((one, _), (two, _)) = (node(&redis, 1), node(&redis, 2));
    let bob = register(&two, 2);
    bob.subscribe((1..=1_500).map(room));
    bob.settled().await;
    up(&one, 1).await;
    redis.kill().unwrap();
    until("both notice", || !one.is_whole() && !two.is_whole()).await;
    one.publish(changes(Scope::Conversation(room(5)), 1));
    // Nobody is kept waiting for what is known to be away.
    let carol = register(&two, 3);
    carol.subscribe([room(2_000)]);
    timeout(Duration::from_secs(1), carol.settled())
        .await
        .unwrap();
    redis.start_again().unwrap();
    up(&one, 2).await;
    up(&two, 2).await;
    for id in [5, 1_500, 2_000] {
        one.publish(changes(Scope::Conversation(room(id)), id));
    }
    assert_eq!(revisions(&heard(&bob, 2).await), [5, 1_500]);
    assert_eq!(revisions(&heard(&carol, 1).await), [2_000]);
}

#[tokio::test]
async fn a_redis_that_hangs_is_noticed() {
    let redis = Redis::start().unwrap();
    let (one, _) = node(&redis, 1);
    let alice = register(&one, 1);
    alice.settled().await;
    assert!(one.is_whole());
    redis.pause().unwrap();
    // The connections stay, and nothing answers: a new socket waits a little, not for ever.
    alice.subscribe([room(1)]);
    timeout(Duration::from_secs(4), alice.settled())
        .await
        .unwrap();
    until("it is noticed", || !one.is_whole()).await;
    redis.resume().unwrap();
    up(&one, 2).await;
}

#[tokio::test]
async fn what_was_published_last_leaves_before_a_node_stops() {
    let redis = Redis::start().unwrap();
    let ((one, _), (two, _)) = (node(&redis, 1), node(&redis, 2));
    let bob = register(&two, 2);
    bob.settled().await;
    up(&one, 1).await;
    for rev in 1..=5_000 {
        one.publish(changes(Scope::User(UserId::new(2).unwrap()), rev));
    }
    one.close().await;
    assert_eq!(heard(&bob, 5_000).await.len(), 5_000);
}
