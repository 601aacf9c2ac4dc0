//! What counts as unread.

use magpie_protocol::Timestamp;

use super::{BOB, ME, chat, database, head, hold, message, unread, user_id};
use crate::store::{
    Tx,
    table::{conversations, held_ranges, messages, mutes},
};

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
