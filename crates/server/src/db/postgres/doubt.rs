//! Commits whose answer was lost, when the server could not say in time what became of them.
//!
//! Whoever waited for one was told to try again. Whom it concerns shall hear of it nevertheless, if
//! it came about: until that is known a thread goes on asking, and then publishes what belongs to it.
//! Where it is never to be known, as with a server that has taken another's place, they are told to
//! ask what changed, which is always safe. Nothing else is done there: a device must not be taken for
//! ended, nor anybody for a member, because of what perhaps has not happened.

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use magpie_protocol::sync::Scope;
use parking_lot::Mutex;

use super::{
    Shared,
    failure::{Failure, Remedy},
    new_runtime,
    session::Session,
};
use crate::{
    bus::Event,
    db::{DbError, job},
};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Committed,
    Aborted,
    /// It is under way.
    Open,
    /// The server knows nothing of it.
    Unknown,
}

/// Asks what became of the transaction of this number.
pub(super) fn fate(session: &Session, transaction: i64) -> Result<Fate, Failure> {
    let question = format!("SELECT pg_xact_status('{transaction}'::xid8)");
    match session.text(&question) {
        Ok(Some(status)) => Ok(match status.as_str() {
            "committed" => Fate::Committed,
            "aborted" => Fate::Aborted,
            _ => Fate::Open,
        }),
        // It was too long ago.
        Ok(None) => Ok(Fate::Unknown),
        Err(failure) if failure.remedy == Remedy::Reconnect => Err(failure),
        // To this server it is still to come.
        Err(_) => Ok(Fate::Unknown),
    }
}

/// The transactions of which it is not known whether they were committed.
#[derive(Debug, Default)]
pub(super) struct Doubts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open: Vec<Doubt>,
    /// A thread asks.
    asked: bool,
    /// No thread asks any more.
    closed: bool,
}

#[derive(Debug)]
struct Doubt {
    transaction: i64,
    events: Vec<Event>,
}

impl Doubts {
    /// Asks no more. Where there are other servers, they see this one end, and tell everybody.
    pub(super) fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.open.clear();
    }

    /// Takes what is to be asked for; `None` when there is nothing, and the thread ends.
    fn take(&self) -> Option<Vec<Doubt>> {
        let mut state = self.0.lock();
        if state.open.is_empty() {
            state.asked = false;
            return None;
        }
        Some(std::mem::take(&mut state.open))
    }

    fn put_back(&self, doubts: Vec<Doubt>) {
        let mut state = self.0.lock();
        if !state.closed {
            state.open.extend(doubts);
        }
    }
}

/// Goes on asking what became of a transaction, and publishes its events if it was committed.
pub(super) fn keep(shared: &Arc<Shared>, transaction: i64, events: Vec<Event>) {
    if events.is_empty() {
        return;
    }
    let doubt = Doubt {
        transaction,
        events,
    };
    {
        let mut state = shared.doubts.0.lock();
        if state.closed {
            return;
        }
        state.open.push(doubt);
        if std::mem::replace(&mut state.asked, true) {
            return;
        }
    }
    let asking = Arc::downgrade(shared);
    if let Err(error) = job::spawn("db.doubts", move || ask(&asking)) {
        tracing::error!(%error, "db.doubts_not_asked");
    }
}

fn ask(shared: &Weak<Shared>) {
    let mut session = None;
    loop {
        thread::sleep(PAUSE);
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let Some(doubts) = shared.doubts.take() else {
            return;
        };
        let mut left = Vec::new();
        for doubt in doubts {
            match look(&shared, &mut session, doubt.transaction) {
                Ok(Fate::Committed) => shared.publish(doubt.events),
                Ok(Fate::Aborted) => {}
                Ok(Fate::Unknown) => shared.publish(perhaps(&doubt.events)),
                Ok(Fate::Open) | Err(_) => left.push(doubt),
            }
        }
        shared.doubts.put_back(left);
    }
}

fn look(shared: &Shared, session: &mut Option<Session>, transaction: i64) -> Result<Fate, DbError> {
    let open = match session.take() {
        Some(open) => open,
        None => Session::open(new_runtime()?, &shared.target).map_err(|failure| failure.error)?,
    };
    let fate = fate(&open, transaction).map_err(|failure| failure.error)?;
    *session = Some(open);
    Ok(fate)
}

/// Returns what is said of events that perhaps have not happened.
fn perhaps(events: &[Event]) -> Vec<Event> {
    let scopes: BTreeSet<Scope> = events
        .iter()
        .filter_map(|event| match event {
            Event::Changes { scope, .. } | Event::Resync { scope } => Some(*scope),
            Event::Subscribe { user, .. } => Some(Scope::User(*user)),
            Event::EndDevice { .. } => None,
        })
        .collect();
    let resync = |scope| Event::Resync { scope };
    scopes.into_iter().map(resync).collect()
}

#[cfg(test)]
mod tests {
    use magpie_protocol::{ConversationId, DeviceId, UserId};

    use super::*;

    #[test]
    fn of_what_is_not_known_only_the_scopes_are_told() {
        let (user, room) = (UserId::new(3).unwrap(), ConversationId::new(5).unwrap());
        let changes = |scope| Event::Changes {
            scope,
            prev: 1,
            rev: 2,
            changes: vec![],
        };
        let events = [
            changes(Scope::Conversation(room)),
            changes(Scope::Conversation(room)),
            Event::Subscribe {
                user,
                conversation: room,
            },
            Event::EndDevice {
                device: DeviceId::new(1).unwrap(),
            },
        ];
        let mut told: Vec<Scope> = perhaps(&events)
            .iter()
            .map(|event| match event {
                Event::Resync { scope } => *scope,
                other => panic!("{other:?}"),
            })
            .collect();
        told.sort();
        let mut expected = [Scope::User(user), Scope::Conversation(room)];
        expected.sort();
        assert_eq!(told, expected);
    }
}
