//! Which friends are there.
//!
//! Heard from the socket, held in memory and never stored. Without a link nothing is known, which is
//! not the same as nobody being there.

use std::collections::BTreeMap;

use magpie_protocol::{UserId, frames::Presence};
use parking_lot::Mutex;

use crate::{Core, CoreEvent, event::Events};

/// What is known of who is there. Each change is told while it is made, so that events come in the
/// order of the changes.
#[derive(Debug, Default)]
pub(crate) struct Presences(Mutex<BTreeMap<UserId, Presence>>);

impl Presences {
    /// Takes what the server says, and tells what of it is news.
    pub(crate) fn hear(&self, users: Vec<Presence>, events: &Events) {
        let mut known = self.0.lock();
        let people: Vec<Presence> = users
            .into_iter()
            .filter(|user| known.insert(user.user_id, *user).as_ref() != Some(user))
            .collect();
        if !people.is_empty() {
            events.emit(CoreEvent::Presence {
                whole: false,
                people,
            });
        }
    }

    /// Forgets some people: whether they are there is no business of ours any more.
    pub(crate) fn forget(&self, users: impl IntoIterator<Item = UserId>, events: &Events) {
        let mut known = self.0.lock();
        let before = known.len();
        for user in users {
            known.remove(&user);
        }
        if known.len() < before {
            events.emit(CoreEvent::Presence {
                whole: true,
                people: known.values().copied().collect(),
            });
        }
    }

    /// Forgets everybody, for the link is gone.
    pub(crate) fn clear(&self, events: &Events) {
        let mut known = self.0.lock();
        if !known.is_empty() {
            known.clear();
            events.emit(CoreEvent::Presence {
                whole: true,
                people: Vec::new(),
            });
        }
    }
}

impl Core {
    /// Returns the friends of whom it is known whether they are there, by number. There are none
    /// without a link.
    #[must_use]
    pub fn presence(&self) -> Vec<Presence> {
        self.shared.presence.0.lock().values().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use magpie_protocol::Timestamp;

    use super::*;

    fn presence(number: u64, online: bool) -> Presence {
        Presence {
            user_id: UserId::new(number).unwrap(),
            online,
            last_seen_at: (!online).then_some(Timestamp(5)),
        }
    }

    #[tokio::test]
    async fn only_news_are_told_and_nothing_twice() {
        let (presences, events) = (Presences::default(), Events::default());
        let mut stream = events.listen();
        presences.clear(&events);
        presences.hear(vec![presence(1, true), presence(2, true)], &events);
        presences.hear(vec![presence(1, true), presence(2, false)], &events);
        presences.hear(vec![presence(1, true)], &events);
        presences.forget([UserId::new(2).unwrap(), UserId::new(3).unwrap()], &events);
        presences.forget([UserId::new(3).unwrap()], &events);
        presences.clear(&events);
        presences.clear(&events);
        events.close();
        let mut told = Vec::new();
        while let Some(CoreEvent::Presence { whole, people }) = stream.next().await {
            told.push((whole, people));
        }
        assert_eq!(
            told,
            [
                (false, vec![presence(1, true), presence(2, true)]),
                (false, vec![presence(2, false)]),
                (true, vec![presence(1, true)]),
                (true, vec![]),
            ]
        );
    }
}
