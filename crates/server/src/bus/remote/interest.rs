//! Which scopes this node wants to hear of, and which of them Redis has confirmed.
//!
//! The sockets say what they want, at any time and without waiting; one task makes it so, in batches
//! and in the order of asking. So "everything that was asked for until now is confirmed" is one
//! number that grows.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use magpie_protocol::sync::Scope;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

/// What this node wants to hear of.
#[derive(Debug, Default)]
pub(in crate::bus) struct Interest {
    wishes: Mutex<Wishes>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Wishes {
    scopes: HashMap<Scope, Wish>,
    /// The scopes whose subscription is to be looked at.
    open: VecDeque<Scope>,
    /// How many have ever been put into `open`, and how many of them are settled.
    asked: u64,
    settled: u64,
    /// Who waits, and for which number. In the order of the numbers.
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

#[derive(Debug, Default)]
struct Wish {
    /// A socket listens.
    wanted: bool,
    /// The subscription exists, or is being made.
    held: bool,
    /// Redis has confirmed it.
    confirmed: bool,
    /// Stands in `open`.
    open: bool,
    /// Sockets began to listen before the confirmation without waiting for it.
    late: bool,
}

/// What is to be done next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Batch {
    /// To be subscribed to.
    pub(super) subscribe: Vec<Scope>,
    /// To be unsubscribed from, first.
    pub(super) unsubscribe: Vec<Scope>,
    /// What is settled when this is done.
    upto: u64,
}

impl Wishes {
    fn reopen(&mut self, scope: Scope) {
        self.open.push_back(scope);
        self.asked += 1;
    }
}

impl Interest {
    /// Asks for a scope. It is confirmed later; see [`Interest::settled`].
    pub(in crate::bus) fn want(&self, scope: Scope) {
        let mut wishes = self.wishes.lock();
        let wish = wishes.scopes.entry(scope).or_default();
        wish.wanted = true;
        if !wish.held && !wish.open {
            wish.open = true;
            wishes.reopen(scope);
            drop(wishes);
            self.wake.notify_one();
        }
    }

    /// Says that nobody listens to a scope any more.
    pub(in crate::bus) fn forget(&self, scope: Scope) {
        let mut wishes = self.wishes.lock();
        let Entry::Occupied(mut entry) = wishes.scopes.entry(scope) else {
            return;
        };
        let wish = entry.get_mut();
        (wish.wanted, wish.late) = (false, false);
        if wish.open {
            return;
        }
        if wish.held {
            wish.open = true;
            wishes.reopen(scope);
            drop(wishes);
            self.wake.notify_one();
        } else {
            entry.remove();
        }
    }

    /// Says that somebody listens to a scope without waiting for its confirmation. They have to be
    /// told when it comes: until then they may have missed something.
    pub(in crate::bus) fn late(&self, scope: Scope) {
        if let Some(wish) = self.wishes.lock().scopes.get_mut(&scope)
            && !wish.confirmed
        {
            wish.late = true;
        }
    }

    /// Waits until all that has been asked for so far is confirmed.
    pub(in crate::bus) async fn settled(&self) {
        let confirmed = {
            let mut wishes = self.wishes.lock();
            if wishes.settled >= wishes.asked {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            let upto = wishes.asked;
            wishes.waiting.push_back((upto, sender));
            receiver
        };
        // The sender is dropped only with all of this.
        let _ = confirmed.await;
    }

    /// Returns whether the subscription to a scope exists or is being made.
    pub(super) fn holds(&self, scope: Scope) -> bool {
        let wishes = self.wishes.lock();
        wishes.scopes.get(&scope).is_some_and(|wish| wish.held)
    }

    /// Returns how many scopes are confirmed or asked for.
    pub(in crate::bus) fn len(&self) -> usize {
        self.wishes.lock().scopes.len()
    }

    /// Begins anew, since all subscriptions are gone: everything that is wanted is open.
    pub(super) fn start_over(&self) {
        let mut wishes = self.wishes.lock();
        wishes.open.clear();
        wishes.scopes.retain(|_, wish| wish.wanted);
        let mut open = VecDeque::with_capacity(wishes.scopes.len());
        for (scope, wish) in &mut wishes.scopes {
            (wish.held, wish.confirmed, wish.open) = (false, false, true);
            open.push_back(*scope);
        }
        // Those who wait are served when all is subscribed to again, and not before.
        wishes.asked += u64::try_from(open.len()).unwrap_or_default();
        let upto = wishes.asked;
        wishes.open = open;
        wishes.waiting.retain(|(_, sender)| !sender.is_closed());
        for (number, _) in &mut wishes.waiting {
            *number = upto;
        }
        wishes.settled = upto - u64::try_from(wishes.open.len()).unwrap_or_default();
        drop(wishes);
        self.wake.notify_one();
    }

    /// Waits for something to do, and takes at most `limit` of it.
    pub(super) async fn next(&self, limit: usize) -> Batch {
        loop {
            let woken = self.wake.notified();
            if let Some(batch) = self.take(limit) {
                return batch;
            }
            woken.await;
        }
    }

    /// Takes at most `limit` of what is to be done, or nothing where there is nothing.
    pub(super) fn take(&self, limit: usize) -> Option<Batch> {
        let mut wishes = self.wishes.lock();
        let count = wishes.open.len().min(limit);
        if count == 0 {
            return None;
        }
        let mut batch = Batch {
            upto: wishes.settled + u64::try_from(count).unwrap_or_default(),
            ..Batch::default()
        };
        for _ in 0..count {
            let Some(scope) = wishes.open.pop_front() else {
                break;
            };
            let Entry::Occupied(mut entry) = wishes.scopes.entry(scope) else {
                continue;
            };
            let wish = entry.get_mut();
            wish.open = false;
            match (wish.wanted, wish.held) {
                (true, false) => {
                    wish.held = true;
                    batch.subscribe.push(scope);
                }
                (false, true) => {
                    entry.remove();
                    batch.unsubscribe.push(scope);
                }
                (false, false) => {
                    entry.remove();
                }
                (true, true) => {}
            }
        }
        Some(batch)
    }

    /// Notes that a batch has been done. Returns the scopes whose listeners may have missed
    /// something.
    pub(super) fn done(&self, batch: &Batch) -> Vec<Scope> {
        let mut late = Vec::new();
        let mut wishes = self.wishes.lock();
        for scope in &batch.subscribe {
            if let Some(wish) = wishes.scopes.get_mut(scope) {
                wish.confirmed = wish.held;
                if std::mem::take(&mut wish.late) {
                    late.push(*scope);
                }
            }
        }
        wishes.settled = batch.upto;
        while let Some((number, _)) = wishes.waiting.front()
            && *number <= batch.upto
        {
            if let Some((_, sender)) = wishes.waiting.pop_front() {
                // Who does not wait any more does not mind.
                let _ = sender.send(());
            }
        }
        late
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use magpie_protocol::UserId;

    use super::*;

    fn user(id: u64) -> Scope {
        Scope::User(UserId::new(id).unwrap())
    }

    fn settle(interest: &Interest) -> (Vec<Scope>, Vec<Scope>) {
        let batch = interest.take(100).unwrap_or_default();
        interest.done(&batch);
        (batch.subscribe, batch.unsubscribe)
    }

    #[tokio::test]
    async fn what_was_asked_for_is_waited_for_and_what_comes_later_is_not() {
        let interest = Interest::default();
        interest.settled().await;
        interest.want(user(1));
        let mut waiting = Box::pin(interest.settled());
        assert!((&mut waiting).now_or_never().is_none());
        interest.want(user(2));
        let batch = interest.take(1).unwrap();
        assert_eq!(batch.subscribe, [user(1)]);
        assert!((&mut waiting).now_or_never().is_none());
        interest.done(&batch);
        waiting.await;
        assert!(interest.settled().now_or_never().is_none());
        settle(&interest);
        interest.settled().await;
    }

    #[test]
    fn coming_and_going_ends_where_it_should() {
        let interest = Interest::default();
        interest.want(user(1));
        interest.want(user(1));
        interest.forget(user(1));
        assert_eq!(settle(&interest), (vec![], vec![]));
        assert_eq!(interest.len(), 0);

        interest.want(user(1));
        let batch = interest.take(10).unwrap();
        // Between the command and its answer.
        interest.forget(user(1));
        assert!(interest.holds(user(1)));
        interest.done(&batch);
        assert_eq!(settle(&interest), (vec![], vec![user(1)]));

        interest.want(user(1));
        settle(&interest);
        interest.forget(user(1));
        let batch = interest.take(10).unwrap();
        interest.want(user(1));
        interest.done(&batch);
        assert_eq!(settle(&interest), (vec![user(1)], vec![]));
        assert!(interest.take(10).is_none());
    }

    #[test]
    fn those_who_did_not_wait_are_told() {
        let interest = Interest::default();
        interest.want(user(1));
        interest.want(user(2));
        interest.late(user(1));
        let batch = interest.take(10).unwrap();
        assert_eq!(interest.done(&batch), [user(1)]);
        interest.late(user(2));
        interest.start_over();
        let batch = interest.take(10).unwrap();
        assert!(interest.done(&batch).is_empty());
    }

    #[tokio::test]
    async fn after_a_loss_all_is_asked_for_again_and_waited_for() {
        let interest = Interest::default();
        interest.want(user(1));
        settle(&interest);
        interest.want(user(2));
        interest.want(user(3));
        interest.forget(user(3));
        let mut waiting = Box::pin(interest.settled());
        assert!((&mut waiting).now_or_never().is_none());
        interest.take(10).unwrap();
        interest.start_over();
        let first = interest.take(1).unwrap();
        interest.done(&first);
        assert!((&mut waiting).now_or_never().is_none());
        let second = interest.take(10).unwrap();
        let mut both = [first.subscribe, second.subscribe.clone()].concat();
        both.sort();
        assert_eq!(both, [user(1), user(2)]);
        interest.done(&second);
        waiting.await;
    }
}
