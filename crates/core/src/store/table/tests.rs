//! What the tables promise.

use magpie_protocol::{
    ConversationId, MessageId, Timestamp, UserId,
    accounts::{Gender, User},
    conversations::{Conversation, ConversationKind, Marks, Member, Membership},
    messages::{Body, Message, MessageKind, Text},
    sync::Head,
};
use rusqlite::Connection;

use super::{
    conversations, drafts,
    held_ranges::{self, Range},
    marks_owed, members, messages, mutes,
    outbox::{self, OutboxRow, OutboxState},
    trim,
};
use crate::store::{Result, Tx, schema, value};

const ME: u64 = 1;
const BOB: u64 = 2;

/// An empty database in memory; what is tested here does not depend on where it lies.
fn database() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap();
    db
}

fn user_id(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

fn chat() -> ConversationId {
    ConversationId::new(12).unwrap()
}

fn user(id: u64, nickname: &str) -> User {
    User {
        id: user_id(id),
        username: format!("user{id}"),
        nickname: nickname.to_owned(),
        signature: String::new(),
        gender: Gender::Unspecified,
        region: String::new(),
    }
}

fn message(seq: u64, sender: Option<u64>) -> Message {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&seq.to_be_bytes());
    let (kind, content) = match sender {
        Some(_) => (
            MessageKind::Text,
            serde_json::json!({ "text": format!("number {seq}") }),
        ),
        None => (
            MessageKind::System,
            serde_json::json!({ "event": "unknown" }),
        ),
    };
    Message {
        id: MessageId::from_parts(seq, random),
        conversation_id: chat(),
        seq,
        sender_id: sender.map(user_id),
        kind,
        content,
        created_at: Timestamp(1_000 + i64::try_from(seq).unwrap()),
    }
}

fn conversation() -> Conversation {
    Conversation {
        id: chat(),
        kind: ConversationKind::Direct,
        created_at: Timestamp(1_000),
    }
}

fn member(id: u64, delivered_seq: u64, read_seq: u64) -> Member {
    Member {
        user: user(id, if id == BOB { "Bob" } else { "Me" }),
        delivered_seq,
        read_seq,
    }
}

fn head(last_seq: u64, unread: u64, read_seq: u64) -> Head {
    Head {
        conversation: conversation(),
        rev: last_seq + 10,
        last_seq,
        unread,
        last_message: (last_seq > 0).then(|| message(last_seq, Some(BOB))),
        membership: Membership {
            conversation_id: chat(),
            read_seq,
        },
        members: vec![member(ME, read_seq, read_seq), member(BOB, 0, 0)],
    }
}

/// Stores messages of Bob and says that the stretch is held.
fn hold(tx: &Tx<'_>, from: u64, to: u64) -> Result<()> {
    for seq in from..=to {
        messages::insert(tx, user_id(ME), &message(seq, Some(BOB)))?;
    }
    held_ranges::add(tx, chat(), from, to)?;
    conversations::recount(tx, chat())
}

fn unread(db: &Connection) -> u64 {
    conversations::get(db, chat()).unwrap().unwrap().unread
}

fn unsent(number: u8, conversation_id: u64) -> OutboxRow {
    OutboxRow {
        position: 0,
        id: MessageId::from_parts(1, [number; 10]),
        conversation_id: ConversationId::new(conversation_id).unwrap(),
        kind: MessageKind::Text,
        content: serde_json::json!({ "text": format!("unsent {number}") }),
        created_at: Timestamp(5_000 + i64::from(number)),
        attempts: 0,
        state: OutboxState::Queued,
        failure: None,
    }
}

fn failure() -> crate::Failure {
    crate::CoreError::local(crate::LocalCode::Internal, "on purpose").into()
}

#[test]
fn ranges_merge_with_whatever_they_touch() {
    let db = database();
    let tx = Tx::of(&db);
    let range = |from, to| Range { from, to };
    let list = || held_ranges::list(&db, chat()).unwrap();
    for (from, to) in [(10, 12), (20, 25), (30, 30)] {
        held_ranges::add(&tx, chat(), from, to).unwrap();
    }
    assert_eq!(list(), [range(10, 12), range(20, 25), range(30, 30)]);
    held_ranges::add(&tx, chat(), 13, 14).unwrap();
    held_ranges::add(&tx, chat(), 19, 19).unwrap();
    assert_eq!(list(), [range(10, 14), range(19, 25), range(30, 30)]);
    held_ranges::add(&tx, chat(), 21, 22).unwrap();
    held_ranges::add(&tx, chat(), 7, 5).unwrap();
    assert_eq!(list(), [range(10, 14), range(19, 25), range(30, 30)]);
    held_ranges::add(&tx, chat(), 12, 29).unwrap();
    assert_eq!(list(), [range(10, 30)]);
    let other = ConversationId::new(13).unwrap();
    assert_eq!(held_ranges::list(&db, other).unwrap(), []);
}

#[test]
fn holes_are_known() {
    let db = database();
    let tx = Tx::of(&db);
    let range = |from, to| Range { from, to };
    held_ranges::add(&tx, chat(), 3, 5).unwrap();
    held_ranges::add(&tx, chat(), 8, 9).unwrap();
    let gaps = |from, to| held_ranges::gaps(&db, chat(), from, to).unwrap();
    assert_eq!(gaps(1, 12), [range(1, 2), range(6, 7), range(10, 12)]);
    assert_eq!(gaps(0, 2), [range(1, 2)]);
    assert_eq!(gaps(4, 8), [range(6, 7)]);
    assert_eq!(gaps(3, 5), []);
    assert_eq!(gaps(9, 8), []);
    let around = |seq| held_ranges::around(&db, chat(), seq).unwrap();
    assert_eq!(around(4), Some(range(3, 5)));
    assert_eq!((around(2), around(6), around(10)), (None, None, None));
    assert_eq!(
        held_ranges::after(&db, chat(), 3).unwrap(),
        Some(range(8, 9))
    );
    assert_eq!(held_ranges::last(&db, chat()).unwrap(), Some(range(8, 9)));
}

#[test]
fn any_order_of_ranges_ends_in_the_same() {
    // Against the plain set of places, in every order of six overlapping ranges.
    let ranges = [(1, 3), (5, 6), (4, 4), (9, 12), (11, 15), (7, 7)];
    let mut orders = vec![vec![]];
    for _ in 0..ranges.len() {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..ranges.len())
                    .filter(|index| !order.contains(index))
                    .map(|index| [order.clone(), vec![index]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    assert_eq!(orders.len(), 720);
    let db = database();
    let tx = Tx::of(&db);
    for order in orders {
        held_ranges::clear(&tx, chat()).unwrap();
        let mut places = std::collections::BTreeSet::new();
        for index in &order {
            let (from, to) = ranges[*index];
            held_ranges::add(&tx, chat(), from, to).unwrap();
            places.extend(from..=to);
            let held = held_ranges::list(&db, chat()).unwrap();
            let held: std::collections::BTreeSet<u64> = held
                .iter()
                .flat_map(|range| range.from..=range.to)
                .collect();
            assert_eq!(held, places, "{order:?}");
        }
        let expected = [Range { from: 1, to: 7 }, Range { from: 9, to: 15 }];
        assert_eq!(
            held_ranges::list(&db, chat()).unwrap(),
            expected,
            "{order:?}"
        );
    }
}

#[test]
fn a_stored_message_leaves_the_outbox_in_the_same_step() {
    let db = database();
    let tx = Tx::of(&db);
    let waiting = unsent(1, 12);
    outbox::push(&tx, &waiting).unwrap();
    let mut stored = message(1, Some(ME));
    stored.id = waiting.id;
    let first = messages::insert(&tx, user_id(ME), &stored).unwrap();
    assert!(first.news && first.was_outgoing);
    assert_eq!(outbox::get(&db, waiting.id).unwrap(), None);
    let again = messages::insert(&tx, user_id(ME), &stored).unwrap();
    assert!(!again.news && !again.was_outgoing);
    assert_eq!(messages::range(&db, chat(), 1, 9).unwrap(), [stored]);
}

#[test]
fn a_message_has_one_place_and_a_place_one_message() {
    let db = database();
    let tx = Tx::of(&db);
    let first = message(1, Some(BOB));
    messages::insert(&tx, user_id(ME), &first).unwrap();
    // The server was restored from a backup, and the same message was sent again after another.
    let other = Message {
        id: MessageId::from_parts(9, [9; 10]),
        ..first.clone()
    };
    let moved = Message { seq: 2, ..first };
    messages::insert(&tx, user_id(ME), &other).unwrap();
    messages::insert(&tx, user_id(ME), &moved).unwrap();
    assert_eq!(messages::range(&db, chat(), 1, 9).unwrap(), [other, moved]);
}

#[test]
fn the_outbox_keeps_its_order_and_never_gives_a_position_twice() {
    let db = database();
    let tx = Tx::of(&db);
    let first = outbox::push(&tx, &unsent(1, 12)).unwrap();
    let second = outbox::push(&tx, &unsent(2, 12)).unwrap();
    assert!(outbox::remove(&tx, unsent(2, 12).id).unwrap());
    assert!(!outbox::remove(&tx, unsent(2, 12).id).unwrap());
    let third = outbox::push(&tx, &unsent(3, 12)).unwrap();
    assert!(first < second && second < third);
    assert!(outbox::fail(&tx, unsent(1, 12).id, &failure()).unwrap());
    let queued = |after| -> Vec<_> {
        let rows = outbox::queued(&db, after, 9).unwrap();
        rows.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(queued(0), [unsent(3, 12).id]);
    assert!(outbox::requeue(&tx, unsent(1, 12).id).unwrap());
    assert_eq!(
        queued(0),
        [unsent(3, 12).id, unsent(1, 12).id],
        "at the end"
    );
    assert_eq!(
        outbox::get(&db, unsent(1, 12).id).unwrap().unwrap().failure,
        None
    );
    assert_eq!(queued(third), [unsent(1, 12).id]);
    assert!(!outbox::requeue(&tx, unsent(9, 12).id).unwrap());
    // The same message is never taken in twice.
    assert!(outbox::push(&tx, &unsent(3, 12)).is_err());
}

#[test]
fn owed_marks_grow_until_they_are_confirmed() {
    let db = database();
    let tx = Tx::of(&db);
    let marks = |delivered, read| Marks { delivered, read };
    let owe = |delivered, read| marks_owed::owe(&tx, chat(), &marks(delivered, read)).unwrap();
    let settle =
        |delivered, read| marks_owed::settle(&tx, chat(), &marks(delivered, read)).unwrap();
    let list = || marks_owed::list(&db).unwrap();
    owe(None, None);
    assert_eq!(list(), []);
    owe(Some(5), None);
    owe(None, Some(3));
    owe(Some(4), Some(7));
    assert_eq!(list(), [(chat(), marks(Some(5), Some(7)))]);
    settle(Some(4), Some(6));
    // A read mark at 6 implies that 6 is delivered.
    assert_eq!(list(), [(chat(), marks(None, Some(7)))]);
    settle(None, Some(8));
    assert_eq!(list(), []);
}

#[test]
fn unread_counts_others_messages_after_my_mark_and_no_system_messages() {
    let db = database();
    let tx = Tx::of(&db);
    conversations::apply_head(&tx, user_id(ME), &head(0, 0, 0)).unwrap();
    let all = [
        message(1, None),
        message(2, Some(BOB)),
        message(3, Some(ME)),
        message(4, Some(BOB)),
    ];
    for message in &all {
        messages::insert(&tx, user_id(ME), message).unwrap();
    }
    held_ranges::add(&tx, chat(), 1, 4).unwrap();
    conversations::recount(&tx, chat()).unwrap();
    assert_eq!(unread(&db), 2);
    assert!(conversations::set_read(&tx, chat(), 2).unwrap());
    assert_eq!(unread(&db), 1);
    assert!(
        !conversations::set_read(&tx, chat(), 1).unwrap(),
        "marks only grow"
    );
    assert_eq!(unread(&db), 1);
    conversations::set_read(&tx, chat(), 4).unwrap();
    assert_eq!(
        (unread(&db), conversations::unread_total(&db).unwrap()),
        (0, 0)
    );
}

#[test]
fn what_is_not_held_is_counted_by_the_server() {
    let db = database();
    let tx = Tx::of(&db);
    // 100 messages, of which 30 after my mark at 50 are Bob's and unread.
    conversations::apply_head(&tx, user_id(ME), &head(100, 30, 50)).unwrap();
    assert_eq!(unread(&db), 30);
    hold(&tx, 91, 100).unwrap();
    assert_eq!(unread(&db), 30, "the newest page changes nothing");
    hold(&tx, 101, 102).unwrap();
    assert_eq!(unread(&db), 32, "what comes live comes on top");
    conversations::set_read(&tx, chat(), 95).unwrap();
    assert_eq!(
        unread(&db),
        7,
        "reading on into what is held leaves what is held after it"
    );
}

#[test]
fn unread_is_exact_once_everything_is_held() {
    let db = database();
    let tx = Tx::of(&db);
    // The server counted before messages were read elsewhere: its number is too high by now.
    conversations::apply_head(&tx, user_id(ME), &head(10, 99, 2)).unwrap();
    hold(&tx, 3, 10).unwrap();
    assert_eq!(unread(&db), 8);
    conversations::set_read(&tx, chat(), 6).unwrap();
    assert_eq!(unread(&db), 4);
}

#[test]
fn an_older_head_turns_nothing_back() {
    let db = database();
    let tx = Tx::of(&db);
    conversations::apply_head(&tx, user_id(ME), &head(10, 3, 7)).unwrap();
    conversations::apply_head(&tx, user_id(ME), &head(8, 8, 0)).unwrap();
    let row = conversations::get(&db, chat()).unwrap().unwrap();
    assert_eq!(
        (row.last_seq, row.read_seq, row.unread, row.head_rev),
        (10, 7, 3, 20)
    );
}

#[test]
fn the_line_follows_the_last_message_the_members_and_the_outbox() {
    let db = database();
    let tx = Tx::of(&db);
    conversations::apply_head(&tx, user_id(ME), &head(2, 1, 1)).unwrap();
    let line = conversations::line(&db, chat()).unwrap().unwrap();
    assert_eq!(line.peer.unwrap().nickname, "Bob");
    assert_eq!(line.last.unwrap().seq, 2);
    assert_eq!(line.updated_at, Timestamp(1_002));
    assert_eq!((line.outgoing, line.failed, line.draft), (None, 0, None));

    let mut long = message(3, Some(ME));
    long.content = serde_json::json!({ "text": "鹊".repeat(300) });
    messages::insert(&tx, user_id(ME), &long).unwrap();
    messages::insert(&tx, user_id(ME), &message(1, Some(BOB))).unwrap();
    members::upsert(&tx, user_id(ME), chat(), &member(BOB, 3, 2)).unwrap();
    members::upsert(&tx, user_id(ME), chat(), &member(BOB, 1, 1)).unwrap();
    outbox::push(&tx, &unsent(1, 12)).unwrap();
    outbox::push(&tx, &unsent(2, 12)).unwrap();
    outbox::fail(&tx, unsent(1, 12).id, &failure()).unwrap();
    drafts::set(&tx, chat(), "begun").unwrap();

    let lines = conversations::lines(&db).unwrap();
    let [line] = &lines[..] else {
        panic!("{lines:?}");
    };
    let last = line.last.as_ref().unwrap();
    let text = Text {
        text: "鹊".repeat(200),
    };
    assert_eq!((last.seq, &last.body), (3, &Body::Text(text)));
    assert_eq!((line.others_delivered_seq, line.others_read_seq), (3, 2));
    assert_eq!(line.outgoing.as_ref().unwrap().state, OutboxState::Queued);
    assert_eq!(line.updated_at, Timestamp(5_002));
    assert_eq!((line.failed, line.draft.as_deref()), (1, Some("begun")));
    drafts::set(&tx, chat(), "  \n").unwrap();
    assert_eq!(drafts::get(&db, chat()).unwrap(), None);
}

#[test]
fn a_conversation_that_begins_again_keeps_what_was_written_here() {
    let db = database();
    let tx = Tx::of(&db);
    conversations::apply_head(&tx, user_id(ME), &head(5, 3, 2)).unwrap();
    hold(&tx, 1, 5).unwrap();
    drafts::set(&tx, chat(), "begun").unwrap();
    outbox::push(&tx, &unsent(1, 12)).unwrap();
    let read = Marks {
        delivered: None,
        read: Some(5),
    };
    marks_owed::owe(&tx, chat(), &read).unwrap();
    conversations::restart(&tx, chat()).unwrap();
    let row = conversations::get(&db, chat()).unwrap().unwrap();
    assert_eq!(
        (row.cursor, row.head_rev, row.last_seq, row.unread),
        (0, 0, 0, 0)
    );
    assert_eq!(row.read_seq, 0, "later messages must not count as read");
    assert_eq!(marks_owed::list(&db).unwrap(), []);
    assert_eq!(messages::range(&db, chat(), 0, 99).unwrap(), []);
    assert_eq!(held_ranges::list(&db, chat()).unwrap(), []);
    let line = conversations::line(&db, chat()).unwrap().unwrap();
    assert!(line.last.is_none() && line.outgoing.is_some() && line.draft.is_some());
}

#[test]
fn the_list_never_looks_at_the_messages() {
    let db = database();
    let mut statement = db
        .prepare(&format!(
            "EXPLAIN QUERY PLAN {}",
            conversations::select_lines("")
        ))
        .unwrap();
    let plan: Vec<String> = statement
        .query_map([], |row| row.get("detail"))
        .unwrap()
        .map(|line| line.unwrap())
        .collect();
    assert!(!plan.is_empty());
    assert!(
        !plan.iter().any(|line| line.contains("messages")),
        "{plan:#?}"
    );
    for line in plan.iter().filter(|line| line.starts_with("SCAN")) {
        let allowed = ["SCAN c", "SCAN outbox", "SCAN o"];
        assert!(
            allowed.iter().any(|allowed| line.starts_with(allowed)),
            "{plan:#?}"
        );
    }
}

#[test]
fn counting_unread_messages_reads_the_index_only() {
    let db = database();
    let plan: String = db
        .query_row(
            "EXPLAIN QUERY PLAN SELECT count(*) FROM messages
             WHERE conversation_id = 1 AND seq > 2 AND seq <= 3 AND counts = 1",
            [],
            |row| row.get("detail"),
        )
        .unwrap();
    assert!(
        plan.contains("COVERING INDEX messages_that_count"),
        "{plan}"
    );
}

#[test]
fn numbers_beyond_sqlites_are_cut_and_never_negative() {
    assert_eq!(value::int(u64::MAX), i64::MAX);
    assert_eq!(value::int(7), 7);
}

#[test]
fn what_left_on_purpose_is_no_hole_and_the_rest_stays() {
    let db = database();
    let tx = Tx::of(&db);
    let parts = |before| trim::parts(&db, user_id(ME), Timestamp(before)).unwrap();
    let part = |up_to| trim::Part {
        id: chat(),
        up_to,
        many: up_to,
    };
    let range = |from, to| Range { from, to };
    conversations::apply_head(&tx, user_id(ME), &head(400, 310, 90)).unwrap();
    hold(&tx, 1, 400).unwrap();
    assert_eq!(parts(9_999), [part(90)], "unread ones stay");
    conversations::apply_head(&tx, user_id(ME), &head(400, 0, 400)).unwrap();
    assert_eq!(parts(9_999), [part(200)], "the newest stay");
    assert_eq!(parts(1_101), [part(100)], "and those that are not old");
    assert_eq!(parts(1_000), []);
    let leave = || trim::some(&tx, chat(), 100, 30).unwrap();
    assert_eq!(leave(), 30);
    assert_eq!(held_ranges::list(&db, chat()).unwrap(), [range(31, 400)]);
    let more: Vec<u64> = (0..4).map(|_| leave()).collect();
    assert_eq!(more, [30, 30, 10, 0]);
    assert_eq!(held_ranges::list(&db, chat()).unwrap(), [range(101, 400)]);
    assert_eq!(held_ranges::with_holes(&db).unwrap(), []);
    // Somebody scrolled up to some of them.
    hold(&tx, 40, 60).unwrap();
    assert_eq!(held_ranges::with_holes(&db).unwrap(), []);
    let row = conversations::get(&db, chat()).unwrap().unwrap();
    assert_eq!((row.trimmed_seq, row.unread), (100, 0));
    // What is missing above it is one, as ever.
    conversations::heard_of(&tx, chat(), 0, 401).unwrap();
    assert_eq!(held_ranges::with_holes(&db).unwrap(), [(chat(), false)]);
    conversations::restart(&tx, chat()).unwrap();
    let row = conversations::get(&db, chat()).unwrap().unwrap();
    assert_eq!(row.trimmed_seq, 0);
}

#[test]
fn a_muted_conversation_counts_for_its_account_again_when_that_is_over() {
    let db = database();
    let tx = Tx::of(&db);
    conversations::apply_head(&tx, user_id(ME), &head(5, 3, 2)).unwrap();
    let loud = |now| conversations::unread_loud(&db, Timestamp(now)).unwrap();
    assert_eq!(loud(0), 3);
    mutes::set(&tx, chat(), Some(Timestamp(10))).unwrap();
    mutes::set(&tx, chat(), Some(Timestamp(20))).unwrap();
    assert_eq!((loud(19), loud(20)), (0, 3));
    let line = conversations::line(&db, chat()).unwrap().unwrap();
    assert_eq!(line.muted_until, Some(Timestamp(20)));
    mutes::set(&tx, chat(), None).unwrap();
    assert_eq!(loud(0), 3);
}
