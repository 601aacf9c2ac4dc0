//! What somebody does who reads.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use magpie_core::{Core, timeline::OpenAt};
use rand::{SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::{Plan, cache::Chat, disk, open};
use crate::{measure::Latencies, report::Report};

/// How long it took.
pub(super) struct Read {
    /// Until the account was open, in milliseconds.
    pub(super) start: f64,
    /// The first list after that.
    pub(super) list_cold: f64,
    /// Every further one.
    pub(super) list: Latencies,
    /// Conversations that nobody looked at since the system has forgotten the file.
    pub(super) opened_cold: Latencies,
    /// The same ones again.
    pub(super) opened: Latencies,
    /// Climbs in long conversations.
    pub(super) climb: Latencies,
}

/// Returns the conversations that are opened, always the same ones.
pub(super) fn chosen(plan: Plan, chats: &[Chat]) -> Vec<Chat> {
    let mut rng = StdRng::seed_from_u64(2);
    chats.sample(&mut rng, plan.opened).copied().collect()
}

/// Returns the conversations that are climbed.
pub(super) fn long(plan: Plan, chats: &[Chat]) -> Vec<Chat> {
    let long = chats.iter().filter(|chat| chat.messages > plan.climb);
    long.take(plan.climbs).copied().collect()
}

pub(super) async fn measure(
    plan: Plan,
    chats: &[Chat],
    folder: &Path,
    database: &Path,
    report: &mut Report,
) -> Result<Read> {
    let begin = Instant::now();
    let (_home, core) = open(folder).await?;
    let start = millis(begin.elapsed());
    let (list_cold, list) = lists(plan, &core, chats, report).await?;
    core.close().await;
    disk::forget(database)?;
    let (_home, core) = {
        drop((_home, core));
        open(folder).await?
    };
    let mut passes = Vec::new();
    for _ in 0..2 {
        passes.push(conversations(plan, &core, chats, report).await?);
    }
    let climb = climbs(plan, &core, chats, report).await?;
    core.close().await;
    let mut passes = passes.into_iter();
    Ok(Read {
        start,
        list_cold,
        list,
        opened_cold: passes.next().map_or_else(Latencies::new, Ok)?,
        opened: passes.next().map_or_else(Latencies::new, Ok)?,
        climb,
    })
}

async fn lists(
    plan: Plan,
    core: &Core,
    chats: &[Chat],
    report: &mut Report,
) -> Result<(f64, Latencies)> {
    let mut cold = None;
    let mut warm = Latencies::new()?;
    for _ in 0..plan.lists {
        let begin = Instant::now();
        let list = core.conversations().await?;
        let took = begin.elapsed();
        match cold {
            None => cold = Some(millis(took)),
            Some(_) => warm.add(took),
        }
        let unread: u64 = chats.iter().map(|chat| chat.unread).sum();
        ensure!(list.items.len() == chats.len(), "the list is not whole");
        report.fault(
            "unread messages more or less in the list",
            unread.abs_diff(u64::from(list.unread_total)),
        );
    }
    Ok((cold.unwrap_or_default(), warm))
}

async fn conversations(
    plan: Plan,
    core: &Core,
    chats: &[Chat],
    report: &mut Report,
) -> Result<Latencies> {
    let mut latencies = Latencies::new()?;
    let mut wrong = 0;
    for chat in chosen(plan, chats) {
        let begin = Instant::now();
        let opened = core.open_timeline(chat.id, OpenAt::Unread).await?;
        latencies.add(begin.elapsed());
        let shown = u64::try_from(opened.messages.len())?;
        let wanted = if chat.unread == 0 {
            // The newest page.
            chat.messages.min(60)
        } else {
            shown
        };
        let unread = u64::from(opened.marks.unread);
        wrong += u64::from(shown != wanted || shown == 0 || unread != chat.unread);
    }
    report.fault("conversations opened otherwise than they are", wrong);
    Ok(latencies)
}

async fn climbs(plan: Plan, core: &Core, chats: &[Chat], report: &mut Report) -> Result<Latencies> {
    let mut latencies = Latencies::new()?;
    let mut wrong = 0;
    for chat in long(plan, chats) {
        let begin = Instant::now();
        let (mut before, mut seen) = (chat.messages + 1, 0);
        while seen < plan.climb {
            let page = core.older(chat.id, before).await?;
            let many = u64::try_from(page.messages.len())?;
            let first = page.messages.first().and_then(|message| message.seq);
            wrong += u64::from(first != Some(before - many));
            ensure!(many > 0, "history ends before its beginning");
            before -= many;
            seen += many;
        }
        latencies.add(begin.elapsed());
    }
    report.fault("pages that do not follow each other", wrong);
    Ok(latencies)
}

pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
