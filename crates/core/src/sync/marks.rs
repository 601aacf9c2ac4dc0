//! Telling the server how far this user has come.
//!
//! Marks are owed in the database until the server confirms them, so that none is forgotten. Of what
//! is owed, a conversation's marks are sent at most once a second. They count messages: of a server
//! that was restored from a backup, later ones than those that were seen here. So none is sent
//! before it is known under the present socket what was missed, nor any of a conversation of which
//! the server seems to hold less than this device.

use std::{collections::HashMap, sync::Arc, time::Duration};

use magpie_protocol::{
    ConversationId,
    conversations::Marks,
    frames::{ClientFrame, Mark},
};
use tokio::time::{Instant, sleep_until};

use crate::{
    client::Shared,
    socket::Connection,
    store::table::{conversations, marks_owed, members},
};

/// Between two marks of a conversation.
const PAUSE: Duration = Duration::from_secs(1);

/// Marks that are still owed so long after they were sent are sent again: the server may have refused
/// them for a moment, and its refusal does not say which.
const AGAIN: Duration = Duration::from_secs(60);

/// What was sent through the present socket, and when.
type Sent = HashMap<ConversationId, (Marks, Instant)>;

/// Sends what is owed whenever there is a socket.
pub(crate) async fn send_marks(shared: Arc<Shared>) {
    let mut wire = shared.wire.watch();
    let mut synced = shared.wire.watch_synced();
    loop {
        let Ok(present) = wire.wait_for(Option::is_some).await.map(|c| c.clone()) else {
            return std::future::pending().await;
        };
        let Some(connection) = present else { continue };
        let generation = Some(connection.generation);
        tokio::select! {
            _ = synced.wait_for(|synced| *synced == generation) => {}
            _ = wire.wait_for(|c| c.as_ref().map(|c| c.generation) != generation) => continue,
        }
        forget_confirmed(&shared).await;
        let mut sent = Sent::new();
        loop {
            let next = send(&shared, &connection, &mut sent).await;
            tokio::select! {
                () = shared.marks_owed.notified() => {}
                () = wait(next) => {}
                changed = wire.changed() => {
                    let present = wire.borrow_and_update().as_ref().map(|c| c.generation);
                    if changed.is_err() || present != generation {
                        break;
                    }
                }
            }
        }
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Forgets what the server is known to have: its confirmation may have come without being asked.
async fn forget_confirmed(shared: &Shared) {
    let me = shared.me;
    let forgotten = shared
        .store
        .write(move |tx| {
            for (id, _) in marks_owed::list(tx)? {
                for member in members::list(tx, id)? {
                    if member.user.id == me {
                        let marks = Marks {
                            delivered: Some(member.delivered_seq),
                            read: Some(member.read_seq),
                        };
                        marks_owed::settle(tx, id, &marks)?;
                    }
                }
                if conversations::get(tx, id)?.is_none() {
                    marks_owed::remove(tx, id)?;
                }
            }
            Ok(())
        })
        .await;
    if let Err(error) = forgotten {
        tracing::warn!(%error, "marks could not be looked through");
    }
}

/// What is to be done about the marks that are owed of a conversation.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// They are to be sent.
    Send {
        delivered: Option<u64>,
        read: Option<u64>,
    },
    /// They are to be looked at again then.
    Wait(Instant),
}

/// Decides what is to be done about marks, by what was sent of them and when.
fn step(owed: &Marks, sent: Option<&(Marks, Instant)>, now: Instant) -> Step {
    let sent = sent.filter(|(_, at)| now < *at + AGAIN);
    let before = sent.map_or_else(Marks::default, |(marks, _)| marks.clone());
    // A read mark brings the delivered mark with it.
    let delivered = owed
        .delivered
        .filter(|mark| Some(*mark) > before.delivered.max(owed.read).max(before.read));
    let read = owed.read.filter(|mark| Some(*mark) > before.read);
    match sent {
        Some((_, at)) if delivered.is_none() && read.is_none() => Step::Wait(*at + AGAIN),
        Some((_, at)) if now < *at + PAUSE => Step::Wait(*at + PAUSE),
        _ => Step::Send { delivered, read },
    }
}

/// Sends what is owed and was not sent lately. Returns when to look again.
async fn send(shared: &Shared, connection: &Connection, sent: &mut Sent) -> Option<Instant> {
    let owed = match shared.store.read(marks_owed::due).await {
        Ok(owed) => owed,
        Err(error) => {
            tracing::error!(%error, "marks cannot be read");
            return Some(Instant::now() + PAUSE * 10);
        }
    };
    let now = Instant::now();
    let mut next: Option<Instant> = None;
    for (id, marks) in owed {
        let mut look_at = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        let (delivered, read) = match step(&marks, sent.get(&id), now) {
            Step::Send { delivered, read } => (delivered, read),
            Step::Wait(until) => {
                look_at(until);
                continue;
            }
        };
        let mark = Mark {
            conversation_id: id,
            delivered,
            read,
        };
        if !connection.send(ClientFrame::Mark(mark)).await {
            return None;
        }
        look_at(now + AGAIN);
        sent.insert(id, (marks, now));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_sent_once_a_second_and_again_while_they_are_owed() {
        let marks = |delivered, read| Marks { delivered, read };
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let first = marks(Some(5), Some(3));
        let all = Step::Send {
            delivered: Some(5),
            read: Some(3),
        };
        assert_eq!(step(&first, None, begin), all);
        let sent = (first.clone(), begin);
        assert_eq!(step(&first, Some(&sent), begin), Step::Wait(after(60)));
        assert_eq!(step(&first, Some(&sent), after(59)), Step::Wait(after(60)));
        // Nobody said which marks were refused.
        assert_eq!(step(&first, Some(&sent), after(60)), all);
        // What is new goes by itself.
        let next = marks(Some(5), Some(4));
        assert_eq!(step(&next, Some(&sent), begin), Step::Wait(after(1)));
        let read = Step::Send {
            delivered: None,
            read: Some(4),
        };
        assert_eq!(step(&next, Some(&sent), after(1)), read);
        // What is read has been delivered.
        let both = marks(Some(5), Some(5));
        let read = Step::Send {
            delivered: None,
            read: Some(5),
        };
        assert_eq!(step(&both, None, begin), read);
        // The server has what was read, and the rest is owed still.
        assert_eq!(
            step(&marks(Some(5), None), Some(&sent), after(2)),
            Step::Wait(after(60))
        );
    }
}
