//! What the operator sees: figures, and whether the server works.

use std::time::Duration;

use magpie_protocol::{
    ErrorCode, MessageId,
    messages::SendMessage,
    routes,
    server::{Health, HealthStatus},
};
use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::world::{World, text};

/// The port of the operator.
struct Operator {
    http: Client,
    base: String,
}

impl Operator {
    fn of(world: &World) -> Self {
        let address = world.server().metrics_addr().unwrap();
        Self {
            http: crate::api::http(),
            base: format!("http://{address}"),
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let url = format!("{}{path}", self.base);
        let answer = self.http.get(url).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Returns a figure by its name and labels as they stand in the text.
    async fn figure(&self, name: &str) -> Option<f64> {
        let (status, text) = self.get("/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.ends_with("# EOF\n"), "{text}");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(|value| value.parse().unwrap())
    }

    async fn becomes(&self, name: &str, wanted: f64) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while self.figure(name).await != Some(wanted) {
            assert!(
                tokio::time::Instant::now() < deadline,
                "{name} is not {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn with_metrics(config: &mut magpie_server::Config) {
    config.metrics = Some(([127, 0, 0, 1], 0).into());
}

#[tokio::test]
async fn what_happens_is_counted() {
    let world = World::start_with(with_metrics).await;
    let operator = Operator::of(&world);
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    alice.say(conversation, "one").await;
    let mut socket = bob.connect().await;
    operator
        .becomes("magpie_sockets{state=\"open\"}", 1.0)
        .await;
    operator.becomes("magpie_connections", 2.0).await;
    socket.send(&text(conversation, "two")).await.unwrap();
    operator
        .becomes("magpie_messages_acknowledged_total", 2.0)
        .await;

    // The same id for something else, over HTTP, and nobody's conversation over the socket.
    let taken = text(conversation, "three");
    alice.send(&taken).await.unwrap();
    let other = SendMessage::text(taken.id, conversation, "four");
    assert_eq!(
        alice.send(&other).await.unwrap_err().code,
        ErrorCode::MessageIdTaken
    );
    let nowhere = magpie_protocol::ConversationId::new(77_777).unwrap();
    socket
        .send(&SendMessage::text(
            MessageId::from_parts(1, [1; 10]),
            nowhere,
            "x",
        ))
        .await
        .unwrap_err();
    operator
        .becomes(
            "magpie_messages_refused_total{code=\"message_id_taken\"}",
            1.0,
        )
        .await;
    operator
        .becomes(
            "magpie_messages_refused_total{code=\"conversation_not_found\"}",
            1.0,
        )
        .await;
    operator
        .becomes(
            "magpie_socket_refusals_total{code=\"conversation_not_found\"}",
            1.0,
        )
        .await;
    let answered = "magpie_http_requests_total{method=\"POST\",route=\"/api/v1/messages\",\
                    status=\"409\",code=\"message_id_taken\"}";
    assert_eq!(operator.figure(answered).await, Some(1.0));
    let took = "magpie_http_request_duration_seconds_count{method=\"POST\",\
                route=\"/api/v1/messages\"}";
    assert_eq!(operator.figure(took).await, Some(3.0));

    let wrong = serde_json::json!({
        "login": "alice", "password": "0".repeat(32),
        "device": {"name": "x", "platform": "linux"},
    });
    let refused = world.nobody().post::<Value>(routes::SESSIONS, &wrong).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::WrongCredentials);
    world.another_device("alice").await;
    for (outcome, count) in [("ok", 1.0), ("wrong_credentials", 1.0)] {
        let name = format!("magpie_sign_ins_total{{outcome=\"{outcome}\"}}");
        assert_eq!(operator.figure(&name).await, Some(count), "{outcome}");
    }
    let registered = operator
        .figure("magpie_registrations_total{outcome=\"ok\"}")
        .await;
    assert_eq!(registered, Some(2.0));

    let commits = operator
        .figure("magpie_db_commit_transactions_count")
        .await
        .unwrap();
    let transactions = operator
        .figure("magpie_db_commit_transactions_sum")
        .await
        .unwrap();
    assert!(
        commits > 5.0 && transactions >= commits,
        "{transactions} in {commits}"
    );
    assert!(
        operator
            .figure("magpie_db_commit_duration_seconds_sum")
            .await
            .unwrap()
            > 0.0
    );
    for (name, wanted) in [
        ("magpie_db_waiting{queue=\"writes\"}", 0.0),
        ("magpie_up{part=\"database\"}", 1.0),
        ("magpie_up{part=\"bus\"}", 1.0),
        ("magpie_resyncs_total", 0.0),
    ] {
        assert_eq!(operator.figure(name).await, Some(wanted), "{name}");
    }
    drop(socket);
    operator
        .becomes("magpie_sockets{state=\"open\"}", 0.0)
        .await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_is_measured() {
    let world = World::start_with(with_metrics).await;
    let operator = Operator::of(&world);
    let files = operator.figure("process_open_fds").await.unwrap();
    let more: Vec<_> = (0..64)
        .map(|_| std::fs::File::open("/proc/self/stat").unwrap())
        .collect();
    assert!(operator.figure("process_open_fds").await.unwrap() > files + 50.0);
    drop(more);
    let memory = operator
        .figure("process_resident_memory_bytes")
        .await
        .unwrap();
    assert!((1e6..1e10).contains(&memory), "{memory}");
    assert!(operator.figure("process_cpu_seconds_total").await.unwrap() > 0.0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let age =
        now.unwrap().as_secs_f64() - operator.figure("process_start_time_seconds").await.unwrap();
    assert!((-2.0..3_600.0).contains(&age), "{age}");
}

#[tokio::test]
async fn figures_are_on_their_own_port_and_health_on_both() {
    let mut world = World::start_with(with_metrics).await;
    let operator = Operator::of(&world);
    assert_eq!(
        world.nobody().refused("/metrics").await,
        ErrorCode::NoSuchRoute
    );
    let well = Health {
        status: HealthStatus::Ok,
        database: HealthStatus::Ok,
        bus: HealthStatus::Ok,
    };
    for path in [routes::HEALTH, routes::HEALTH_READY] {
        assert_eq!(world.nobody().get::<Health>(path).await.unwrap(), well);
        let (status, body) = operator.get(path).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(serde_json::from_str::<Health>(&body).unwrap(), well);
    }
    assert_eq!(operator.get(routes::HEALTH_LIVE).await.0, StatusCode::OK);
    let gone = operator.http.get(&operator.base);
    world.stop().await;
    assert!(gone.send().await.is_err(), "it answers after the stop");
}

#[tokio::test]
async fn a_server_that_stops_lives_and_is_not_ready() {
    let world = World::start_with(with_metrics).await;
    let operator = Operator::of(&world);
    world.server().app().stopping().cancel();
    assert_eq!(operator.get(routes::HEALTH_LIVE).await.0, StatusCode::OK);
    let (status, body) = operator.get(routes::HEALTH_READY).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    assert_eq!(operator.get(routes::HEALTH).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_database_is_looked_at_once_a_second_however_many_ask() {
    let world = World::start_with(with_metrics).await;
    let operator = Operator::of(&world);
    let asked = (0..20).map(|_| operator.get(routes::HEALTH));
    for (status, body) in futures_util::future::join_all(asked).await {
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    world.server().app().db().close().await;
    assert_eq!(operator.get(routes::HEALTH).await.0, StatusCode::OK);
    world.advance(1_000);
    for path in [routes::HEALTH, routes::HEALTH_READY] {
        let (status, body) = operator.get(path).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    }
}

#[tokio::test]
async fn without_its_database_a_server_lives_and_is_not_ready() {
    let world = World::start_with(with_metrics).await;
    let operator = Operator::of(&world);
    world.server().app().db().close().await;
    assert_eq!(operator.get(routes::HEALTH_LIVE).await.0, StatusCode::OK);
    for path in [routes::HEALTH_READY, routes::HEALTH] {
        let (status, body) = operator.get(path).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let health: Health = serde_json::from_str(&body).unwrap();
        assert_eq!(health.database, HealthStatus::Unavailable);
    }
    operator.becomes("magpie_up{part=\"database\"}", 0.0).await;
}
