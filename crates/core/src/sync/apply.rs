//! Writing what the server says into the local database.
//!
//! Everything here may be applied twice, and late: a scope's cursor decides what is news.

use std::collections::HashSet;

use magpie_protocol::{
    ConversationId, UserId,
    conversations::{Marks, Member, Membership},
    messages::{Message, Sent},
    sync::{Change, Difference, Head, Item, Scope},
};

use super::touched::Touched;
use crate::{
    Failure, pipeline,
    store::{
        Result, Tx,
        table::{
            account, blocks, conversations, drafts, friend_requests, friends, marks_owed, members,
            outbox, scopes,
        },
    },
};

/// What became of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They are in the database, now or since before.
    Done,
    /// Something before them is missing.
    Gap,
}

/// Applies the changes of a scope that lead from one revision to another.
pub(super) fn changes(
    tx: &Tx<'_>,
    me: UserId,
    scope: Scope,
    prev: u64,
    rev: u64,
    changes: Vec<Change>,
    touched: &mut Touched,
) -> Result<Outcome> {
    match scope {
        Scope::User(_) => user_changes(tx, me, prev, rev, changes, touched),
        Scope::Conversation(id) => {
            let Some(row) = conversations::get(tx, id)? else {
                return Ok(Outcome::Gap);
            };
            if rev <= row.cursor {
                return Ok(Outcome::Done);
            }
            let last_seq = last_seq(&changes);
            if prev > row.cursor {
                // What these changes say will come again. That they exist must not be forgotten.
                conversations::heard_of(tx, id, rev, last_seq)?;
                touched.marks(id);
                return Ok(Outcome::Gap);
            }
            conversation_items(tx, me, id, row.cursor, changes, touched)?;
            conversations::heard_of(tx, id, rev, last_seq)?;
            conversations::set_cursor(tx, id, rev, row.base_seq.max(last_seq))?;
            Ok(Outcome::Done)
        }
    }
}

/// Applies a difference of a conversation that leaves out the messages after `base_seq`. The cursor
/// moves all the same: what was left out is a hole in what is held.
pub(super) fn below(
    tx: &Tx<'_>,
    me: UserId,
    id: ConversationId,
    since: u64,
    difference: Difference,
    touched: &mut Touched,
) -> Result<()> {
    let Some(row) = conversations::get(tx, id)? else {
        return Ok(());
    };
    if since > row.cursor || difference.rev <= row.cursor {
        return Ok(());
    }
    conversation_items(tx, me, id, row.cursor, difference.changes, touched)?;
    // As long as more is to come, the messages after the base are left out once more.
    let base = if difference.more {
        row.base_seq
    } else {
        row.last_seq
    };
    conversations::set_cursor(tx, id, difference.rev, base)
}

fn user_changes(
    tx: &Tx<'_>,
    me: UserId,
    prev: u64,
    rev: u64,
    changes: Vec<Change>,
    touched: &mut Touched,
) -> Result<Outcome> {
    let scope = Scope::User(me);
    let cursor = scopes::cursor(tx, scope)?.unwrap_or(0);
    if rev <= cursor {
        return Ok(Outcome::Done);
    }
    if prev > cursor {
        return Ok(Outcome::Gap);
    }
    for change in changes {
        if change.rev > cursor {
            user_item(tx, me, &change.item, touched)?;
        }
    }
    scopes::set_cursor(tx, scope, rev)?;
    Ok(Outcome::Done)
}

/// Keeps a row of the user's scope.
pub(super) fn user_item(tx: &Tx<'_>, me: UserId, item: &Item, touched: &mut Touched) -> Result<()> {
    match item {
        Item::Account(own) => {
            account::set(tx, own)?;
            touched.account();
        }
        Item::Friend(friend) => {
            friends::upsert(tx, friend)?;
            touched.contacts();
            if friend.deleted {
                touched.parted(friend.user.id);
            }
            // Its line is called by the friend's name.
            touched.line(friend.conversation_id);
        }
        Item::FriendRequest(request) => {
            friend_requests::upsert(tx, request)?;
            touched.contacts();
        }
        Item::Block(block) => {
            blocks::upsert(tx, block)?;
            touched.contacts();
            if !block.deleted {
                touched.parted(block.user.id);
            }
        }
        Item::Membership(membership) => self::membership(tx, membership, touched)?,
        // The list of devices is asked for when it is shown.
        Item::Device { .. } => {}
        Item::Conversation(_) | Item::Member(_) | Item::Message(_) | Item::Unknown => {
            tracing::debug!(user = %me, "a row of another sort or version was passed over");
        }
    }
    Ok(())
}

fn conversation_items(
    tx: &Tx<'_>,
    me: UserId,
    id: ConversationId,
    cursor: u64,
    changes: Vec<Change>,
    touched: &mut Touched,
) -> Result<()> {
    let mut arrived: Vec<Message> = Vec::new();
    for change in changes {
        if change.rev <= cursor {
            continue;
        }
        match change.item {
            Item::Conversation(conversation) => {
                conversations::upsert(tx, me, &conversation)?;
                touched.line(id);
            }
            Item::Member(member) => self::member(tx, me, id, &member, touched)?,
            Item::Message(message) => arrived.push(message),
            _ => tracing::debug!("a row of another sort or version was passed over"),
        }
    }
    take_messages(tx, me, id, arrived, touched)
}

/// Takes messages in and touches all of them, known or not: a listener may have been told of a later
/// one before those that lead up to it.
fn take_messages(
    tx: &Tx<'_>,
    me: UserId,
    id: ConversationId,
    arrived: Vec<Message>,
    touched: &mut Touched,
) -> Result<()> {
    if arrived.is_empty() {
        return Ok(());
    }
    touched.messages(id, arrived.iter().map(|message| message.id));
    pipeline::take(tx, me, id, arrived)?;
    Ok(())
}

/// Keeps a member and their marks. One's own are what the server confirms.
fn member(
    tx: &Tx<'_>,
    me: UserId,
    id: ConversationId,
    member: &Member,
    touched: &mut Touched,
) -> Result<()> {
    members::upsert(tx, me, id, member)?;
    if member.user.id == me {
        confirm(tx, id, member)?;
        conversations::set_read(tx, id, member.read_seq)?;
    }
    touched.marks(id);
    Ok(())
}

fn confirm(tx: &Tx<'_>, id: ConversationId, own: &Member) -> Result<()> {
    let marks = Marks {
        delivered: Some(own.delivered_seq),
        read: Some(own.read_seq),
    };
    marks_owed::settle(tx, id, &marks)
}

fn membership(tx: &Tx<'_>, membership: &Membership, touched: &mut Touched) -> Result<()> {
    let id = membership.conversation_id;
    let marks = Marks {
        delivered: None,
        read: Some(membership.read_seq),
    };
    marks_owed::settle(tx, id, &marks)?;
    if conversations::get(tx, id)?.is_none() {
        touched.want(id);
        return Ok(());
    }
    conversations::apply_membership(tx, membership)?;
    touched.marks(id);
    Ok(())
}

/// Keeps a head. A direct conversation that is new here is known up to the head from now on: its
/// members are in it, and none of its older messages is held. Tells whether the conversation must be
/// caught up with.
pub(super) fn head(tx: &Tx<'_>, me: UserId, head: &Head, touched: &mut Touched) -> Result<bool> {
    let id = head.conversation.id;
    let cursor = conversations::get(tx, id)?.map_or(0, |row| row.cursor);
    conversations::apply_head(tx, me, head)?;
    for member in head.members.iter().filter(|member| member.user.id == me) {
        confirm(tx, id, member)?;
    }
    touched.marks(id);
    if let Some(message) = &head.last_message {
        let left = pipeline::take(tx, me, id, vec![message.clone()])?;
        touched.messages(id, left);
    }
    if cursor == 0 && !head.members.is_empty() {
        conversations::set_cursor(tx, id, head.rev, head.last_seq)?;
        return Ok(false);
    }
    if head.rev < cursor {
        // It was overtaken by changes, or the server was restored from a backup. Asking for the
        // difference tells which, and must not be forgotten though the link be cut before.
        conversations::doubt(tx, id, head.rev)?;
    }
    Ok(head.rev != cursor)
}

/// Begins the user's scope again: what the server does not have (any more) must go, and so must the
/// marks that are owed, for they may count messages that it has lost.
pub(super) fn restart_user(tx: &Tx<'_>, me: UserId) -> Result<()> {
    friends::clear(tx)?;
    friend_requests::clear(tx)?;
    blocks::clear(tx)?;
    marks_owed::clear(tx)?;
    scopes::forget(tx, Scope::User(me))?;
    scopes::set_since(tx, 0)
}

/// Begins everything again, for the server was restored from a copy: whatever is held may never have
/// been there, or other things may have taken its place. Of the conversations that it does not have
/// at all, those stay in which something was written here and not sent.
pub(super) fn restart_all(tx: &Tx<'_>, me: UserId, heads: &[Head]) -> Result<()> {
    restart_user(tx, me)?;
    let there: HashSet<_> = heads.iter().map(|head| head.conversation.id).collect();
    let drafts: HashSet<_> = drafts::list(tx)?.into_iter().map(|(id, _)| id).collect();
    for (id, _) in conversations::last_seqs(tx)? {
        let is_there = there.contains(&id);
        let unsent = drafts.contains(&id) || !outbox::of_conversation(tx, id)?.is_empty();
        if !is_there && unsent {
            continue;
        }
        conversations::restart(tx, id)?;
        if !is_there {
            conversations::remove(tx, id)?;
        }
    }
    Ok(())
}

/// Keeps that the server has a message: it leaves the outbox and takes its place in one step.
pub(super) fn ack(tx: &Tx<'_>, me: UserId, sent: &Sent, touched: &mut Touched) -> Result<()> {
    let Some(row) = outbox::get(tx, sent.id)? else {
        // It arrived as a change before its answer, or was deleted here.
        return Ok(());
    };
    let message = Message {
        id: sent.id,
        conversation_id: sent.conversation_id,
        seq: sent.seq,
        sender_id: Some(me),
        kind: row.kind,
        content: row.content,
        created_at: sent.created_at,
    };
    conversations::heard_of(tx, sent.conversation_id, 0, sent.seq)?;
    take_messages(tx, me, sent.conversation_id, vec![message], touched)
}

/// Keeps that the server refused a message for good.
pub(super) fn refused(
    tx: &Tx<'_>,
    id: magpie_protocol::MessageId,
    failure: &Failure,
    touched: &mut Touched,
) -> Result<()> {
    if let Some(row) = outbox::get(tx, id)? {
        outbox::fail(tx, id, failure)?;
        touched.messages(row.conversation_id, [id]);
    }
    Ok(())
}

/// Keeps a page of history.
pub(super) fn history(
    tx: &Tx<'_>,
    me: UserId,
    id: ConversationId,
    page: Vec<Message>,
    last_seq: u64,
    touched: &mut Touched,
    shown: bool,
) -> Result<()> {
    let before = conversations::get(tx, id)?.map(|row| row.unread);
    conversations::heard_of(tx, id, 0, last_seq)?;
    if shown {
        take_messages(tx, me, id, page, touched)?;
    } else {
        let left = pipeline::take(tx, me, id, page)?;
        if !left.is_empty() {
            touched.messages(id, left);
        }
    }
    if conversations::get(tx, id)?.map(|row| row.unread) != before {
        touched.marks(id);
    }
    Ok(())
}

/// Returns the last place among the messages of these changes; 0 where there is none.
fn last_seq(changes: &[Change]) -> u64 {
    changes
        .iter()
        .filter_map(|change| match &change.item {
            Item::Message(message) => Some(message.seq),
            _ => None,
        })
        .max()
        .unwrap_or(0)
}
