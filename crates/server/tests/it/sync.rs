//! Differences, heads, marks.

use magpie_protocol::{
    ErrorCode,
    conversations::Marks,
    routes,
    sync::{Change, Difference, Head, Item, Scope, Sync},
};

use crate::world::{Person, World, befriend, on_postgres};

fn read(seq: u64) -> Marks {
    Marks {
        delivered: None,
        read: Some(seq),
    }
}

async fn sync(person: &Person, user_rev: u64, since: u64) -> Sync {
    let path = format!("{}?user_rev={user_rev}&since={since}", routes::SYNC);
    person.get(&path).await.unwrap()
}

/// As [`sync`], but where transactions of other tests hold it back, asks until the answer would not be
/// repeated: PostgreSQL counts those of all its databases.
async fn settled(person: &Person, user_rev: u64, since: u64) -> Sync {
    loop {
        let answer = sync(person, user_rev, since).await;
        let again = sync(person, answer.user.rev, answer.next_since).await;
        if again.heads.is_empty() || !on_postgres() {
            return answer;
        }
    }
}

fn revs(changes: &[Change]) -> Vec<u64> {
    changes.iter().map(|change| change.rev).collect()
}

#[tokio::test]
async fn a_new_device_learns_everything_in_one_answer() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    let second = befriend(&carol, &alice).await;
    for number in 0..3 {
        bob.say(conversation, &number.to_string()).await;
    }
    alice.say(conversation, "mine").await;

    let device = world.another_device("alice").await;
    let answer = sync(&device, 0, 0).await;
    assert!(!answer.user.more);
    let kinds = |wanted: fn(&Item) -> bool| {
        let items = answer.user.changes.iter().map(|change| &change.item);
        items.filter(|item| wanted(item)).count()
    };
    assert_eq!(kinds(|item| matches!(item, Item::Account(_))), 1);
    assert_eq!(kinds(|item| matches!(item, Item::Friend(_))), 2);
    assert_eq!(kinds(|item| matches!(item, Item::FriendRequest(_))), 2);
    assert_eq!(kinds(|item| matches!(item, Item::Membership(_))), 2);
    assert_eq!(kinds(|item| matches!(item, Item::Device { .. })), 2);
    assert!(revs(&answer.user.changes).is_sorted());

    let heads: Vec<_> = answer
        .heads
        .iter()
        .map(|head| head.conversation.id)
        .collect();
    assert_eq!(heads, [conversation, second], "newest first");
    let head = &answer.heads[0];
    // Three of bob's; neither the system message nor her own.
    assert_eq!((head.unread, head.last_seq), (3, 5));
    assert_eq!(head.last_message.as_ref().unwrap().seq, 5);
    assert_eq!(head.membership.read_seq, 0);
    let mut members: Vec<_> = head.members.iter().map(|member| member.user.id).collect();
    members.sort_unstable();
    assert_eq!(members, [alice.id, bob.id]);
    let shown: Head = alice
        .get(&routes::conversation(conversation))
        .await
        .unwrap();
    assert_eq!(&shown, head);
    assert_eq!(
        carol.refused(&routes::conversation(conversation)).await,
        ErrorCode::ConversationNotFound
    );
}

#[tokio::test]
async fn a_server_says_which_past_it_has() {
    let mut world = World::start().await;
    let alice = world.register("alice").await;
    let history = sync(&alice, 0, 0).await.history;
    assert!((1..=magpie_protocol::MAX_NUMBER).contains(&history));
    world.restart().await;
    assert_eq!(sync(&alice, 0, 0).await.history, history);
    let other = World::start().await;
    let bob = other.register("bob").await;
    assert_ne!(sync(&bob, 0, 0).await.history, history);
}

#[tokio::test]
async fn a_device_that_comes_back_hears_of_what_moved_and_of_nothing_else() {
    let mut world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    let second = befriend(&carol, &alice).await;
    let before = settled(&alice, 0, 0).await;
    assert_eq!(before.heads.len(), 2);
    let quiet = sync(&alice, before.user.rev, before.next_since).await;
    assert!(quiet.heads.is_empty() && quiet.user.changes.is_empty());
    assert_eq!(quiet.user.rev, before.user.rev);

    carol.say(second, "hello").await;
    world.restart().await;
    let after = settled(&alice, before.user.rev, before.next_since).await;
    assert_eq!(after.heads.len(), 1);
    assert_eq!(after.heads[0].conversation.id, second);
    assert!(after.next_since > before.next_since);
    // A mark moves a conversation as well.
    bob.post::<()>(&routes::marks(conversation), &read(1))
        .await
        .unwrap();
    let moved = sync(&alice, after.user.rev, after.next_since).await;
    assert_eq!(moved.heads.len(), 1);
    assert_eq!(moved.heads[0].conversation.id, conversation);
}

#[tokio::test]
async fn a_difference_comes_in_pages_and_below_a_place() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    for number in 0..20 {
        alice.say(conversation, &number.to_string()).await;
    }
    bob.post::<()>(&routes::marks(conversation), &read(9))
        .await
        .unwrap();
    let path = routes::conversation_changes(conversation);
    let whole: Difference = bob.get(&path).await.unwrap();
    assert!(!whole.more && revs(&whole.changes).is_sorted());
    assert_eq!(whole.rev, whole.changes.last().unwrap().rev);
    assert_eq!(bob.changes(conversation, 0).await, whole.changes);
    assert_eq!(alice.changes(conversation, 0).await, whole.changes);
    // The rows: the conversation, two members, the system message, twenty messages.
    assert_eq!(whole.changes.len(), 24);

    let page: Difference = bob.get(&format!("{path}?limit=5")).await.unwrap();
    assert!(page.more);
    assert_eq!(page.rev, page.changes[4].rev);
    let exact: Difference = bob.get(&format!("{path}?limit=24")).await.unwrap();
    assert!(!exact.more);
    let rest = format!("{path}?since={}", whole.rev - 1);
    let rest: Difference = bob.get(&rest).await.unwrap();
    assert!(
        matches!(&rest.changes[..], [Change { item: Item::Member(member), .. }]
            if member.user.id == bob.id && member.read_seq == 9 && member.delivered_seq == 9)
    );
    let below: Difference = bob.get(&format!("{path}?below_seq=4")).await.unwrap();
    let seqs: Vec<u64> = below
        .changes
        .iter()
        .filter_map(|change| match &change.item {
            Item::Message(message) => Some(message.seq),
            _ => None,
        })
        .collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert_eq!(below.changes.len(), 6);
    assert_eq!(below.rev, whole.rev);
}

#[tokio::test]
async fn cursors_out_of_range_are_refused() {
    let world = World::start().await;
    let (alice, _, conversation) = world.friends("alice", "bob").await;
    let carol = world.register("carol").await;
    let conversation = routes::conversation_changes(conversation);
    for path in [conversation.as_str(), routes::ACCOUNT_CHANGES] {
        let ahead = alice.refused(&format!("{path}?since=1000")).await;
        assert_eq!(ahead, ErrorCode::CursorAhead);
        for bad in [
            "since=-1",
            "since=9007199254740992",
            "since=99999999999999999999",
            "limit=0",
            "limit=501",
            "limit=-5",
            "before=1",
        ] {
            let code = alice.refused(&format!("{path}?{bad}")).await;
            assert_eq!(code, ErrorCode::InvalidRequest, "{path}?{bad}");
        }
        let code = world.nobody().refused(path).await;
        assert_eq!(code, ErrorCode::Unauthenticated);
    }
    assert_eq!(
        carol.refused(&conversation).await,
        ErrorCode::ConversationNotFound
    );
    for (query, code) in [
        ("user_rev=1000", ErrorCode::CursorAhead),
        ("since=100000", ErrorCode::CursorAhead),
        ("user_rev=-1", ErrorCode::InvalidRequest),
        ("since=-1", ErrorCode::InvalidRequest),
        ("since=9007199254740992", ErrorCode::InvalidRequest),
        ("limit=501", ErrorCode::InvalidRequest),
        ("more=1", ErrorCode::InvalidRequest),
    ] {
        let path = format!("{}?{query}", routes::SYNC);
        assert_eq!(alice.refused(&path).await, code, "{query}");
    }
    assert_eq!(
        world.nobody().refused(routes::SYNC).await,
        ErrorCode::Unauthenticated
    );
}

#[tokio::test]
async fn marks_only_grow_and_end_at_the_last_message() {
    let world = World::start().await;
    let (alice, bob, conversation) = world.friends("alice", "bob").await;
    for _ in 0..4 {
        bob.say(conversation, "hello").await;
    }
    let path = routes::marks(conversation);
    let head = async || {
        let head: Head = alice
            .get(&routes::conversation(conversation))
            .await
            .unwrap();
        head
    };
    let mine = |head: &Head| {
        let member = head
            .members
            .iter()
            .find(|member| member.user.id == alice.id);
        let member = member.unwrap();
        (member.delivered_seq, member.read_seq)
    };
    alice.post::<()>(&path, &read(3)).await.unwrap();
    let at_three = head().await;
    assert_eq!((mine(&at_three), at_three.unread), ((3, 3), 2));
    alice.post::<()>(&path, &read(2)).await.unwrap();
    alice.post::<()>(&path, &Marks::default()).await.unwrap();
    assert_eq!(head().await, at_three, "nothing changed, no revision taken");
    let far = Marks {
        delivered: Some(9_000_000),
        read: Some(4),
    };
    alice.post::<()>(&path, &far).await.unwrap();
    let after = head().await;
    assert_eq!((mine(&after), after.unread), ((5, 4), 1));

    // A mark is a change of both scopes: hers, and the conversation's.
    let mut hears = alice.connect().await;
    alice.post::<()>(&path, &read(5)).await.unwrap();
    let (_, _, items) = hears.changes(Scope::User(alice.id)).await;
    assert!(matches!(&items[..], [Item::Membership(mine)] if mine.read_seq == 5));
    let (prev, rev, items) = hears.changes(Scope::Conversation(conversation)).await;
    assert_eq!((prev, rev), (after.rev, after.rev + 1));
    assert!(matches!(&items[..], [Item::Member(member)] if member.read_seq == 5));

    let carol = world.register("carol").await;
    let refusal = carol.post::<()>(&path, &read(1)).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::ConversationNotFound);
    let bad = serde_json::json!({"read": -1});
    let refusal = alice.post::<()>(&path, &bad).await.unwrap_err();
    assert_eq!(refusal.code, ErrorCode::InvalidRequest);
}
