//! The socket, over real connections.

use std::time::Duration;

use magpie_protocol::{
    ErrorCode, Timestamp,
    accounts::Device,
    frames::{ByeReason, ClientFrame, SUBPROTOCOL, ServerFrame},
    messages::SendMessage,
    routes,
    sync::{Change, Item, Scope},
};
use magpie_server::db::{DbError, params};
use reqwest::StatusCode;
use tokio_tungstenite::tungstenite::{Bytes, Message as Frame, Utf8Bytes};

use crate::world::{World, text};

#[tokio::test]
async fn a_message_is_acknowledged_and_reaches_all_devices_of_both() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let phone = world.another_device("alice").await;
    let mut sockets = [
        alice.connect().await,
        phone.connect().await,
        bob.connect().await,
    ];
    let message = text(conversation, "喜鹊");
    let sent = sockets[0].send(&message).await.unwrap();
    assert_eq!((sent.id, sent.seq), (message.id, 2));
    for socket in &mut sockets {
        let (prev, rev, items) = socket.changes(Scope::Conversation(conversation)).await;
        assert_eq!((prev, rev), (4, 5));
        assert!(
            matches!(&items[..], [Item::Message(stored)] if stored.id == message.id
                && stored.content == message.content && stored.sender_id == Some(alice.id))
        );
    }
    // Again over the socket, and over HTTP: the same answer, and nothing is pushed.
    assert_eq!(sockets[0].send(&message).await.unwrap(), sent);
    assert_eq!(sockets[1].send(&message).await.unwrap(), sent);
    assert_eq!(alice.send(&message).await.unwrap(), sent);
    let next = bob.say(conversation, "next").await;
    let (prev, _, items) = sockets[2].changes(Scope::Conversation(conversation)).await;
    assert_eq!(prev, 5);
    assert!(matches!(&items[..], [Item::Message(message)] if message.id == next.id));
}

#[tokio::test]
async fn a_refused_message_does_not_spoil_those_around_it() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    let elsewhere = crate::world::befriend(&bob, &carol).await;
    let mut socket = alice.connect().await;
    let good: Vec<SendMessage> = (0..40)
        .map(|number| text(conversation, &number.to_string()))
        .collect();
    let stranger = text(elsewhere, "let me in");
    let empty = text(conversation, "");
    let taken = SendMessage::text(good[0].id, conversation, "another");
    for message in &good[..20] {
        socket.put(&ClientFrame::Send(message.clone())).await;
    }
    for message in [&stranger, &empty] {
        socket.put(&ClientFrame::Send(message.clone())).await;
    }
    socket.put_text("{").await;
    for message in &good[20..] {
        socket.put(&ClientFrame::Send(message.clone())).await;
    }
    for (message, seq) in good.iter().zip(2..) {
        assert_eq!(socket.answer(message.id).await.unwrap().seq, seq);
    }
    let code = async |socket: &mut crate::world::Socket, message: &SendMessage| {
        socket.answer(message.id).await.unwrap_err().code
    };
    assert_eq!(
        code(&mut socket, &stranger).await,
        ErrorCode::ConversationNotFound
    );
    assert_eq!(code(&mut socket, &empty).await, ErrorCode::InvalidContent);
    assert_eq!(socket.refusal().await.code, ErrorCode::InvalidRequest);
    let refusal = socket.send(&taken).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::MessageIdTaken);
}

#[tokio::test]
async fn the_same_id_twice_in_a_burst_is_stored_once() {
    let world = World::start().await;
    let (alice, _, conversation) = world.friends("alice", "bob").await;
    let mut socket = alice.connect().await;
    let message = text(conversation, "once");
    let other = SendMessage::text(message.id, conversation, "twice");
    for message in [&message, &message, &other] {
        socket.put(&ClientFrame::Send(message.clone())).await;
    }
    let sent = socket.answer(message.id).await.unwrap();
    assert_eq!(socket.answer(message.id).await.unwrap(), sent);
    let refusal = socket.answer(message.id).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::MessageIdTaken);
    assert_eq!(alice.say(conversation, "next").await.seq, sent.seq + 1);
}

#[tokio::test]
async fn a_device_was_last_seen_when_it_was_last_connected() {
    const HOUR: i64 = 3_600_000;
    let world = World::start().await;
    let alice = world.register("alice").await;
    let phone = world.another_device("alice").await;
    let listed = async || {
        let devices: Vec<Device> = alice.get(routes::DEVICES).await.unwrap();
        let device = devices.iter().find(|device| device.id == phone.device);
        device.unwrap().last_seen_at
    };
    let signed_in = listed().await;
    let stored_after = async |millis: i64| {
        let stored = async || loop {
            let seen = world
                .server()
                .app()
                .db()
                .read::<Timestamp, DbError, _>(move |tx| {
                    tx.one(
                        "SELECT last_seen_at FROM devices WHERE id = $1",
                        params![phone.device],
                        |row| row.get(0),
                    )
                })
                .await
                .unwrap();
            if seen.millis_since(signed_in) >= millis {
                break;
            }
            tokio::task::yield_now().await;
        };
        let stored = tokio::time::timeout(Duration::from_secs(20), stored());
        stored.await.expect("not noted");
    };
    world.advance(HOUR);
    assert_eq!(listed().await, signed_in);
    let socket = phone.connect().await;
    stored_after(HOUR).await;
    world.advance(HOUR);
    // As long as it is connected, it is seen.
    assert!(listed().await.millis_since(signed_in) >= 2 * HOUR);
    drop(socket);
    stored_after(2 * HOUR).await;
}

#[tokio::test]
async fn the_upgrade_wants_a_token_and_the_subprotocol() {
    let world = World::start().await;
    let alice = world.register("alice").await;
    let nobody = world.nobody();
    let refused = nobody.try_connect(nobody.stream().await, SUBPROTOCOL).await;
    assert_eq!(refused.err(), Some(StatusCode::UNAUTHORIZED));
    let refused = alice.try_connect(alice.stream().await, "magpie.v9").await;
    assert_eq!(refused.err(), Some(StatusCode::BAD_REQUEST));
    assert_eq!(
        alice.refused(routes::SOCKET).await,
        ErrorCode::InvalidRequest
    );
}

#[tokio::test]
async fn a_second_socket_of_a_device_replaces_the_first() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let mut first = alice.connect().await;
    let mut second = alice.connect().await;
    assert_eq!(first.bye().await, ByeReason::Replaced);
    bob.say(conversation, "hello").await;
    second.changes(Scope::Conversation(conversation)).await;
}

#[tokio::test]
async fn an_ended_device_is_told_and_closed() {
    let world = World::start().await;
    let alice = world.register("alice").await;
    let phone = world.another_device("alice").await;
    let mut socket = phone.connect().await;
    let mut stays = alice.connect().await;
    alice.delete(&routes::device(phone.device)).await.unwrap();
    assert_eq!(socket.bye().await, ByeReason::SessionEnded);
    let refused = phone.try_connect(phone.stream().await, SUBPROTOCOL).await;
    assert_eq!(refused.err(), Some(StatusCode::UNAUTHORIZED));
    let (_, _, items) = stays.changes(Scope::User(alice.id)).await;
    assert!(
        matches!(&items[..], [Item::Device { device, deleted: true }]
        if device.id == phone.device)
    );
}

#[tokio::test]
async fn a_stop_says_goodbye_and_loses_nothing_that_was_acknowledged() {
    let mut world = World::start().await;
    let (alice, _, conversation) = world.friends("alice", "bob").await;
    let mut socket = alice.connect().await;
    let messages: Vec<SendMessage> = (0..50)
        .map(|number| text(conversation, &number.to_string()))
        .collect();
    for message in &messages {
        socket.put(&ClientFrame::Send(message.clone())).await;
    }
    world.stop().await;
    let mut acknowledged = Vec::new();
    let reason = loop {
        match socket.next().await {
            ServerFrame::Ack(sent) => acknowledged.push(sent),
            ServerFrame::Bye { reason } => break reason,
            _ => {}
        }
    };
    assert_eq!(reason, ByeReason::ShuttingDown);
    let mut world = world;
    world.start_again().await;
    for sent in acknowledged {
        let message = messages.iter().find(|message| message.id == sent.id);
        assert_eq!(alice.send(message.unwrap()).await.unwrap(), sent);
    }
}

#[tokio::test]
async fn frames_of_ten_megabytes_close_the_socket_with_a_reason() {
    let world = World::start().await;
    let alice = world.register("alice").await;
    let mut socket = alice.connect().await;
    let huge = "x".repeat(10 * 1024 * 1024);
    socket.put_frame(Frame::text(huge)).await.unwrap();
    assert_eq!(socket.bye().await, ByeReason::FrameTooLarge);
}

#[tokio::test]
async fn what_is_not_text_closes_the_socket_with_a_reason() {
    let world = World::start().await;
    let alice = world.register("alice").await;
    let mut socket = alice.connect().await;
    let binary = Frame::Binary(Bytes::from_static(b"\x00\x01"));
    socket.put_frame(binary).await.unwrap();
    assert_eq!(socket.bye().await, ByeReason::NotText);

    // Broken UTF-8 in a text frame.
    let mut socket = alice.connect().await;
    let broken = unchecked(b"{\"type\":\"\xff\"}");
    socket.put_frame(Frame::Text(broken)).await.unwrap();
    assert_eq!(socket.bye().await, ByeReason::NotText);
}

/// Makes a text frame's content without looking at it.
#[expect(unsafe_code, reason = "no safe call makes a text of broken UTF-8")]
fn unchecked(bytes: &'static [u8]) -> Utf8Bytes {
    // SAFETY: it goes over the line byte for byte, and nothing here reads it as text.
    unsafe { Utf8Bytes::from_bytes_unchecked(Bytes::from_static(bytes)) }
}

#[tokio::test]
async fn odd_frames_are_refused_and_the_socket_stays() {
    let world = World::start().await;
    let (alice, _, conversation) = world.friends("alice", "bob").await;
    let mut socket = alice.connect().await;
    let deep = "[".repeat(50_000);
    let odd = [
        "",
        "null",
        "[]",
        "{}",
        r#"{"type":"sing"}"#,
        r#"{"type":"mark","conversation_id":-1}"#,
        r#"{"type":"mark","conversation_id":1,"read":99999999999999999999}"#,
        r#"{"type":"mark","conversation_id":1,"seen":1}"#,
        &deep,
    ];
    for text in odd {
        socket.put_text(text).await;
        assert_eq!(
            socket.refusal().await.code,
            ErrorCode::InvalidRequest,
            "{text:.40}"
        );
    }
    socket
        .send(&text(conversation, "still here"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_flood_is_refused_then_closed_and_others_notice_nothing() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    let mut flooding = carol.connect().await;
    let flood = tokio::spawn(async move {
        let mark = r#"{"type":"mark","conversation_id":1,"read":1}"#;
        for _ in 0..10_000 {
            if flooding.put_frame(Frame::text(mark)).await.is_err() {
                break;
            }
        }
        flooding
    });
    let (mut one, mut other) = (alice.connect().await, bob.connect().await);
    for number in 0..20 {
        let message = text(conversation, &number.to_string());
        one.send(&message).await.unwrap();
        other.changes(Scope::Conversation(conversation)).await;
    }
    let mut flooding = flood.await.unwrap();
    let limited = flooding
        .until(|frame| match frame {
            ServerFrame::Nack { error, .. } if error.code == ErrorCode::RateLimited => {
                Some(error.retry_after_ms)
            }
            _ => None,
        })
        .await;
    assert!(limited.is_some());
    assert_eq!(flooding.bye().await, ByeReason::TooManyFrames);
}

#[tokio::test]
async fn who_reads_slowly_is_told_to_resync_and_then_hears_again() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let mut slow = bob.connect_narrow().await;
    let mut socket = alice.connect().await;
    // More than the line, the two ends' buffers and the queue hold together.
    let words = "x".repeat(8_000);
    let (mut sent, mut last) = (0, 0);
    while sent < 1_500 {
        let messages: Vec<SendMessage> = (0..50).map(|_| text(conversation, &words)).collect();
        for message in &messages {
            socket.put(&ClientFrame::Send(message.clone())).await;
        }
        for message in &messages {
            last = socket.answer(message.id).await.unwrap().seq;
            sent += 1;
        }
    }
    assert_eq!(last, 1_501);
    let everything = slow
        .until(|frame| match frame {
            ServerFrame::Resync { scope } => Some(scope.is_none()),
            _ => None,
        })
        .await;
    assert!(everything);
    let next = text(conversation, "do you hear me?");
    socket.send(&next).await.unwrap();
    slow.until(|frame| match frame {
        ServerFrame::Changes { changes, .. } => changes
            .iter()
            .any(|change| matches!(&change.item, Item::Message(m) if m.id == next.id))
            .then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn who_reads_slowly_is_not_cut_off_for_it() {
    let world = World::start_with(|config| config.slow_reader_seconds = 1).await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let mut slow = bob.connect_buffering(64 * 1024).await;
    let mut socket = alice.connect().await;
    let last = text(conversation, "the last");
    let words = "x".repeat(8_000);
    // Stays below what may wait, so that all of it is one delivery or few.
    for _ in 0..120 {
        socket.send(&text(conversation, &words)).await.unwrap();
    }
    socket.send(&last).await.unwrap();
    let mut heard = 0;
    loop {
        // Slower by far than the whole may take, faster by far than each frame may.
        tokio::time::sleep(Duration::from_millis(30)).await;
        if let ServerFrame::Changes { changes, .. } = slow.next().await {
            heard += changes.len();
            let is_last =
                |change: &Change| matches!(&change.item, Item::Message(m) if m.id == last.id);
            if changes.iter().any(is_last) {
                break;
            }
        }
    }
    assert!(heard > 120, "{heard}");
}

#[tokio::test]
async fn who_never_reads_is_closed_and_others_notice_nothing() {
    let world = World::start_with(|config| config.slow_reader_seconds = 1).await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let deaf = bob.connect_narrow().await;
    let mut socket = alice.connect().await;
    let words = "x".repeat(8_000);
    let bus = world.server().app().bus().clone();
    assert_eq!(bus.connections(), 2);
    // Paced by the answers, so that this is no flood.
    let stuck = async {
        loop {
            let message = text(conversation, &words);
            match socket.send(&message).await {
                Ok(_) => {}
                Err(refusal) => {
                    let wait = Duration::from_millis(refusal.retry_after_ms.unwrap());
                    tokio::time::sleep(wait).await;
                }
            }
            if bus.connections() == 1 {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), stuck)
        .await
        .expect("the server kept a socket that takes nothing");
    drop(deaf);
}

#[tokio::test]
async fn a_socket_that_fell_silent_is_closed() {
    let world = World::start_with(|config| config.heartbeat_seconds = 1).await;
    let (alice, bob) = (world.register("alice").await, world.register("bob").await);
    let mut silent = alice.connect().await;
    let mut lively = bob.connect().await;
    let bus = world.server().app().bus().clone();
    // Reading answers the pings.
    let reads = tokio::spawn(async move { lively.next().await });
    let closed = async {
        while bus.connections() > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), closed)
        .await
        .expect("a silent socket was kept");
    assert!(!reads.is_finished());
    assert_eq!(silent.bye().await, ByeReason::Silent);
    reads.abort();
}
