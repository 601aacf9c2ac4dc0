//! Lists that are read a part at a time, so that a large installation is never in memory as a whole
//! where only some of it is wanted.

use crate::db::DbError;

/// How many rows are read at a time.
pub(super) const PAGE: u32 = 500;

/// Reads page after page until one is empty, and returns the rows that `wanted` picks. `next` is
/// given the last row's key, none at first, and returns at most [`PAGE`] rows that stand behind it.
pub(super) fn collect<T, K>(
    mut next: impl FnMut(Option<K>) -> Result<Vec<T>, DbError>,
    key: impl Fn(&T) -> K,
    wanted: impl Fn(&T) -> bool,
) -> Result<Vec<T>, DbError> {
    let (mut found, mut last) = (Vec::new(), None);
    loop {
        let page = next(last)?;
        let Some(row) = page.last() else {
            return Ok(found);
        };
        last = Some(key(row));
        found.extend(page.into_iter().filter(&wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_are_read_in_order_and_only_what_is_wanted_stays() {
        let mut asked = Vec::new();
        let next = |last: Option<u32>| {
            asked.push(last);
            let from = last.map_or(0, |last| last + 1);
            Ok((from..7.min(from + 3)).collect())
        };
        let found = collect(next, |number| *number, |number| number % 2 == 0).unwrap();
        assert_eq!(found, [0, 2, 4, 6]);
        assert_eq!(asked, [None, Some(2), Some(5), Some(6)]);
    }
}
