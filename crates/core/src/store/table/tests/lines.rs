//! The list of conversations, and what a conversation keeps.

use magpie_protocol::{
    Timestamp,
    conversations::Marks,
    messages::{Body, Text},
};

use super::{BOB, ME, chat, database, failure, head, hold, member, message, unsent, user_id};
use crate::store::{
    Tx,
    table::{
        conversations, drafts,
        held_ranges::{self, Range},
        marks_owed, members, messages,
        outbox::{self, OutboxState},
        trim,
    },
    value,
};

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
    for old in 1..=200 {
        let before = i64::try_from(old).unwrap() + 1_001;
        assert_eq!(parts(before), [part(old)]);
    }
    let leave = || trim::some(&tx, chat(), 100, 30).unwrap();
    assert_eq!(leave(), 30);
    assert_eq!(held_ranges::list(&db, chat()).unwrap(), [range(31, 400)]);
    let more: Vec<u64> = (0..4).map(|_| leave()).collect();
    assert_eq!(more, [30, 30, 10, 0]);
    assert_eq!(held_ranges::list(&db, chat()).unwrap(), [range(101, 400)]);
    assert_eq!(held_ranges::with_holes(&db).unwrap(), []);
    // Somebody scrolled up to some of them.
    hold(&tx, 40, 60).unwrap();
    let last = |before| parts(before).iter().map(|part| part.up_to).max();
    assert_eq!(last(1_040), None, "there is none before it");
    assert_eq!(last(1_050), Some(49));
    assert_eq!(last(1_090), Some(60), "in the hole there is none");
    assert_eq!(last(1_101), Some(60));
    assert_eq!(last(1_102), Some(101));
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
