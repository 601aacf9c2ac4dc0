//! What is owed to the server, and the message it becomes.

use magpie_protocol::{MessageId, conversations::Marks, messages::Message};

use super::{BOB, ME, chat, database, failure, message, unsent, user_id};
use crate::store::{
    Tx,
    table::{marks_owed, messages, outbox},
};

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
