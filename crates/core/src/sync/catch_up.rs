//! Fetching what was missed.

use std::sync::Arc;

use magpie_protocol::{
    ConversationId, ErrorBody, ErrorCode,
    limits::PAGE_MAX,
    messages::History,
    sync::{Difference, Head, Scope, Sync},
};

use super::{
    apply::{self, Outcome},
    crew::Job,
    touched::commit,
};
use crate::{
    CoreError, CoreEvent, LocalCode,
    client::Shared,
    store::table::{
        conversations::{self, ConversationRow},
        held_ranges::{self, Range},
        scopes,
    },
};

/// A conversation that moved by more than so many revisions is not replayed: it gets its newest
/// page, and the rest as holes are filled.
const REPLAYED: u64 = 500;
/// How many of the newest messages are fetched before a conversation counts as caught up.
const NEWEST: u64 = 60;
/// The first page of a conversation is small, since somebody may wait for it.
const FIRST_PAGE: u64 = 100;

fn is_ahead(error: &CoreError) -> bool {
    matches!(
        error,
        CoreError::Server(ErrorBody {
            code: ErrorCode::CursorAhead,
            ..
        })
    )
}

/// Fetches what was missed in all scopes: the list is right after one round trip. Conversations that
/// moved are asked for as jobs of their own.
pub(super) async fn everything(shared: &Arc<Shared>) -> Result<(), CoreError> {
    let me = shared.me;
    let cursors = shared
        .store
        .read(move |db| {
            let rev = scopes::cursor(db, Scope::User(me))?.unwrap_or(0);
            Ok((rev, scopes::since(db)?, scopes::history(db)?))
        })
        .await?;
    let replaced = |sync: &Sync| {
        let held = cursors.2;
        sync.history != 0 && held.is_some_and(|held| held != sync.history)
    };
    let (since, sync) = match shared.api.sync(cursors.0, cursors.1, PAGE_MAX).await {
        Err(error) if is_ahead(&error) => {
            tracing::warn!("the server holds less than this device; starting again from nothing");
            shared
                .store
                .write(move |tx| apply::restart_user(tx, me))
                .await?;
            (0, shared.api.sync(0, 0, PAGE_MAX).await?)
        }
        Ok(sync) if replaced(&sync) => (0, shared.api.sync(0, 0, PAGE_MAX).await?),
        answer => (cursors.0, answer?),
    };
    let more = sync.user.more;
    let anew = replaced(&sync);
    let short = commit(shared, move |tx, touched| {
        // In one transaction with all that the server has now: nobody sees an empty list.
        if anew {
            apply::restart_all(tx, me, &sync.heads)?;
        }
        if sync.history != 0 {
            scopes::set_history(tx, sync.history)?;
        }
        for head in &sync.heads {
            if apply::head(tx, me, head, touched)? {
                touched.want(head.conversation.id);
            }
        }
        let Difference { changes, rev, .. } = sync.user;
        apply::changes(tx, me, Scope::User(me), since, rev, changes, touched)?;
        scopes::set_since(tx, sync.next_since)?;
        if since == 0 {
            // Where this began again, what is gone must go from the screen too.
            touched.contacts();
        }
        // Those that were left when the link was cut or the program ended.
        for row in conversations::apart(tx)? {
            touched.want(row.id);
        }
        let mut short = held_ranges::short_of_newest(tx, NEWEST)?;
        short.retain(|id| !touched.wants(*id));
        Ok(short)
    })
    .await?;
    if anew {
        tracing::warn!("the server was restored from a copy; everything is loaded anew");
        // What is gone cannot be told of one by one.
        shared.events.emit(CoreEvent::Resync);
    }
    // All of these are asked for before the end of this job is seen, so that being online waits for
    // them.
    for id in short {
        shared.want(Job::Newest(id));
    }
    if more {
        user(shared).await?;
    }
    Ok(())
}

/// Fetches what was missed in the user's scope.
pub(super) async fn user(shared: &Arc<Shared>) -> Result<(), CoreError> {
    let me = shared.me;
    let scope = Scope::User(me);
    loop {
        let since = shared
            .store
            .read(move |db| Ok(scopes::cursor(db, scope)?.unwrap_or(0)))
            .await?;
        let difference = match shared.api.account_changes(since, PAGE_MAX).await {
            Err(error) if is_ahead(&error) => {
                shared
                    .store
                    .write(move |tx| apply::restart_user(tx, me))
                    .await?;
                shared.want(Job::Everything);
                return Ok(());
            }
            answer => answer?,
        };
        let more = difference.more && difference.rev > since;
        commit(shared, move |tx, touched| {
            let Difference { changes, rev, .. } = difference;
            apply::changes(tx, me, scope, since, rev, changes, touched)
        })
        .await?;
        if !more {
            return Ok(());
        }
    }
}

/// Makes a conversation known here that the server knows.
///
/// # Errors
/// [`ErrorCode::ConversationNotFound`], or why the server could not be asked.
pub(crate) async fn introduce(shared: &Arc<Shared>, id: ConversationId) -> Result<(), CoreError> {
    let head = shared.api.conversation(id).await?;
    keep_head(shared, head, false).await
}

async fn keep_head(shared: &Arc<Shared>, head: Head, restart: bool) -> Result<(), CoreError> {
    let me = shared.me;
    commit(shared, move |tx, touched| {
        if restart {
            conversations::restart(tx, head.conversation.id)?;
        }
        apply::head(tx, me, &head, touched)?;
        Ok(())
    })
    .await
}

async fn find(
    shared: &Arc<Shared>,
    id: ConversationId,
) -> Result<Option<ConversationRow>, CoreError> {
    Ok(shared
        .store
        .read(move |db| conversations::get(db, id))
        .await?)
}

/// Catches up with a conversation, and then sees that its newest messages are held.
pub(super) async fn conversation(
    shared: &Arc<Shared>,
    id: ConversationId,
) -> Result<(), CoreError> {
    if find(shared, id).await?.is_none() {
        introduce(shared, id).await?;
    }
    let mut restarted = false;
    while let Some(row) = find(shared, id).await? {
        match step(shared, &row).await {
            Err(error) if is_ahead(&error) && !restarted => {
                tracing::warn!(conversation = %id, "the server holds less of it than this device");
                let head = shared.api.conversation(id).await?;
                keep_head(shared, head, true).await?;
                restarted = true;
            }
            Ok(Step::More) => {}
            Ok(Step::Done) => break,
            Err(error) => return Err(error),
        }
    }
    newest(shared, id).await
}

/// Sees that the newest messages of a conversation are held.
pub(super) async fn newest(shared: &Arc<Shared>, id: ConversationId) -> Result<(), CoreError> {
    while fill(shared, id, Reach::Newest).await? {}
    Ok(())
}

enum Step {
    More,
    Done,
}

/// Asks for one difference and applies it.
async fn step(shared: &Arc<Shared>, row: &ConversationRow) -> Result<Step, CoreError> {
    let (me, id, since) = (shared.me, row.id, row.cursor);
    let many = since == 0 || row.head_rev.saturating_sub(since) > REPLAYED;
    let below_seq = many.then_some(row.base_seq.saturating_add(1));
    let difference = shared
        .api
        .conversation_changes(id, since, below_seq, PAGE_MAX)
        .await?;
    let (more, rev) = (difference.more, difference.rev);
    let (row, outcome) = commit(shared, move |tx, touched| {
        // An answer to a cursor says that the server has come as far.
        conversations::heard_of(tx, id, rev, 0)?;
        let outcome = if many {
            apply::below(tx, me, id, since, difference, touched)?;
            Outcome::Done
        } else {
            let Difference { changes, rev, .. } = difference;
            let scope = Scope::Conversation(id);
            apply::changes(tx, me, scope, since, rev, changes, touched)?
        };
        Ok((conversations::get(tx, id)?, outcome))
    })
    .await?;
    let behind = row.is_some_and(|row| row.cursor < row.head_rev);
    if more || (behind && rev > since) || outcome == Outcome::Gap {
        // Only an answer that led further is worth asking again.
        if rev > since {
            return Ok(Step::More);
        }
        return Err(CoreError::local(
            LocalCode::NotMagpie,
            "a difference led nowhere",
        ));
    }
    Ok(Step::Done)
}

/// How far down holes are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Among the newest messages.
    Newest,
    /// Everywhere.
    All,
}

/// Fetches one page of the topmost hole of a conversation. Returns whether there was one and it is
/// smaller now.
pub(super) async fn fill(
    shared: &Arc<Shared>,
    id: ConversationId,
    reach: Reach,
) -> Result<bool, CoreError> {
    let hole = shared
        .store
        .read(move |db| {
            let Some(row) = conversations::get(db, id)? else {
                return Ok(None);
            };
            let lowest = match reach {
                Reach::Newest => row.last_seq.saturating_sub(NEWEST - 1).max(1),
                Reach::All => 1,
            };
            let first = row.trimmed_seq.saturating_add(1);
            let top = held_ranges::gaps(db, id, first, row.last_seq)?.pop();
            Ok(top.filter(|hole| hole.to >= lowest))
        })
        .await?;
    let Some(hole) = hole else { return Ok(false) };
    let most = match reach {
        Reach::Newest => FIRST_PAGE,
        Reach::All => u64::from(PAGE_MAX),
    };
    let from = hole.from.max(hole.to.saturating_sub(most - 1));
    let many = u32::try_from(hole.to - from + 1).unwrap_or(PAGE_MAX);
    let page = shared
        .api
        .history_before(id, hole.to.saturating_add(1), many)
        .await?;
    let filled = page
        .messages
        .iter()
        .any(|message| (hole.from..=hole.to).contains(&message.seq));
    keep_history(shared, id, page, reach == Reach::Newest).await?;
    if !filled {
        tracing::warn!(conversation = %id, from = hole.from, to = hole.to, "the server does not hold what is missing");
    }
    Ok(filled)
}

/// Fetches a page of a hole that somebody looks at, from below or from above.
///
/// # Errors
/// Why the server could not be asked.
pub(crate) async fn fill_below(
    shared: &Arc<Shared>,
    id: ConversationId,
    hole: Range,
    upwards: bool,
) -> Result<(), CoreError> {
    let many = u32::try_from(hole.to - hole.from + 1)
        .unwrap_or(PAGE_MAX)
        .clamp(1, 100);
    let page = if upwards {
        shared
            .api
            .history_after(id, hole.from.saturating_sub(1), many)
            .await?
    } else {
        shared
            .api
            .history_before(id, hole.to.saturating_add(1), many)
            .await?
    };
    keep_history(shared, id, page, false).await
}

async fn keep_history(
    shared: &Arc<Shared>,
    id: ConversationId,
    page: History,
    shown: bool,
) -> Result<(), CoreError> {
    let me = shared.me;
    commit(shared, move |tx, touched| {
        apply::history(tx, me, id, page.messages, page.last_seq, touched, shown)
    })
    .await
}
