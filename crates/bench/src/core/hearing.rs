//! Messages that arrive.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use magpie_core::{
    Core,
    protocol::{
        Timestamp,
        frames::ServerFrame,
        messages::Message,
        sync::{Change, Item, Scope},
    },
    timeline::OpenAt,
};
use rand::{SeedableRng as _, rngs::StdRng};

use super::{Plan, cache::Chat, corpus::Corpus, floor::Bare, open, reading::millis};
use crate::report::{Budget, Figure, Report};

/// In which way the same number of messages comes.
struct Way {
    name: &'static str,
    /// In so many conversations.
    spread: u64,
    /// So many of one conversation in one frame.
    each: u64,
}

/// Applies the messages in each way, to conversations of its own each, and adds the figures.
pub(super) async fn measure(
    plan: Plan,
    chats: &[Chat],
    folder: &Path,
    file: &(PathBuf, String),
    report: &mut Report,
) -> Result<()> {
    let Plan {
        incoming, spread, ..
    } = plan;
    let ways = [
        Way {
            name: "live, a frame each",
            spread,
            each: 1,
        },
        Way {
            name: "missed, many in a frame",
            spread,
            each: incoming / spread,
        },
        Way {
            name: "live, all in one conversation",
            spread: 1,
            each: 1,
        },
    ];
    let mut left = chats.iter().filter(|chat| chat.unread == 0).copied();
    let mut taken = Vec::new();
    for (seed, way) in (3..).zip(&ways) {
        let chats: Vec<Chat> = left.by_ref().take(usize::try_from(way.spread)?).collect();
        let messages = messages(seed, incoming, &chats)?;
        taken.push((way, chats, messages));
    }
    let (_home, core) = open(folder).await?;
    let mut figures = Vec::new();
    for (way, chats, messages) in &taken {
        let frames = frames(way, chats, messages)?;
        // As the shell does, which hands everything on to the page.
        let mut events = core.events();
        let listener = tokio::spawn(async move {
            let mut bytes = 0;
            while let Some(event) = events.next().await {
                bytes += serde_json::to_string(&event).map_or(0, |text| text.len());
            }
            bytes
        });
        let begin = Instant::now();
        core.hear_frames(&frames).await;
        figures.push(millis(begin.elapsed()));
        listener.abort();
        check(&core, chats, messages, report).await?;
    }
    core.close().await;
    let floors: Vec<f64> = {
        let bare = Bare::open(file)?;
        let floor = |(seed, (_, chats, _)): (u64, &(_, Vec<Chat>, _))| {
            // Others after those that are there by now.
            let after: Vec<Chat> = chats
                .iter()
                .map(|chat| Chat {
                    messages: chat.messages + incoming,
                    ..*chat
                })
                .collect();
            bare.hearing(&messages(seed, incoming, &after)?)
        };
        (103..).zip(&taken).map(floor).collect::<Result<_>>()?
    };
    for (((way, _, _), took), floor) in taken.iter().zip(figures).zip(floors) {
        let name = format!("{incoming} incoming, {}", way.name);
        let figure = Figure::new(name, took, "ms").floor(floor);
        report.add(figure.budget(Budget::AtMost(1_000.0)));
    }
    Ok(())
}

/// Writes the next messages of these conversations, by turns.
fn messages(seed: u64, many: u64, chats: &[Chat]) -> Result<Vec<Message>> {
    let mut corpus = Corpus::new(StdRng::seed_from_u64(seed))?;
    let spread = u64::try_from(chats.len())?;
    ensure!(spread > 0, "there are too few conversations");
    (0..many)
        .map(|nth| {
            let chat = chats
                .get(usize::try_from(nth % spread)?)
                .context("no such conversation")?;
            let at = Timestamp(1_790_000_100_000 + i64::try_from(nth)?);
            let seq = chat.messages + 1 + nth / spread;
            Ok(corpus.message(chat.id, seq, chat.peer, at))
        })
        .collect()
}

/// Puts messages into frames, as the server would send them.
fn frames(way: &Way, chats: &[Chat], messages: &[Message]) -> Result<Vec<String>> {
    let mut frames = Vec::new();
    let frame = |messages: &[&Message]| -> Result<String> {
        let (first, last) = messages.first().zip(messages.last()).context("empty")?;
        // Every message is one revision here.
        Ok(serde_json::to_string(&ServerFrame::Changes {
            scope: Scope::Conversation(first.conversation_id),
            prev: first.seq - 1,
            rev: last.seq,
            changes: messages
                .iter()
                .map(|message| Change {
                    rev: message.seq,
                    item: Item::Message((*message).clone()),
                })
                .collect(),
        })?)
    };
    if way.each == 1 {
        for message in messages {
            frames.push(frame(&[message])?);
        }
        return Ok(frames);
    }
    for chat in chats {
        let own: Vec<&Message> = messages
            .iter()
            .filter(|message| message.conversation_id == chat.id)
            .collect();
        for some in own.chunks(usize::try_from(way.each)?) {
            frames.push(frame(some)?);
        }
    }
    Ok(frames)
}

/// Looks whether everything is there, unread, in its place, and shown in the list.
async fn check(
    core: &Core,
    chats: &[Chat],
    messages: &[Message],
    report: &mut Report,
) -> Result<()> {
    let list = core.conversations().await?;
    let mut wrong = 0;
    for chat in chats {
        let new: Vec<&Message> = messages
            .iter()
            .filter(|message| message.conversation_id == chat.id)
            .collect();
        let many = u64::try_from(new.len())?;
        let line = list.items.iter().find(|item| item.id == chat.id);
        let last = new.last().context("nothing was sent there")?;
        wrong += u64::from(line.is_none_or(|line| {
            u64::from(line.unread) != many || line.updated_at != last.created_at
        }));
        let opened = core.open_timeline(chat.id, OpenAt::Latest).await?;
        let shown = opened.messages.last();
        wrong += u64::from(shown.is_none_or(|shown| shown.id != last.id));
        wrong += u64::from(opened.marks.last_seq != chat.messages + many);
        let mut before = chat.messages + many + 1;
        let mut left = new.as_slice();
        while let Some((_, rest)) = left.split_last() {
            let page = core.older(chat.id, before).await?;
            ensure!(!page.messages.is_empty(), "a message is missing");
            for shown in page.messages.iter().rev() {
                let Some((last, rest)) = left.split_last() else {
                    break;
                };
                wrong += u64::from(shown.id != last.id || shown.body != last.body());
                left = rest;
                before = before.saturating_sub(1);
            }
            if rest.is_empty() {
                break;
            }
        }
    }
    report.fault("incoming messages lost, doubled or out of place", wrong);
    Ok(())
}
