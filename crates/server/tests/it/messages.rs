//! Sending, history, status.

use magpie_protocol::{
    ConversationId, ErrorCode, MessageId,
    conversations::Marks,
    frames::ClientFrame,
    messages::{History, MessageState, MessageStatus, SendMessage},
    routes,
};
use serde_json::json;

use crate::world::{Person, World, befriend, message_id, text};

async fn status(person: &Person, id: MessageId) -> MessageState {
    let status: MessageStatus = person.get(&routes::message_status(id)).await.unwrap();
    status.state
}

async fn mark(person: &Person, conversation: ConversationId, marks: Marks) {
    person
        .post::<()>(&routes::marks(conversation), &marks)
        .await
        .unwrap();
}

fn seqs(history: &History) -> Vec<u64> {
    history.messages.iter().map(|message| message.seq).collect()
}

#[tokio::test]
async fn the_same_message_is_stored_once_however_often_it_is_sent() {
    let mut world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let message = text(conversation, "喜鹊 🐦");
    let first = alice.send(&message).await.unwrap();
    assert_eq!(first.seq, 2);
    assert_eq!(alice.send(&message).await.unwrap(), first);

    let other = SendMessage::text(message.id, conversation, "something else");
    for (person, message) in [(&alice, &other), (&bob, &message)] {
        let refusal = person.send(message).await.unwrap_err();
        assert_eq!(refusal.code, ErrorCode::MessageIdTaken);
    }
    // For ever: after a restart, and when nothing new could be sent any more.
    world.restart().await;
    alice.delete(&routes::friend(bob.id)).await.unwrap();
    assert_eq!(alice.send(&message).await.unwrap(), first);

    let history: History = bob.get(&routes::history(conversation)).await.unwrap();
    assert_eq!(seqs(&history), [1, 2]);
    let stored = &history.messages[1];
    assert_eq!((stored.id, stored.sender_id), (message.id, Some(alice.id)));
    assert_eq!(stored.content, message.content);
    assert_eq!(stored.created_at, first.created_at);
}

#[tokio::test]
async fn only_members_send_and_only_what_clients_may() {
    let world = World::start().await;
    let (alice, _, conversation) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    let refusal = carol.send(&text(conversation, "hello")).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::ConversationNotFound);
    let nobody = world.nobody();
    let refusal = nobody.send(&text(conversation, "hello")).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::Unauthenticated);

    let longest = text(conversation, &"鹊".repeat(8_000));
    assert_eq!(alice.send(&longest).await.unwrap().seq, 2);
    for bad in [
        text(conversation, ""),
        text(conversation, " \n"),
        text(conversation, "a\0b"),
        text(conversation, &"鹊".repeat(8_001)),
    ] {
        let refusal = alice.send(&bad).await.unwrap_err();
        assert_eq!(refusal.code, ErrorCode::InvalidContent);
    }
    let send = async |body: serde_json::Value| {
        let answer = alice.post::<serde_json::Value>(routes::MESSAGES, &body);
        answer.await.unwrap_err().code
    };
    let id = message_id();
    for (kind, content) in [
        ("system", json!({"event": "befriended"})),
        ("hologram", json!({})),
        ("text", json!({"text": 7})),
        ("text", json!({"text": "x", "more": 1})),
        ("text", json!("x")),
    ] {
        let body = json!({"id": id, "conversation_id": conversation, "kind": kind,
            "content": content});
        assert_eq!(send(body).await, ErrorCode::InvalidContent);
    }
    for body in [
        json!({"id": "9f2c4c1e-6f0e-4c8e-9d3a-2f1b7c5d8e90", "conversation_id": conversation,
            "kind": "text", "content": {"text": "x"}}),
        json!({"id": id, "conversation_id": 0, "kind": "text", "content": {"text": "x"}}),
        json!({"id": id, "kind": "text", "content": {"text": "x"}}),
        json!([]),
    ] {
        assert_eq!(send(body).await, ErrorCode::InvalidRequest);
    }
}

#[tokio::test]
async fn history_is_read_before_and_after_a_place() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    for number in 2..=10 {
        alice.say(conversation, &format!("message {number}")).await;
    }
    let path = routes::history(conversation);
    let read = async |query: &str| {
        let history: History = bob.get(&format!("{path}?{query}")).await.unwrap();
        assert_eq!(history.last_seq, 10);
        seqs(&history)
    };
    assert_eq!(read("").await, (1..=10).collect::<Vec<_>>());
    assert_eq!(read("limit=3").await, [8, 9, 10]);
    assert_eq!(read("before=8&limit=3").await, [5, 6, 7]);
    assert_eq!(read("before=3").await, [1, 2]);
    assert_eq!(read("before=0").await, Vec::<u64>::new());
    assert_eq!(read("after=0&limit=2").await, [1, 2]);
    assert_eq!(read("after=8").await, [9, 10]);
    assert_eq!(read("after=10").await, Vec::<u64>::new());
    assert_eq!(read("after=9007199254740991").await, Vec::<u64>::new());
    for bad in [
        "before=3&after=3",
        "before=-1",
        "after=9007199254740992",
        "after=99999999999999999999",
        "limit=0",
        "limit=501",
        "limit=ten",
        "since=3",
    ] {
        let code = bob.refused(&format!("{path}?{bad}")).await;
        assert_eq!(code, ErrorCode::InvalidRequest, "{bad}");
    }
    let carol = world.register("carol").await;
    assert_eq!(carol.refused(&path).await, ErrorCode::ConversationNotFound);
    assert_eq!(
        world.nobody().refused(&path).await,
        ErrorCode::Unauthenticated
    );
}

#[tokio::test]
async fn a_message_is_sent_then_delivered_then_read() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let sent = alice.say(conversation, "hello").await;
    assert_eq!(status(&alice, sent.id).await, MessageState::Sent);
    // What the sender has read does not count.
    let all = Marks {
        delivered: None,
        read: Some(sent.seq),
    };
    mark(&alice, conversation, all.clone()).await;
    assert_eq!(status(&alice, sent.id).await, MessageState::Sent);
    let delivered = Marks {
        delivered: Some(sent.seq),
        read: None,
    };
    mark(&bob, conversation, delivered).await;
    assert_eq!(status(&alice, sent.id).await, MessageState::Delivered);
    mark(&bob, conversation, all).await;
    assert_eq!(status(&bob, sent.id).await, MessageState::Read);

    let carol = world.register("carol").await;
    let path = routes::message_status(sent.id);
    assert_eq!(carol.refused(&path).await, ErrorCode::MessageNotFound);
    assert_eq!(
        alice.refused(&routes::message_status(message_id())).await,
        ErrorCode::MessageNotFound
    );
    assert_eq!(
        alice.refused("/api/v1/messages/7/status").await,
        ErrorCode::InvalidRequest
    );
}

#[tokio::test]
async fn many_senders_at_once_fill_the_places_without_a_gap() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let mut sends = tokio::task::JoinSet::new();
    for number in 0..200 {
        let person = if number % 2 == 0 { &alice } else { &bob }.clone();
        sends.spawn(async move { person.say(conversation, &number.to_string()).await.seq });
    }
    let mut seqs = sends.join_all().await;
    seqs.sort_unstable();
    assert_eq!(seqs, (2..=201).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_many_send_at_once_stands_in_each_ones_order_and_no_refusal_hurts_others() {
    const EACH: usize = 60;
    let world = World::start().await;
    let (alice, bob, pair) = world.friends("alice", "bob").await;
    let (carol, dave) = (world.register("carol").await, world.register("dave").await);
    let other_pair = befriend(&carol, &dave).await;
    let taken = text(pair, "taken");
    alice.send(&taken).await.unwrap();

    // Carol is not in the first conversation, and mixes an id of Alice's in.
    let of_carol = |nth: usize| match nth % 4 {
        0 => text(pair, "not hers"),
        1 => SendMessage::text(taken.id, other_pair, "not hers"),
        _ => text(other_pair, "hers"),
    };
    let mut sendings = Vec::new();
    for (person, nths) in [(&alice, 0), (&bob, 1), (&carol, 2), (&dave, 3)] {
        let mut socket = person.connect().await;
        let messages: Vec<SendMessage> = (0..EACH)
            .map(|nth| match nths {
                2 => of_carol(nth),
                3 => text(other_pair, "his"),
                _ => text(pair, "theirs"),
            })
            .collect();
        sendings.push(tokio::spawn(async move {
            let frames: Vec<ClientFrame> =
                messages.iter().cloned().map(ClientFrame::Send).collect();
            socket.put_together(&frames).await;
            let mut answers = Vec::new();
            for message in &messages {
                answers.push((message.clone(), socket.answer(message.id).await));
            }
            answers
        }));
    }
    let mut stored = [Vec::new(), Vec::new()];
    for (nth, sending) in sendings.into_iter().enumerate() {
        let mut last = 0;
        for (message, answer) in sending.await.unwrap() {
            match answer {
                Ok(sent) => {
                    assert!(sent.seq > last, "{sent:?} after {last}");
                    last = sent.seq;
                    stored[usize::from(message.conversation_id == other_pair)].push(sent.seq);
                }
                Err(refusal) => {
                    assert_eq!(nth, 2, "{refusal:?}");
                    let expected = if message.id == taken.id {
                        ErrorCode::MessageIdTaken
                    } else {
                        ErrorCode::ConversationNotFound
                    };
                    assert_eq!(refusal.code, expected);
                }
            }
        }
    }
    let [of_pair, of_other] = stored;
    for (mut seqs, first, count) in [(of_pair, 3, 2 * EACH), (of_other, 2, EACH * 3 / 2)] {
        seqs.sort_unstable();
        let dense: Vec<u64> = (first..).take(count).collect();
        assert_eq!(seqs, dense);
    }
}
