//! Holds what a device shows against what the server has.

use magpie_core::{
    FailureCode,
    conversations::{ConversationItem, Delivery},
    timeline::{MessageView, SendStatus},
};
use magpie_protocol::{
    ErrorCode, UserId,
    friends::{Block, Friend},
    messages::{Body, Message, MessageState},
    sync::Head,
};

use crate::{Device, Person, record::Entry};

/// What the server has for a person, and what it refused.
pub struct Known {
    /// Each conversation's head, its whole history, and what was sent to it and is not there.
    pub conversations: Vec<(Head, Vec<Message>, Vec<Entry>)>,
    /// The person's friends.
    pub friends: Vec<Friend>,
    /// Whom the person has blocked.
    pub blocks: Vec<Block>,
}

/// Checks all that a device shows.
///
/// # Errors
/// What is wrong.
pub async fn device(device: &Device, person: &Person, known: &Known) -> Result<(), String> {
    let wrong = |what: String| format!("{}: {what}", device.label());
    let list = device.core().conversations().await;
    let list = list.map_err(|error| wrong(error.to_string()))?;
    if list.items.len() != known.conversations.len() {
        let (shown, due) = (list.items.len(), known.conversations.len());
        return Err(wrong(format!(
            "{shown} conversations in the list, {due} on the server"
        )));
    }
    if !list
        .items
        .is_sorted_by_key(|item| std::cmp::Reverse(item.updated_at))
    {
        return Err(wrong(format!(
            "the list is out of order: {:#?}",
            list.items
        )));
    }
    let mut unread_total = 0;
    for (head, history, refused) in &known.conversations {
        let id = head.conversation.id;
        let wrong = |what: String| wrong(format!("conversation {id}: {what}"));
        let item = list.items.iter().find(|item| item.id == id);
        let item = item.ok_or_else(|| wrong("not in the list".to_owned()))?;
        let whole = device.timeline(id).await.map_err(wrong)?;
        let refused = refused
            .iter()
            .filter(|entry| entry.device == device.label());
        let refused: Vec<&Entry> = refused.collect();
        messages(&whole.messages, history, &refused, person.id()).map_err(wrong)?;

        let read_seq = head.membership.read_seq;
        let unread = unread_after(read_seq, history, person.id());
        let equal = |what: &str, shown: u64, due: u64| {
            if shown == due {
                return Ok(());
            }
            Err(wrong(format!("{what} is {shown} instead of {due}")))
        };
        let marks = whole.snapshot.marks;
        equal("the server's unread count", head.unread, unread)?;
        equal("read_seq", marks.read_seq, read_seq)?;
        equal("unread in the timeline", marks.unread.into(), unread)?;
        equal("unread in the list", item.unread.into(), unread)?;
        equal("last_seq", marks.last_seq, history.len() as u64)?;
        equal("the server's last_seq", head.last_seq, history.len() as u64)?;
        let others = || {
            head.members
                .iter()
                .filter(|member| member.user.id != person.id())
        };
        let delivered = others().map(|member| member.delivered_seq).min();
        let read = others().map(|member| member.read_seq).min();
        equal(
            "delivered to others",
            marks.others_delivered_seq,
            delivered.unwrap_or(0),
        )?;
        equal("read by others", marks.others_read_seq, read.unwrap_or(0))?;
        line(
            item,
            &whole.messages,
            delivered.unwrap_or(0),
            read.unwrap_or(0),
        )
        .map_err(wrong)?;
        unread_total += unread;
    }
    if u64::from(list.unread_total) != unread_total {
        let shown = list.unread_total;
        return Err(wrong(format!(
            "{shown} unread in all instead of {unread_total}"
        )));
    }
    contacts(device, known).await.map_err(wrong)
}

/// Checks that everybody's marks have come as far as they must once all devices hold everything.
///
/// # Errors
/// What is wrong.
pub fn marks(known: &Known, cast: &[Person]) -> Result<(), String> {
    for (head, history, _) in &known.conversations {
        for member in &head.members {
            if !cast.iter().any(|person| person.id() == member.user.id) {
                continue;
            }
            let others = history.iter().filter(|message| {
                message
                    .sender_id
                    .is_some_and(|sender| sender != member.user.id)
            });
            let due = others.map(|message| message.seq).max().unwrap_or(0);
            if member.delivered_seq < due {
                return Err(format!(
                    "conversation {}: {} holds {due} messages, their mark says {}",
                    head.conversation.id, member.user.username, member.delivered_seq
                ));
            }
            if member.read_seq > member.delivered_seq {
                return Err(format!("{member:?} has read what was not delivered"));
            }
        }
    }
    Ok(())
}

fn unread_after(read_seq: u64, history: &[Message], me: UserId) -> u64 {
    let unread = history.iter().filter(|message| {
        message.seq > read_seq && message.sender_id.is_some_and(|sender| sender != me)
    });
    unread.count() as u64
}

fn messages(
    shown: &[MessageView],
    history: &[Message],
    refused: &[&Entry],
    me: UserId,
) -> Result<(), String> {
    let stored = shown.iter().take_while(|view| view.seq.is_some());
    let stored: Vec<&MessageView> = stored.collect();
    for (view, message) in stored.iter().zip(history) {
        let due = MessageView {
            id: message.id,
            seq: Some(message.seq),
            queue_order: None,
            sender_id: message.sender_id,
            mine: message.sender_id == Some(me),
            body: message.body(),
            created_at: message.created_at,
            status: SendStatus::Stored,
        };
        if **view != due {
            return Err(format!("shows {view:?} instead of {due:?}"));
        }
    }
    if stored.len() != history.len() {
        let (shown, due) = (stored.len(), history.len());
        return Err(format!("shows {shown} messages, the server has {due}"));
    }
    let unsent = &shown[stored.len()..];
    if let Some(place) = unsent.iter().find_map(|view| view.seq) {
        return Err(format!("{place} stands after unsent ones"));
    }
    for view in unsent {
        let SendStatus::Failed { failure } = &view.status else {
            return Err(format!("{:?} waits", view.id));
        };
        let refusals = [
            ErrorCode::NotFriends,
            ErrorCode::Blocked,
            ErrorCode::BlockedByYou,
        ];
        if !matches!(failure.code, FailureCode::Server(code) if refusals.contains(&code)) {
            return Err(format!(
                "{:?} failed for a strange reason: {failure:?}",
                view.id
            ));
        }
    }
    let (shown, due) = (unsent.len(), refused.len());
    for entry in refused {
        if !unsent.iter().any(|view| view.id == entry.id) {
            return Err(format!("neither the server nor the outbox has {entry:?}"));
        }
    }
    if shown != due {
        return Err(format!("{shown} refused messages instead of {due}"));
    }
    Ok(())
}

fn line(
    item: &ConversationItem,
    shown: &[MessageView],
    delivered: u64,
    read: u64,
) -> Result<(), String> {
    let failed = shown.iter().filter(|view| view.seq.is_none()).count();
    if item.failed as usize != failed {
        return Err(format!(
            "the list counts {} failed instead of {failed}",
            item.failed
        ));
    }
    let Some(preview) = &item.preview else {
        return if shown.is_empty() {
            Ok(())
        } else {
            Err("the list shows no last message".to_owned())
        };
    };
    let Some(last) = shown.last() else {
        return Err(format!("the list shows {preview:?}, and there is nothing"));
    };
    let same = match (&preview.body, &last.body) {
        (Body::Text(preview), Body::Text(text)) => {
            preview.text == text.text || (preview.text.len() >= 200 && text.text.len() > 200)
        }
        (preview, body) => preview == body,
    };
    if !same || preview.sender_id != last.sender_id {
        return Err(format!(
            "the list shows {preview:?}, the last message is {last:?}"
        ));
    }
    let due = match (last.mine, last.seq) {
        (false, _) => None,
        (true, None) => Some(Delivery::Failed),
        (true, Some(seq)) if seq <= read => Some(Delivery::Stored(MessageState::Read)),
        (true, Some(seq)) if seq <= delivered => Some(Delivery::Stored(MessageState::Delivered)),
        (true, Some(_)) => Some(Delivery::Stored(MessageState::Sent)),
    };
    if preview.delivery != due {
        let shown = &preview.delivery;
        return Err(format!(
            "the list says {shown:?} of the last message, it is {due:?}"
        ));
    }
    Ok(())
}

async fn contacts(device: &Device, known: &Known) -> Result<(), String> {
    let contacts = device
        .core()
        .contacts()
        .await
        .map_err(|error| error.to_string())?;
    let mut shown: Vec<Friend> = contacts
        .friends
        .into_iter()
        .map(|view| view.friend)
        .collect();
    shown.sort_by_key(|friend| friend.user.id);
    if shown != known.friends {
        let due = &known.friends;
        return Err(format!("friends are {shown:#?} instead of {due:#?}"));
    }
    let mut shown: Vec<UserId> = contacts.blocked.iter().map(|user| user.id).collect();
    shown.sort();
    let mut due: Vec<UserId> = known.blocks.iter().map(|block| block.user.id).collect();
    due.sort();
    if shown != due {
        return Err(format!("blocked are {shown:?} instead of {due:?}"));
    }
    Ok(())
}
