//! What a transaction changed, and telling the listeners of it.
//!
//! A transaction notes only what it touched. After the commit, what is there now is read from the
//! database and emitted, one such reading after the other, so that of two events about the same
//! thing the later one is never the older one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use magpie_protocol::{ConversationId, MessageId, UserId, accounts::Account};
use rusqlite::Connection;

use crate::{
    CoreError, CoreEvent, LocalCode,
    client::Shared,
    conversations::{self, ConversationItem},
    store::{
        Result, Tx,
        table::{self, account},
    },
    sync::Job,
    timeline,
};

/// Beyond so many lines it is quicker to read the whole list.
const MANY_LINES: usize = 256;

/// What a transaction changed.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    lines: BTreeSet<ConversationId>,
    timelines: BTreeMap<ConversationId, BTreeSet<MessageId>>,
    contacts: bool,
    parted: BTreeSet<UserId>,
    account: bool,
    wanted: BTreeSet<ConversationId>,
    outbox: bool,
}

impl Touched {
    /// There is something new to send.
    pub(crate) fn outbox(&mut self) {
        self.outbox = true;
    }

    /// A conversation must be caught up with; it may not even be known here.
    pub(crate) fn want(&mut self, id: ConversationId) {
        self.wanted.insert(id);
    }

    /// Tells whether [`Touched::want`] was said of a conversation.
    pub(crate) fn wants(&self, id: ConversationId) -> bool {
        self.wanted.contains(&id)
    }

    /// A line of the list changed.
    pub(crate) fn line(&mut self, id: ConversationId) {
        self.lines.insert(id);
    }

    /// Marks of a conversation changed, and with them its line.
    pub(crate) fn marks(&mut self, id: ConversationId) {
        self.line(id);
        self.timelines.entry(id).or_default();
    }

    /// Messages of a conversation changed, are new, or are gone.
    pub(crate) fn messages(
        &mut self,
        id: ConversationId,
        messages: impl IntoIterator<Item = MessageId>,
    ) {
        self.line(id);
        self.timelines.entry(id).or_default().extend(messages);
    }

    /// Friends, requests or blocks changed.
    pub(crate) fn contacts(&mut self) {
        self.contacts = true;
    }

    /// Somebody is no friend any more, or is blocked.
    pub(crate) fn parted(&mut self, id: UserId) {
        self.parted.insert(id);
    }

    /// One's own account changed.
    pub(crate) fn account(&mut self) {
        self.account = true;
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.timelines.is_empty() && !self.contacts && !self.account
    }
}

/// Runs a closure in a transaction and tells the listeners what it touched, to the end of both even
/// if the caller stops waiting: nobody may be left with an old picture of what is in the database.
///
/// # Errors
/// What the closure returns, or a failure of the database.
pub(crate) async fn commit<T, F>(shared: &Arc<Shared>, work: F) -> std::result::Result<T, CoreError>
where
    T: Send + 'static,
    F: FnOnce(&Tx<'_>, &mut Touched) -> Result<T> + Send + 'static,
{
    let shared = Arc::clone(shared);
    let task = tokio::spawn(async move {
        let (value, touched) = shared
            .store
            .write(move |tx| {
                let mut touched = Touched::default();
                let value = work(tx, &mut touched)?;
                Ok((value, touched))
            })
            .await
            .map_err(|error| {
                let error = CoreError::from(error);
                shared.troubles.note("store", error.code());
                error
            })?;
        tell(&shared, touched).await;
        Ok(value)
    });
    task.await
        .unwrap_or_else(|_| Err(CoreError::local(LocalCode::Internal, "a commit broke off")))
}

/// Wakes whoever has work from what was touched, and tells the listeners. To be called after the
/// commit.
pub(super) async fn tell(shared: &Shared, touched: Touched) {
    for id in &touched.wanted {
        shared.want(Job::Conversation(*id));
    }
    if touched.outbox {
        shared.outbox_grew.notify_one();
    }
    shared.marks_owed.notify_one();
    shared.hub.touched(&touched.lines, touched.contacts);
    shared
        .presence
        .forget(touched.parted.iter().copied(), &shared.events);
    if touched.is_empty() || !(touched.account || shared.events.has_listeners()) {
        return;
    }
    let _order = shared.events.order.lock().await;
    let me = shared.me;
    let read = shared
        .store
        .read(move |db| {
            let account = match touched.account {
                true => account::get(db)?,
                false => None,
            };
            let mut events = Vec::new();
            if touched.contacts {
                events.push(CoreEvent::Contacts);
            }
            for (id, messages) in touched.timelines {
                events.extend(timeline::event(db, me, id, messages)?);
            }
            if !touched.lines.is_empty() {
                events.push(list(db, me, &touched.lines)?);
            }
            Ok((account, events))
        })
        .await;
    match read {
        Ok((account, events)) => {
            if let Some(account) = account {
                remember(shared, account);
            }
            for event in events {
                shared.events.emit(event);
            }
        }
        Err(error) => {
            tracing::error!(%error, "what changed cannot be read");
            shared.events.emit(CoreEvent::Resync);
        }
    }
}

fn remember(shared: &Shared, account: Account) {
    *shared.account.lock() = account.clone();
    shared.events.emit(CoreEvent::Account { account });
}

fn list(db: &Connection, me: UserId, ids: &BTreeSet<ConversationId>) -> Result<CoreEvent> {
    let lines = if ids.len() > MANY_LINES {
        let mut lines = table::conversations::lines(db)?;
        lines.retain(|line| ids.contains(&line.id));
        lines
    } else {
        let mut lines = Vec::new();
        for id in ids {
            lines.extend(table::conversations::line(db, *id)?);
        }
        lines
    };
    let items: Vec<ConversationItem> = lines
        .into_iter()
        .map(|line| conversations::item(me, line))
        .collect();
    let unread = table::conversations::unread_total(db)?;
    Ok(CoreEvent::Conversations {
        items,
        unread_total: conversations::count(unread),
    })
}
