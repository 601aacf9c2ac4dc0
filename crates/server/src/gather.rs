//! Gathering what is to be written while a write is under way, so that it is written together.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// What waits, and whether somebody is writing. Whoever is told to begin by [`Gather::put`] takes
/// and writes until [`Gather::take`] gives nothing more.
#[derive(Debug)]
pub(crate) struct Gather<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    writing: bool,
}

impl<T> Default for Gather<T> {
    fn default() -> Self {
        Self(Mutex::new(State {
            waiting: VecDeque::new(),
            writing: false,
        }))
    }
}

impl<T> Gather<T> {
    /// Adds something. Returns whether nobody is writing, so that the caller has to begin.
    pub(crate) fn put(&self, item: T) -> bool {
        let mut state = self.0.lock();
        state.waiting.push_back(item);
        !std::mem::replace(&mut state.writing, true)
    }

    /// Takes what waits, in order, until its `weight` comes to `most`. Gives nothing when nothing
    /// waits; then the one who asked has ended, and the next [`Gather::put`] says to begin.
    pub(crate) fn take(&self, most: usize, weight: impl Fn(&T) -> usize) -> Vec<T> {
        let mut state = self.0.lock();
        let mut taken = Vec::with_capacity(state.waiting.len().min(most));
        let mut total: usize = 0;
        while total < most
            && let Some(item) = state.waiting.pop_front()
        {
            total = total.saturating_add(weight(&item));
            taken.push(item);
        }
        state.writing = !taken.is_empty();
        if state.waiting.is_empty() {
            // What a burst needed is not kept.
            state.waiting.shrink_to(64);
        }
        taken
    }

    /// Ends without having written: forgets what waits, and the next [`Gather::put`] says to begin.
    pub(crate) fn give_up(&self) {
        let waiting = {
            let mut state = self.0.lock();
            state.writing = false;
            std::mem::take(&mut state.waiting)
        };
        drop(waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_begins_and_takes_what_comes_meanwhile() {
        let gather = Gather::default();
        assert!(gather.put(1));
        assert!(!gather.put(2));
        assert_eq!(gather.take(10, |_| 1), [1, 2]);
        assert!(!gather.put(3));
        assert_eq!(gather.take(10, |_| 1), [3]);
        assert!(gather.take(10, |_| 1).is_empty());
        assert!(gather.put(4));
    }

    #[test]
    fn no_more_is_taken_than_together_weighs_enough() {
        let gather = Gather::default();
        for weight in [3, 4, 5, 6] {
            gather.put(weight);
        }
        assert_eq!(gather.take(6, |weight| *weight), [3, 4]);
        assert_eq!(gather.take(6, |weight| *weight), [5, 6]);
    }

    #[test]
    fn giving_up_forgets_what_waits() {
        let gather = Gather::default();
        gather.put(1);
        gather.give_up();
        assert!(gather.put(2));
        assert_eq!(gather.take(10, |_| 1), [2]);
    }
}
