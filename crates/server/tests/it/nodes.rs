//! Several nodes: who is there, where clients are sent, and what happens when they cannot hear each
//! other.

use std::time::Duration;

use magpie_protocol::{
    frames::ServerFrame,
    routes,
    server::{Gateway, Health, HealthStatus},
};
use magpie_server::{
    db::{DbError, params},
    testing::Redis,
};
use tokio::time::{Instant, sleep};

use crate::world::{Person, Socket, World};

/// Nothing takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

async fn node(redis: &Redis, name: &str) -> World {
    let bus = redis.url().parse().unwrap();
    let advertise = format!("wss://{name}.example.org").parse().unwrap();
    World::start_with(|config| {
        config.bus = Some(bus);
        config.advertise = Some(advertise);
    })
    .await
}

async fn gateway(person: &Person) -> Option<String> {
    let gateway: Gateway = person.get(routes::GATEWAY).await.unwrap();
    gateway.socket
}

fn address(name: &str) -> String {
    format!("wss://{name}.example.org/api/v1/socket")
}

/// Asks until the answer is right.
async fn until<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn health(world: &World) -> Health {
    world.nobody().get(routes::HEALTH).await.unwrap()
}

async fn told_to_resync(socket: &mut Socket) {
    socket
        .until(|frame| matches!(frame, ServerFrame::Resync { scope: None }).then_some(()))
        .await;
}

#[tokio::test]
async fn a_server_that_is_alone_sends_nobody_elsewhere() {
    let world = World::start().await;
    let alice = world.register("alice").await;
    assert_eq!(gateway(&alice).await, None);
    assert_eq!(health(&world).await.status, HealthStatus::Ok);
}

#[tokio::test]
async fn clients_are_sent_to_the_node_with_the_least_to_do() {
    let redis = Redis::start().unwrap();
    let (one, mut two) = (node(&redis, "one").await, node(&redis, "two").await);
    let alice = one.register("alice").await;
    let bob = two.register("bob").await;
    let _socket = alice.connect().await;
    until("both are known and alice is counted", || async {
        let (first, second) = (gateway(&alice).await, gateway(&alice).await);
        // The first of them is on its way to the other node, so the second may go either way.
        first == Some(address("two")) && second.is_some()
    })
    .await;
    // All nodes say the same of it.
    until("the other node says so too", || async {
        gateway(&bob).await == Some(address("two"))
    })
    .await;

    // Who stops is not handed out from that moment on.
    two.stop().await;
    for _ in 0..20 {
        assert_eq!(gateway(&alice).await, Some(address("one")));
    }
}

#[tokio::test]
async fn a_node_that_was_killed_is_forgotten_and_what_it_did_not_say_is_looked_for() {
    let redis = Redis::start().unwrap();
    let (one, mut two) = (node(&redis, "one").await, node(&redis, "two").await);
    let alice = one.register("alice").await;
    until("both are known", || async {
        gateway(&alice).await == Some(address("two"))
    })
    .await;
    let mut socket = alice.connect().await;
    two.kill();
    told_to_resync(&mut socket).await;
    for _ in 0..20 {
        assert_eq!(gateway(&alice).await, Some(address("one")));
    }
}

#[tokio::test]
async fn without_redis_messages_go_on_and_sockets_are_told_to_look() {
    let mut redis = Redis::start().unwrap();
    let world = node(&redis, "one").await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    until("the bus is up", || async {
        health(&world).await.bus == HealthStatus::Ok
    })
    .await;
    let mut bobs = bob.connect().await;
    redis.kill().unwrap();
    until("it is noticed", || async {
        let health = health(&world).await;
        health.bus == HealthStatus::Degraded && health.status == HealthStatus::Degraded
    })
    .await;
    assert_eq!(gateway(&alice).await, None);
    // Who comes now is not kept waiting, and what is sent is stored and arrives.
    let mut alices = alice.connect().await;
    let sent = alices
        .send(&crate::world::text(conversation, "anybody?"))
        .await
        .unwrap();
    assert_eq!(sent.conversation_id, conversation);
    let scope = magpie_protocol::sync::Scope::Conversation(conversation);
    bobs.changes(scope).await;
    // Others may have said something that cannot be heard: all are told, again and again.
    for _ in 0..2 {
        told_to_resync(&mut bobs).await;
        told_to_resync(&mut alices).await;
    }
    redis.start_again().unwrap();
    until("it is found again", || async {
        health(&world).await.status == HealthStatus::Ok
    })
    .await;
    told_to_resync(&mut bobs).await;
    until("the node is handed out again", || async {
        gateway(&alice).await == Some(address("one"))
    })
    .await;
}

#[tokio::test]
async fn a_server_starts_without_its_redis_and_finds_it_later() {
    let mut redis = Redis::start().unwrap();
    redis.kill().unwrap();
    let world = node(&redis, "one").await;
    let alice = world.register("alice").await;
    let mut socket = alice.connect().await;
    assert_eq!(health(&world).await.status, HealthStatus::Degraded);
    redis.start_again().unwrap();
    until("it is found", || async {
        health(&world).await.status == HealthStatus::Ok
    })
    .await;
    told_to_resync(&mut socket).await;
}

#[tokio::test]
async fn what_another_node_could_not_say_is_looked_for() {
    let redis = Redis::start().unwrap();
    let world = node(&redis, "one").await;
    let alice = world.register("alice").await;
    until("the bus is up", || async {
        health(&world).await.bus == HealthStatus::Ok
    })
    .await;
    let mut socket = alice.connect().await;
    // The counter is what the others see of it. Raised until it is: the node may not have looked at
    // it for the first time yet.
    let told = async {
        told_to_resync(&mut socket).await;
        told_to_resync(&mut socket).await;
    };
    let raised = async {
        loop {
            let done = world
                .server()
                .app()
                .db()
                .write::<_, DbError, _>(|tx| {
                    tx.execute(
                        "UPDATE counters SET value = value + 1 WHERE name = $1",
                        params!["lost_news"],
                    )
                })
                .await;
            assert_eq!(done.unwrap(), 1);
            sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        () = told => {}
        () = raised => {}
    }
}
