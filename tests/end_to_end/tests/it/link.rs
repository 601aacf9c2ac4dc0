//! The link itself: it must hit the points that it promises, or the other tests prove nothing.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use magpie_tests_end_to_end::{Fault, Link, PATIENCE};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_async, connect_async, tungstenite::Message,
};

/// A WebSocket server that tells what it hears and answers each frame with an `ack` and a `changes`.
async fn socket_server() -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, hears) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let told = told.clone();
            tokio::spawn(async move {
                let mut socket = accept_async(stream).await.unwrap();
                while let Some(Ok(Message::Text(text))) = socket.next().await {
                    told.send(text.to_string()).unwrap();
                    for answer in [ACK, r#"{"type":"changes","rev":123456}"#] {
                        // The other side may be gone: that is what is tested.
                        let _ = socket.send(Message::text(answer)).await;
                    }
                }
            });
        }
    });
    (address, hears)
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(link: &Link) -> Socket {
    let url = link.url().replace("http:", "ws:");
    connect_async(url).await.unwrap().0
}

async fn text(socket: &mut Socket) -> Option<String> {
    let next = timeout(PATIENCE, socket.next()).await.unwrap();
    match next {
        Some(Ok(Message::Text(text))) => Some(text.to_string()),
        _ => None,
    }
}

const SEND: &str = r#"{"type":"send","text":"x"}"#;
const ACK: &str = r#"{"type":"ack","id":"018bcfe5-6800-7101-8101-010101010101","conversation_id":12,"seq":3,"created_at":5}"#;

#[tokio::test]
async fn a_send_can_be_stopped_before_it_leaves() {
    let (server, mut hears) = socket_server().await;
    let link = Link::to(server).await;
    let mut socket = connect(&link).await;
    link.break_at(Fault::BeforeSend(2));
    for frame in [SEND, r#"{"type":"mark"}"#, SEND] {
        socket.send(Message::text(frame)).await.unwrap();
    }
    link.until_struck(1).await;
    while text(&mut socket).await.is_some() {}
    assert_eq!(hears.recv().await.unwrap(), SEND);
    assert_eq!(link.sends(), 1);

    // The second one did not come through, and the link works again.
    let mut socket = connect(&link).await;
    socket.send(Message::text("again")).await.unwrap();
    let mut heard = hears.recv().await.unwrap();
    if heard.contains("mark") {
        heard = hears.recv().await.unwrap();
    }
    assert_eq!(heard, "again");
}

#[tokio::test]
async fn an_ack_can_be_lost_after_the_server_gave_it() {
    let (server, mut hears) = socket_server().await;
    let link = Link::to(server).await;
    let mut socket = connect(&link).await;
    link.break_at(Fault::BeforeAck(1));
    socket.send(Message::text(SEND)).await.unwrap();
    assert_eq!(hears.recv().await.unwrap(), SEND, "the server has it");
    assert_eq!(text(&mut socket).await, None, "its sender hears nothing");
    assert_eq!((link.struck(), link.acks()), (1, 0));
}

#[tokio::test]
async fn a_push_can_be_cut_in_two() {
    let (server, _hears) = socket_server().await;
    let link = Link::to(server).await;
    let mut socket = connect(&link).await;
    link.break_at(Fault::InChanges(1));
    socket.send(Message::text(SEND)).await.unwrap();
    assert_eq!(text(&mut socket).await.as_deref(), Some(ACK));
    assert_eq!(text(&mut socket).await, None);
    assert_eq!(link.acks(), 1);
}

/// A server that answers every request with a thousand bytes.
async fn page_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{}",
                        "x".repeat(1000)
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    address
}

async fn get(link: &Link, path: &str) -> Vec<u8> {
    let address = link.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 41 + 1000];
    let mut read = 0;
    while read < answer.len() {
        match stream.read(&mut answer[read..]).await {
            Ok(0) | Err(_) => break,
            Ok(more) => read += more,
        }
    }
    answer.truncate(read);
    answer
}

#[tokio::test]
async fn a_page_can_be_cut_after_so_many_bytes() {
    let link = Link::to(page_server().await).await;
    link.break_at(Fault::InAnswer("/page", 100));
    assert_eq!(get(&link, "/other").await.len(), 1041);
    assert!(get(&link, "/page?after=1").await.len() <= 100);
    assert_eq!(link.struck(), 1);
    assert_eq!(get(&link, "/page?after=1").await.len(), 1041);
    assert_eq!(link.requests_for("/page"), 2);
    assert_eq!(link.requests()[1].target, "/page?after=1");
}

#[tokio::test]
async fn requests_can_be_held_and_released() {
    let link = Link::to(page_server().await).await;
    link.hold(|request| request.path() == "/slow");
    let slow = tokio::spawn({
        let link = link.clone();
        async move { get(&link, "/slow").await }
    });
    link.until_held(1).await;
    assert_eq!(get(&link, "/fast").await.len(), 1041);
    assert!(!slow.is_finished());
    link.release();
    assert_eq!(slow.await.unwrap().len(), 1041);
}

#[tokio::test]
async fn a_link_can_refuse_swallow_and_delay() {
    let link = Link::to(page_server().await).await;
    link.refuse();
    assert_eq!(get(&link, "/").await.len(), 0);
    link.open();
    assert_eq!(get(&link, "/").await.len(), 1041);
    link.swallow();
    let swallowed = timeout(Duration::from_millis(200), get(&link, "/")).await;
    assert!(swallowed.is_err(), "no answer, and no end");
    link.open();
    link.delay(Duration::from_millis(50));
    let started = tokio::time::Instant::now();
    assert_eq!(get(&link, "/").await.len(), 1041);
    assert!(started.elapsed() >= Duration::from_millis(100), "both ways");
}
