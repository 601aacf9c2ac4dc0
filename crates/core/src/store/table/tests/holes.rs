//! Which stretches of a conversation are held here.

use magpie_protocol::ConversationId;

use super::{chat, database};
use crate::store::{
    Tx,
    table::held_ranges::{self, Range},
};

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
