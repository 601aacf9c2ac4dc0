//! The task that looks at what changed and says what becomes of notifications.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use magpie_protocol::{
    ConversationId, Timestamp, UserId,
    conversations::ConversationKind,
    friends::{Direction, FriendRequest, RequestState},
    messages::Message,
    sync::Scope,
};
use rusqlite::Connection;
use tokio::{sync::Mutex, time::sleep};

use super::{
    Avatar, NotifyEvent,
    board::{Board, Chat, Circumstances, Facts, Known, Newest},
    hub::Pending,
};
use crate::{
    client::Shared,
    conversations::{count, title},
    socket::LinkState,
    store::{
        Result,
        table::{conversations, friend_requests, friends, messages, scopes, users},
    },
};

/// How soon it is tried again to read what is news.
const AGAIN: Duration = Duration::from_secs(2);

/// Reads what is held when this device is started, before anything can arrive.
pub(crate) fn known(db: &Connection, me: UserId, now: Timestamp) -> Result<Known> {
    let mut known = held(db, me, now)?;
    known.is_new = scopes::cursor(db, Scope::User(me))?.is_none();
    Ok(known)
}

/// Reads what is held now.
pub(crate) fn held(db: &Connection, me: UserId, now: Timestamp) -> Result<Known> {
    let requests = pending_requests(db, me, now)?;
    Ok(Known {
        last_seqs: conversations::last_seqs(db)?.into_iter().collect(),
        requests: requests.iter().map(|request| request.id).collect(),
        is_new: false,
    })
}

fn pending_requests(db: &Connection, me: UserId, now: Timestamp) -> Result<Vec<FriendRequest>> {
    let mut requests = friend_requests::list(db, me, Direction::Received)?;
    requests.retain(|request| request.state == RequestState::Pending && request.expires_at > now);
    Ok(requests)
}

/// Runs for as long as the account is open.
pub(crate) async fn run(shared: Arc<Shared>, board: Arc<Mutex<Board>>) {
    let mut board = board.lock().await;
    let mut link = shared.link.subscribe();
    let mut settings = shared.settings.clone();
    let mut was_online = false;
    loop {
        let online = *link.borrow_and_update() == LinkState::Online;
        let mut thought = true;
        if shared.hub.has_listeners() {
            thought = think(&shared, &mut board, online, online && !was_online).await;
            // What was missed is summed up once it has been read.
            if thought {
                was_online = online;
            }
        }
        tokio::select! {
            () = shared.hub.wake.notified() => {}
            changed = link.changed() => {
                if changed.is_err() {
                    // The owner is going, and this task with it.
                    return std::future::pending().await;
                }
                if *link.borrow() == LinkState::SignedOut {
                    shared.hub.emit(NotifyEvent::WithdrawAll);
                }
            }
            // It fails when the home is gone, and the settings stay as they are.
            Ok(()) = settings.changed() => {}
            () = sleep(AGAIN), if !thought => {}
        }
    }
}

/// Decides what is told of. Returns whether it could; what it could not is kept in mind.
async fn think(shared: &Shared, board: &mut Board, online: bool, caught_up: bool) -> bool {
    if shared.hub.awaits_history() {
        return !online;
    }
    if let Some(known) = shared.hub.take_history() {
        board.begin(known);
    }
    if !online && board.shows_nothing() {
        // All that has come so far would be read with each page that comes, for nothing.
        return true;
    }
    let pending = shared.hub.take();
    let now = shared.clock.now();
    let facts = match read(shared, board, &pending, now).await {
        Ok(facts) => facts,
        Err(error) => {
            tracing::warn!(%error, "what is news cannot be read");
            shared.hub.put_back(pending);
            return false;
        }
    };
    let settings = shared.settings.borrow().clone();
    let circumstances = Circumstances {
        now,
        quiet_hours: settings.quiet_hours.are_now(&*shared.clock),
        settings: &settings,
        looked_at: &shared.hub.looked_at(),
        caught_up,
    };
    let events = if online {
        board.decide(&facts, &circumstances)
    } else {
        // More may come before the device is up to date, and then it is told of in one.
        shared.hub.put_back(pending);
        board.withdraw(&facts, &circumstances)
    };
    for event in events {
        shared.hub.emit(event);
    }
    true
}

async fn read(shared: &Shared, board: &Board, pending: &Pending, now: Timestamp) -> Result<Facts> {
    let me = shared.me;
    let mut ids: BTreeSet<ConversationId> = pending.conversations.clone();
    if pending.all {
        let all = shared.store.read(conversations::last_seqs).await?;
        let moved = all.into_iter().filter(|(id, seq)| *seq > board.told(*id));
        ids.extend(moved.map(|(id, _)| id));
    }
    if ids.is_empty() && !pending.requests {
        return Ok(Facts::default());
    }
    let ids: Vec<_> = ids.into_iter().map(|id| (id, board.told(id))).collect();
    let requests = pending.requests;
    shared
        .store
        .read(move |db| {
            let mut facts = Facts::default();
            for (id, told) in ids {
                match chat(db, id, told)? {
                    Some(chat) => facts.chats.push(chat),
                    None => facts.gone.push(id),
                }
            }
            if requests {
                facts.requests = Some(pending_requests(db, me, now)?);
            }
            Ok(facts)
        })
        .await
}

fn chat(db: &Connection, id: ConversationId, told: u64) -> Result<Option<Chat>> {
    let Some(row) = conversations::get(db, id)? else {
        return Ok(None);
    };
    let Some(line) = conversations::line(db, id)? else {
        return Ok(None);
    };
    let after = told.min(row.last_seq).max(row.read_seq);
    let newest = match messages::last_counting_after(db, id, after)? {
        Some(message) => Some(newest(db, &line, &message)?),
        None => None,
    };
    Ok(Some(Chat {
        id,
        last_seq: row.last_seq,
        read_seq: row.read_seq,
        unread: count(row.unread),
        muted_until: line.muted_until,
        newest,
    }))
}

fn newest(db: &Connection, line: &conversations::Line, message: &Message) -> Result<Newest> {
    let called = title(line);
    let (sender, group, seed) = match line.kind {
        ConversationKind::Direct => {
            let seed = line.peer.as_ref().map_or(0, |peer| peer.id.get());
            (called.clone(), None, seed)
        }
        ConversationKind::Group => {
            let sender = match message.sender_id {
                Some(id) => name(db, id)?,
                None => String::new(),
            };
            (sender, Some(called.clone()), line.id.get())
        }
    };
    Ok(Newest {
        seq: message.seq,
        at: message.created_at,
        sender,
        group,
        avatar: Avatar { name: called, seed },
        body: conversations::cut(message.body()),
    })
}

fn name(db: &Connection, id: UserId) -> Result<String> {
    let remark = friends::get(db, id)?.map(|friend| friend.remark);
    match remark.filter(|remark| !remark.is_empty()) {
        Some(remark) => Ok(remark),
        None => Ok(users::get(db, id)?.map_or_else(String::new, |user| user.nickname)),
    }
}
