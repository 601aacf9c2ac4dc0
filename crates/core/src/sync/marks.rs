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

/// Sends what is owed and was not sent yet. Returns when to look again.
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
        let (before, at) = match sent.get(&id) {
            Some((marks, at)) => (marks.clone(), Some(*at)),
            None => (Marks::default(), None),
        };
        // A read mark brings the delivered mark with it.
        let delivered = marks
            .delivered
            .filter(|mark| Some(*mark) > before.delivered.max(marks.read).max(before.read));
        let read = marks.read.filter(|mark| Some(*mark) > before.read);
        if delivered.is_none() && read.is_none() {
            continue;
        }
        if let Some(free) = at.map(|at| at + PAUSE).filter(|free| *free > now) {
            next = Some(next.map_or(free, |next| next.min(free)));
            continue;
        }
        let mark = Mark {
            conversation_id: id,
            delivered,
            read,
        };
        if !connection.send(ClientFrame::Mark(mark)).await {
            return None;
        }
        let marks = Marks {
            delivered: delivered.max(before.delivered),
            read: read.max(before.read),
        };
        sent.insert(id, (marks, now));
    }
    next
}
