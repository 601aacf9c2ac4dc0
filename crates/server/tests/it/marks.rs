//! Marks that come over the socket.

use magpie_protocol::{
    ErrorCode,
    conversations::Marks,
    frames::{ClientFrame, Mark},
    routes,
    sync::{Item, Scope},
};

use crate::world::{World, text};

#[tokio::test]
async fn marks_are_merged_and_written_at_most_once_a_second() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    for _ in 0..30 {
        alice.say(conversation, "hello").await;
    }
    let mut alice_hears = alice.connect().await;
    let mut socket = bob.connect().await;
    let mark = |read| {
        ClientFrame::Mark(Mark {
            conversation_id: conversation,
            delivered: None,
            read: Some(read),
        })
    };
    for read in 1..=30 {
        socket.put(&mark(read)).await;
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&30) {
        let (_, _, items) = alice_hears.changes(Scope::Conversation(conversation)).await;
        match &items[..] {
            [Item::Member(member)] => seen.push(member.read_seq),
            other => panic!("{other:?}"),
        }
    }
    assert!(seen.is_sorted() && seen.len() <= 3, "{seen:?}");

    let stranger = world.register("carol").await;
    let mut socket = stranger.connect().await;
    socket.put(&mark(1)).await;
    assert_eq!(socket.refusal().await.code, ErrorCode::ConversationNotFound);
}

#[tokio::test]
async fn marks_that_wait_are_written_when_the_socket_closes() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    alice.say(conversation, "hello").await;
    let mut alice_hears = alice.connect().await;
    let mut socket = bob.connect().await;
    for read in [1, 2] {
        let mark = Mark {
            conversation_id: conversation,
            delivered: None,
            read: Some(read),
        };
        socket.put(&ClientFrame::Mark(mark)).await;
    }
    socket.stream.close(None).await.unwrap();
    loop {
        let (_, _, items) = alice_hears.changes(Scope::Conversation(conversation)).await;
        if matches!(&items[..], [Item::Member(member)] if member.read_seq == 2) {
            break;
        }
    }
}

#[tokio::test]
async fn without_a_database_messages_and_marks_are_refused() {
    let world = World::start().await;
    let (alice, _, conversation) = world.friends("alice", "bob").await;
    let mut socket = alice.connect().await;
    let message = text(conversation, "hello");
    // The answer also tells that nothing of before is still being written.
    socket.send(&message).await.unwrap();
    world.server().app().db().close().await;
    let mark = Mark {
        conversation_id: conversation,
        delivered: None,
        read: Some(1),
    };
    let message = text(conversation, "again");
    socket
        .put_together(&[ClientFrame::Send(message.clone()), ClientFrame::Mark(mark)])
        .await;
    let refused = socket.answer(message.id).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Unavailable);
    assert_eq!(socket.refusal().await.code, ErrorCode::Unavailable);
}

#[tokio::test]
async fn marks_over_http_and_socket_are_the_same() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let sent = alice.say(conversation, "hello").await;
    let mut hears = alice.connect().await;
    let marks = Marks {
        delivered: Some(sent.seq),
        read: None,
    };
    bob.post::<()>(&routes::marks(conversation), &marks)
        .await
        .unwrap();
    let (_, _, items) = hears.changes(Scope::Conversation(conversation)).await;
    assert!(matches!(&items[..], [Item::Member(member)] if member.delivered_seq == 2));
    let mut socket = bob.connect().await;
    let mark = Mark {
        conversation_id: conversation,
        delivered: None,
        read: Some(sent.seq),
    };
    socket.put(&ClientFrame::Mark(mark)).await;
    let (_, _, items) = hears.changes(Scope::Conversation(conversation)).await;
    assert!(matches!(&items[..], [Item::Member(member)] if member.read_seq == 2));
}
