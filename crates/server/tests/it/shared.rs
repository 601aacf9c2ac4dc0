//! Two nodes on one PostgreSQL and one Redis.

use std::{net::SocketAddr, time::Duration};

use magpie_protocol::{
    ErrorCode,
    frames::{ByeReason, ServerFrame},
    routes,
    server::{Health, HealthStatus},
    sync::{Item, Scope},
};
use magpie_server::testing::{Database, Redis};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep},
};

use crate::world::{Socket, World, befriend, text};

/// Nothing takes as long.
const PATIENCE: Duration = Duration::from_secs(40);

/// Two nodes; the second's link to Redis can be cut.
struct Pair {
    one: World,
    two: World,
    cable: Cable,
    redis: Redis,
    _database: Database,
}

impl Pair {
    async fn start() -> Self {
        let database = Database::create().unwrap();
        let redis = Redis::start().unwrap();
        let cable = Cable::lay(redis.addresses()[0]).await;
        let through = format!("redis://{}", cable.address);
        let one = node(&database, &redis.url()).await;
        let two = node(&database, &through).await;
        let pair = Self {
            one,
            two,
            cable,
            redis,
            _database: database,
        };
        for world in [&pair.one, &pair.two] {
            until_health(world, HealthStatus::Ok).await;
        }
        // They are connected, and have said so to each other.
        let began = Instant::now();
        let known = ["SCARD", "magpie:{nodes}:names"];
        while pair.redis.command(&known).unwrap().trim() != "2" {
            assert!(began.elapsed() < PATIENCE, "the nodes are not known");
            sleep(Duration::from_millis(20)).await;
        }
        pair
    }
}

async fn node(database: &Database, bus: &str) -> World {
    let (database, bus) = (database.url().parse().unwrap(), bus.parse().unwrap());
    World::start_with(|config| {
        config.database = Some(database);
        config.bus = Some(bus);
    })
    .await
}

async fn until_health(world: &World, wanted: HealthStatus) {
    let began = Instant::now();
    loop {
        let health: Health = world.nobody().get(routes::HEALTH).await.unwrap();
        if health.bus == wanted {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{health:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn told_to_resync(socket: &mut Socket) {
    socket
        .until(|frame| matches!(frame, ServerFrame::Resync { scope: None }).then_some(()))
        .await;
}

/// A line to a server that can be cut and mended.
struct Cable {
    address: SocketAddr,
    server: SocketAddr,
    carrying: JoinHandle<()>,
}

impl Cable {
    async fn lay(server: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            server,
            carrying: tokio::spawn(carry(listener, server)),
        }
    }

    /// Ends all connections, and takes none any more.
    async fn cut(&mut self) {
        self.carrying.abort();
        let _ = (&mut self.carrying).await;
    }

    async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.carrying = tokio::spawn(carry(listener, self.server));
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(listener: TcpListener, server: SocketAddr) {
    // They end with this.
    let mut lines = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        lines.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(server).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

/// Reads what is said in a conversation until so many messages have come; each exactly once and in
/// order.
async fn hear(socket: &mut Socket, scope: Scope, from_seq: u64, count: usize) {
    let mut seqs: Vec<u64> = Vec::new();
    while seqs.len() < count {
        let (_, _, items) = socket.changes(scope).await;
        seqs.extend(items.iter().filter_map(|item| match item {
            Item::Message(message) => Some(message.seq),
            _ => None,
        }));
    }
    let expected: Vec<u64> = (from_seq..).take(count).collect();
    assert_eq!(seqs, expected);
}

#[tokio::test]
async fn people_on_different_nodes_become_friends_and_chat() {
    let pair = Pair::start().await;
    let alice = pair.one.register("alice").await;
    let bob = pair.two.register("bob").await;
    let (mut alices, mut bobs) = (alice.connect().await, bob.connect().await);
    let conversation = befriend(&alice, &bob).await;
    let scope = Scope::Conversation(conversation);
    // On the node that did not make the conversation: listen, and look what was missed.
    for socket in [&mut alices, &mut bobs] {
        socket
            .until(|frame| match frame {
                ServerFrame::Resync { scope: told } if *told == Some(scope) => Some(()),
                _ => None,
            })
            .await;
    }
    for number in 0..50 {
        let (from, to) = match number % 2 {
            0 => (&mut alices, &mut bobs),
            _ => (&mut bobs, &mut alices),
        };
        let sent = from.send(&text(conversation, "hello")).await.unwrap();
        let heard = to
            .until(|frame| match frame {
                ServerFrame::Changes { changes, .. } => {
                    changes.iter().find_map(|change| match &change.item {
                        Item::Message(message) if message.id == sent.id => Some(message.seq),
                        _ => None,
                    })
                }
                _ => None,
            })
            .await;
        assert_eq!(heard, sent.seq);
    }
    let mut late = bob.connect().await;
    let first = alices.send(&text(conversation, "first")).await.unwrap();
    for _ in 0..99 {
        alices.send(&text(conversation, "next")).await.unwrap();
    }
    hear(&mut late, scope, first.seq, 100).await;
}

#[tokio::test]
async fn a_device_that_is_ended_on_one_node_is_gone_from_the_other() {
    let pair = Pair::start().await;
    let alice = pair.one.register("alice").await;
    let phone = pair.two.another_device("alice").await;
    let mut socket = phone.connect().await;
    alice.delete(&routes::device(phone.device)).await.unwrap();
    assert_eq!(socket.bye().await, ByeReason::SessionEnded);
    assert_eq!(
        phone.refused(routes::ACCOUNT).await,
        ErrorCode::SessionEnded
    );
}

#[tokio::test]
async fn a_device_that_moves_gives_up_its_socket_on_the_other_node() {
    let pair = Pair::start().await;
    let alice = pair.one.register("alice").await;
    let mut old = alice.connect().await;
    let mut phone = pair.one.another_device("alice").await.connect().await;
    let mut new = pair.two.visited_by(&alice).connect().await;
    assert_eq!(old.bye().await, ByeReason::Replaced);
    // Back again, which closes the one over there.
    let mut back = alice.connect().await;
    assert_eq!(new.bye().await, ByeReason::Replaced);
    // The others stay.
    let signature = serde_json::json!({"signature": "here"});
    alice
        .patch::<serde_json::Value>(routes::ACCOUNT, &signature)
        .await
        .unwrap();
    for socket in [&mut back, &mut phone] {
        socket.changes(Scope::User(alice.id)).await;
    }
}

#[tokio::test]
async fn friends_on_different_nodes_see_each_other_come_and_go() {
    let mut pair = Pair::start().await;
    let alice = pair.one.register("alice").await;
    let bob = pair.two.register("bob").await;
    befriend(&alice, &bob).await;
    let mut alices = alice.connect().await;
    assert_eq!(alices.presence().await, [(bob.id, false)]);
    let mut bobs = bob.connect().await;
    assert_eq!(bobs.presence().await, [(alice.id, true)]);
    assert_eq!(alices.presence().await, [(bob.id, true)]);
    // Moving to another node in time is no news.
    drop(bobs);
    let mut bobs = pair.one.visited_by(&bob).connect().await;
    assert_eq!(bobs.presence().await, [(alice.id, true)]);
    let second = pair.two.another_device("bob").await.connect().await;
    drop(bobs);
    let phone = pair.two.another_device("bob").await;
    let third = phone.connect().await;
    drop(second);

    // A node that is killed takes its people with it, after a while.
    let killed = Instant::now();
    pair.two.kill();
    drop(third);
    loop {
        let said = alices.presence().await;
        if said.contains(&(bob.id, false)) {
            break;
        }
        assert!(said.iter().all(|it| *it == (bob.id, true)), "{said:?}");
    }
    assert!(killed.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_node_that_is_cut_off_from_redis_is_made_up_for_both_ways() {
    let mut pair = Pair::start().await;
    let alice = pair.one.register("alice").await;
    let bob = pair.two.register("bob").await;
    let conversation = befriend(&alice, &bob).await;
    let scope = Scope::Conversation(conversation);
    let (mut alices, mut bobs) = (alice.connect().await, bob.connect().await);
    pair.cable.cut().await;
    until_health(&pair.two, HealthStatus::Degraded).await;
    // What bob says is stored though nobody is told; alice's node learns that there is something.
    let sent = bobs.send(&text(conversation, "cut off")).await.unwrap();
    told_to_resync(&mut alices).await;
    let missed = alice.changes(conversation, 0).await;
    let has = |id| move |change: &magpie_protocol::sync::Change| matches!(&change.item, Item::Message(message) if message.id == id);
    assert!(missed.iter().any(has(sent.id)));
    // What alice says is found by bob, who is told to look now and then.
    let sent = alices.send(&text(conversation, "hello?")).await.unwrap();
    told_to_resync(&mut bobs).await;
    told_to_resync(&mut bobs).await;
    let found = bob.changes(conversation, 0).await;
    assert!(found.iter().any(has(sent.id)));
    // A device that is ended meanwhile is ended there too.
    let phone = pair.two.another_device("alice").await;
    let mut phones = phone.connect().await;
    alice.delete(&routes::device(phone.device)).await.unwrap();
    assert_eq!(phones.bye().await, ByeReason::SessionEnded);

    pair.cable.mend().await;
    until_health(&pair.two, HealthStatus::Ok).await;
    told_to_resync(&mut bobs).await;
    let sent = alices
        .send(&text(conversation, "there you are"))
        .await
        .unwrap();
    loop {
        let (_, _, items) = bobs.changes(scope).await;
        let is_it = |item: &Item| matches!(item, Item::Message(it) if it.id == sent.id);
        if items.iter().any(is_it) {
            break;
        }
    }
    assert!(pair.redis.command(&["PING"]).unwrap().contains("PONG"));
}
