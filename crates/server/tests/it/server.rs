//! The server itself: what it says, its documents, and how it starts and stops.

use std::time::Duration;

use futures_util::StreamExt as _;
use magpie_protocol::{
    ErrorCode,
    frames::SUBPROTOCOL,
    routes,
    server::{PRODUCT, RegistrationPolicy, ServerInfo},
};
use magpie_server::{Config, Server, StartError, testing::TestServer};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{client_async, tungstenite::client::IntoClientRequest as _};

use crate::api::{Api, Reply};

/// No answer takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn it_says_what_it_is() {
    let server = TestServer::start_with(|config| config.name = "喜鹊".into())
        .await
        .unwrap();
    let api = Api::new(&server);
    assert_eq!(
        api.get(routes::HEALTH).await.json(),
        json!({"status": "ok", "database": "ok", "bus": "ok"})
    );
    let info: ServerInfo = api.get(routes::SERVER).await.ok();
    assert_eq!(
        (info.product.as_str(), info.name.as_str()),
        (PRODUCT, "喜鹊")
    );
    assert_eq!(info.registration, RegistrationPolicy::Open);
}

#[tokio::test]
async fn strange_requests_get_an_answer_in_our_shape() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    for path in [
        "/",
        "/api",
        "/api/v1/nothing",
        "/api/v2/server",
        "/%FF",
        "/..%2f..%2fetc",
    ] {
        assert_eq!(
            api.get(path).await.refused(),
            ErrorCode::NoSuchRoute,
            "{path}"
        );
    }
    let reply = api.delete(routes::SERVER).await;
    assert_eq!(reply.status, 405);
    assert_eq!(reply.json()["code"], "no_such_route");
    assert_eq!(reply.headers["allow"], "GET,HEAD");
}

#[tokio::test]
async fn a_connection_that_speaks_no_http_harms_nobody() {
    let server = TestServer::start().await.unwrap();
    let mut connection = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    connection.write_all(&[0xff; 4_096]).await.unwrap();
    let mut answer = Vec::new();
    // Either an error in HTTP or a closed connection will do.
    let _ = connection.read_to_end(&mut answer).await;
    assert_eq!(Api::new(&server).get(routes::HEALTH).await.status, 200);
}

#[tokio::test]
async fn connections_that_say_nothing_are_closed() {
    let start = TestServer::start_with(|config| config.silent_connection_seconds = 1);
    let server = start.await.unwrap();
    for begun in ["", "GET / HTTP/1.1\r\nhost: magp"] {
        let mut silent = TcpStream::connect(server.address()).await.unwrap();
        silent.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let closed = timeout(PATIENCE, silent.read_to_end(&mut answer)).await;
        closed.expect("the connection was kept").unwrap();
    }
    assert_eq!(Api::new(&server).get(routes::HEALTH).await.status, 200);
}

#[tokio::test]
async fn more_connections_than_allowed_wait_and_sockets_count() {
    let start = TestServer::start_with(|config| config.max_connections = 2);
    let server = start.await.unwrap();
    let alice = server.sign_up("alice").await.unwrap();
    let url = format!("ws://{}{}", server.address(), routes::SOCKET);
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {}", alice.tokens.access_token.expose());
    let headers = request.headers_mut();
    headers.insert("authorization", bearer.parse().unwrap());
    headers.insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
    let connection = TcpStream::connect(server.address()).await.unwrap();
    let (mut socket, _) = client_async(request, connection).await.unwrap();
    assert!(socket.next().await.unwrap().unwrap().is_text());

    let silent = TcpStream::connect(server.address()).await.unwrap();
    let api = Api::new(&server);
    let mut waiting = tokio::spawn(async move { api.get(routes::HEALTH).await.status });
    let early = timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err(), "answered beyond the limit");
    drop(silent);
    let answered = timeout(PATIENCE, waiting).await;
    assert_eq!(answered.expect("it still waits").unwrap(), 200);

    // A socket that goes leaves its place too.
    let silent = TcpStream::connect(server.address()).await.unwrap();
    drop(socket);
    let answered = timeout(PATIENCE, Api::new(&server).get(routes::HEALTH)).await;
    assert_eq!(answered.expect("the place is not free").status, 200);
    drop(silent);
}

#[tokio::test]
async fn a_silent_connection_does_not_hold_up_a_stop() {
    let start = TestServer::start_with(|config| config.shutdown_seconds = 3_600);
    let server = start.await.unwrap();
    let silent = TcpStream::connect(server.address()).await.unwrap();
    assert_eq!(Api::new(&server).get(routes::HEALTH).await.status, 200);
    timeout(PATIENCE, server.stop()).await.expect("it waits");
    drop(silent);
}

#[tokio::test]
async fn requests_have_ids() {
    let server = TestServer::start().await.unwrap();
    let api = Api::new(&server);
    let id = |reply: &Reply| reply.headers["x-request-id"].to_str().unwrap().to_owned();
    let (first, second) = (api.get(routes::HEALTH).await, api.get("/nowhere").await);
    assert_ne!(id(&first), id(&second));
    assert_eq!(first.headers["cache-control"], "no-store");
    let send = async |theirs: &str| {
        let request = api
            .request(Method::GET, routes::HEALTH)
            .header("x-request-id", theirs);
        id(&Reply::of(request).await)
    };
    assert_eq!(send("client-4711").await, "client-4711");
    for bad in ["short", "with space and more", &"x".repeat(65)] {
        assert_ne!(send(bad).await, *bad);
    }
}

#[tokio::test]
async fn every_route_is_in_the_document() {
    let server = TestServer::start().await.unwrap();
    let document = Api::new(&server).get("/docs/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    for route in [
        routes::HEALTH,
        routes::HEALTH_LIVE,
        routes::HEALTH_READY,
        routes::SERVER,
        routes::ACCOUNTS,
        routes::SESSIONS,
        routes::REFRESH,
        routes::CURRENT_SESSION,
        routes::ACCOUNT,
        routes::PASSWORD,
        routes::ACCOUNT_CHANGES,
        routes::DEVICES,
        routes::DEVICE,
        routes::USERS,
        routes::USER,
        routes::FRIEND_REQUESTS,
        routes::ACCEPT_REQUEST,
        routes::REJECT_REQUEST,
        routes::IGNORE_REQUEST,
        routes::FRIENDS,
        routes::FRIEND,
        routes::BLOCKS,
        routes::BLOCK,
        routes::CONVERSATION,
        routes::HISTORY,
        routes::MARKS,
        routes::CONVERSATION_CHANGES,
        routes::MESSAGES,
        routes::MESSAGE_STATUS,
        routes::SYNC,
    ] {
        assert!(paths.contains_key(route), "{route}");
    }
    let mut names: Vec<_> = paths
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let operations = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), operations);

    // Each operation says who may ask, and each shape that is named is described.
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    assert_eq!(document["security"], json!([{"access_token": []}]));
    assert_eq!(paths[routes::SERVER]["get"]["security"], json!([{}]));
}

#[tokio::test]
async fn the_document_can_be_browsed() {
    let server = TestServer::start().await.unwrap();
    let page = Api::new(&server).get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"));
}

#[tokio::test]
async fn a_folder_serves_one_server() {
    let server = TestServer::start().await.unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        ..server.app().config().clone()
    };
    let second = Server::start(config.clone()).await;
    assert!(matches!(second, Err(StartError::InUse(_))));
    let stopped = server.stop().await;
    Server::start(config).await.unwrap().shutdown().await;
    drop(stopped);
}

/// Wherever the rest of what each keeps may be.
#[tokio::test]
async fn a_database_serves_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("chat.db").display());
    let config = |data_dir: &str| Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: folder.path().join(data_dir),
        database: Some(database.parse().unwrap()),
        argon2_memory_kib: 8,
        argon2_passes: 1,
        ..Config::default()
    };
    let first = Server::start(config("one")).await.unwrap();
    let second = Server::start(config("two")).await;
    assert!(matches!(second, Err(StartError::InUse(_))));
    first.shutdown().await;
    Server::start(config("two")).await.unwrap().shutdown().await;
}

/// As the doctor does, to see whether a server runs.
#[tokio::test]
async fn whoever_only_looks_at_the_folder_keeps_no_server_from_starting() {
    let stopped = TestServer::start().await.unwrap().stop().await;
    let lock = std::fs::File::open(stopped.folder().join("lock")).unwrap();
    lock.try_lock().unwrap();
    let ((), starting) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            drop(lock);
        },
        stopped.start()
    );
    starting.unwrap();
}

#[tokio::test]
async fn an_address_serves_one_server() {
    let server = TestServer::start().await.unwrap();
    let address = server.address();
    let second = TestServer::start_with(|config| config.listen = address).await;
    assert!(matches!(second, Err(StartError::Listen { .. })));
}

#[tokio::test]
async fn a_stopped_server_takes_no_connections_and_leaves_one_file() {
    let server = TestServer::start().await.unwrap();
    let address = server.address();
    Api::sign_up(&server, "alice").await;
    let stopped = server.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let mut files: Vec<_> = std::fs::read_dir(stopped.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    // No write-ahead log: it was emptied into the database.
    assert_eq!(files, ["lock", "magpie.db"]);
}

/// Also in a folder that was there before and that all may read.
#[cfg(unix)]
#[tokio::test]
async fn the_database_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: folder.path().to_owned(),
        argon2_memory_kib: 8,
        argon2_passes: 1,
        ..Config::default()
    };
    let server = Server::start(config).await.unwrap();
    let mut databases = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("magpie.db") {
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
            databases += 1;
        }
    }
    assert!(databases > 0);
    server.shutdown().await;
}
