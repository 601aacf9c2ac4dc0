//! The people who are connected to this node.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use magpie_protocol::UserId;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, Semaphore},
    time::{Instant, sleep_until},
};

/// How long after the last socket somebody is still online.
pub(super) const GRACE: Duration = Duration::from_secs(4);

/// How many look for their friends at the same time; the others wait.
const AT_ONCE: usize = 32;

/// Who is connected to this node; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Presence(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    people: Mutex<People>,
    wake: Notify,
    places: Semaphore,
}

#[derive(Debug, Default)]
struct People {
    present: HashMap<UserId, Present>,
    /// Who had no socket any more, and when that is taken to be so. In the order of time.
    going: VecDeque<(Instant, UserId)>,
}

/// Somebody who is here, or was until a moment ago and may come back.
#[derive(Debug)]
struct Present {
    sockets: usize,
    /// When they are gone, if they have no socket and none comes.
    gone_at: Option<Instant>,
}

/// A socket of somebody; they are here until it is dropped.
#[derive(Debug)]
pub(crate) struct Here {
    presence: Presence,
    user: UserId,
}

impl Default for Presence {
    fn default() -> Self {
        Self(Arc::new(Parts {
            people: Mutex::default(),
            wake: Notify::new(),
            places: Semaphore::new(AT_ONCE),
        }))
    }
}

impl Presence {
    /// Counts a socket of somebody. `true` when they had none here before, not even a moment ago.
    pub(super) fn enter(&self, user: UserId) -> (Here, bool) {
        let mut people = self.0.people.lock();
        let new = match people.present.entry(user) {
            Entry::Occupied(mut entry) => {
                let present = entry.get_mut();
                present.sockets += 1;
                present.gone_at = None;
                false
            }
            Entry::Vacant(entry) => {
                entry.insert(Present {
                    sockets: 1,
                    gone_at: None,
                });
                true
            }
        };
        let presence = self.clone();
        (Here { presence, user }, new)
    }

    fn leave(&self, user: UserId) {
        let mut people = self.0.people.lock();
        let Some(present) = people.present.get_mut(&user) else {
            return;
        };
        present.sockets = present.sockets.saturating_sub(1);
        if present.sockets == 0 {
            let gone_at = Instant::now() + GRACE;
            present.gone_at = Some(gone_at);
            people.going.push_back((gone_at, user));
            drop(people);
            self.0.wake.notify_one();
        }
    }

    /// Waits until somebody has gone for good, and takes all of whom that is true, at most `limit`.
    pub(super) async fn gone(&self, limit: usize) -> Vec<UserId> {
        loop {
            let woken = self.0.wake.notified();
            let (gone, next) = self.take_gone(limit, Instant::now());
            if !gone.is_empty() {
                return gone;
            }
            match next {
                Some(next) => sleep_until(next).await,
                None => woken.await,
            }
        }
    }

    fn take_gone(&self, limit: usize, now: Instant) -> (Vec<UserId>, Option<Instant>) {
        let mut people = self.0.people.lock();
        let mut gone = Vec::new();
        while let Some((due, user)) = people.going.front().copied() {
            if due > now || gone.len() >= limit {
                return (gone, Some(due));
            }
            people.going.pop_front();
            // Who came meanwhile and went again stands in the list once more, further behind.
            if let Entry::Occupied(entry) = people.present.entry(user)
                && entry.get().gone_at == Some(due)
            {
                entry.remove();
                gone.push(user);
            }
        }
        (gone, None)
    }

    /// Tells whether somebody is here, or was until a moment ago.
    pub(super) fn is_here(&self, user: UserId) -> bool {
        self.0.people.lock().present.contains_key(&user)
    }

    /// Returns those of `users` who are here.
    pub(super) fn among(&self, users: &[UserId]) -> Vec<bool> {
        let people = self.0.people.lock();
        let is_here = |user| people.present.contains_key(user);
        users.iter().map(is_here).collect()
    }

    /// Returns everybody who is here.
    pub(super) fn everybody(&self) -> Vec<UserId> {
        self.0.people.lock().present.keys().copied().collect()
    }

    /// Returns what lets few look at the same time.
    pub(super) fn places(&self) -> &Semaphore {
        &self.0.places
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.presence.leave(self.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn the_last_socket_counts_and_a_new_one_in_time_is_no_news() {
        let presence = Presence::default();
        let alice = user(1);
        let (first, new) = presence.enter(alice);
        assert!(new);
        let (second, new) = presence.enter(alice);
        assert!(!new);
        drop(first);
        let later = Instant::now() + 2 * GRACE;
        assert_eq!(presence.take_gone(9, later).0, []);
        drop(second);
        assert_eq!(presence.take_gone(9, Instant::now()).0, []);
        let (third, new) = presence.enter(alice);
        assert!(!new);
        assert_eq!(presence.take_gone(9, later), (vec![], None));
        assert!(presence.is_here(alice));
        drop(third);
        assert_eq!(presence.take_gone(9, later).0, [alice]);
        assert!(!presence.is_here(alice));
        assert!(presence.enter(alice).1);
    }

    #[test]
    fn the_time_runs_from_the_last_going() {
        let presence = Presence::default();
        let alice = user(1);
        drop(presence.enter(alice).0);
        let first_due = presence.take_gone(9, Instant::now()).1.unwrap();
        std::thread::sleep(Duration::from_millis(2));
        drop(presence.enter(alice).0);
        assert_eq!(presence.take_gone(9, first_due).0, []);
        assert!(presence.is_here(alice));
        assert_eq!(presence.take_gone(9, first_due + GRACE).0, [alice]);
        assert_eq!(presence.everybody(), []);
    }

    #[test]
    fn many_go_in_portions() {
        let presence = Presence::default();
        for id in 1..=5 {
            drop(presence.enter(user(id)).0);
        }
        let later = Instant::now() + 2 * GRACE;
        assert_eq!(presence.take_gone(3, later).0.len(), 3);
        assert_eq!(presence.take_gone(3, later).0, [user(4), user(5)]);
    }
}
