//! A profile with a large cache: made once through the core's own code, and kept for later runs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use magpie_core::{
    Core, Home, HomeOptions, SystemClock,
    protocol::{
        ConversationId, DeviceId, Timestamp, UserId,
        accounts::{Account, Device, Gender, Platform, User},
        conversations::{Conversation, ConversationKind, Member, Membership},
        friends::Friend,
        messages::{History, Message},
        sessions::{Secret, SignedIn, Tokens},
        sync::{Change, Difference, Head, Item, Sync},
    },
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use rand_distr::{Distribution as _, Geometric, LogNormal};

use super::corpus::Corpus;

/// Grows by one when the same size and seed give another cache than before.
const GENERATION: u32 = 1;
const SEED: u64 = 0x6d61_6770_6965;
/// The server that is not there: nothing listens on this port.
const SERVER: &str = "http://127.0.0.1:9";
/// Messages are from the two years before this moment.
const NEWEST: i64 = 1_790_000_000_000;
const SPAN: i64 = 2 * 365 * 86_400_000;
/// How many messages are stored in one transaction.
const AT_ONCE: usize = 5_000;
/// I am this user; the others have the numbers after it.
const ME: u64 = 10_000;

/// How large a cache is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Messages in all conversations.
    pub(crate) messages: u64,
    /// Direct conversations, each with another person.
    pub(crate) conversations: u64,
}

impl Size {
    /// Returns the folder of a cache of this size under the folder of all results.
    pub(crate) fn folder(self, results: &Path) -> PathBuf {
        let Self {
            messages,
            conversations,
        } = self;
        results.join(format!(
            "cache-{messages}-in-{conversations}-generation-{GENERATION}"
        ))
    }
}

/// A conversation of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chat {
    /// The conversation.
    pub(crate) id: ConversationId,
    /// The other person.
    pub(crate) peer: UserId,
    /// How many messages it has; the last one stands at this place.
    pub(crate) messages: u64,
    /// How many of them are unread. They are all the other's.
    pub(crate) unread: u64,
}

/// Returns the conversations of a cache: a few long ones and many short ones.
///
/// # Errors
/// When the size makes no sense.
pub(crate) fn chats(size: Size) -> Result<Vec<Chat>> {
    ensure!(
        size.conversations > 0 && size.messages >= 4 * size.conversations,
        "a cache needs conversations, and each of them messages"
    );
    let mut rng = StdRng::seed_from_u64(SEED);
    let shape = LogNormal::new(0.0_f64, 1.5)?;
    let weights: Vec<f64> = (0..size.conversations)
        .map(|_| shape.sample(&mut rng))
        .collect();
    let all: f64 = weights.iter().sum();
    let mut left = size.messages - 2 * size.conversations;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let spare = left as f64;
    let mut chats = Vec::new();
    for (nth, weight) in (1..).zip(weights) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count"
        )]
        let share = ((weight / all * spare) as u64).min(left);
        left -= share;
        let messages = 2 + share;
        let unread = match nth % 10 {
            0 => rng.random_range(1..=messages.min(60)),
            _ => 0,
        };
        chats.push(Chat {
            id: ConversationId::new(nth)?,
            peer: UserId::new(ME + nth)?,
            messages,
            unread,
        });
    }
    // What rounding left over.
    if let Some(first) = chats.first_mut() {
        first.messages += left;
    }
    Ok(chats)
}

/// Opens the profile that lies in a folder as the app lays it out.
///
/// # Errors
/// When it cannot be opened.
pub(crate) async fn home(folder: &Path) -> Result<Home> {
    let options = HomeOptions {
        folder: folder.join("profiles/default"),
        keychain_service: "chat.magpie.bench".to_owned(),
        keychain: false,
        device_name: "bench".to_owned(),
        clock: Arc::new(SystemClock),
    };
    Ok(Home::open(options).await?)
}

/// Sees to it that there is a cache of this size, and returns its folder.
///
/// # Errors
/// When it cannot be made.
pub(crate) async fn ensure(results: &Path, size: Size) -> Result<PathBuf> {
    let folder = size.folder(results);
    if folder.is_dir() {
        return Ok(folder);
    }
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    let begin = Instant::now();
    let home = home(&unfinished).await?;
    let core = home.enter_unasked(SERVER, signed_in()?).await?;
    fill(&core, size).await?;
    core.close().await;
    drop((core, home));
    fs::rename(&unfinished, &folder).context("the cache cannot be put in its place")?;
    println!(
        "made a cache of {} messages in {:.0} s",
        size.messages,
        begin.elapsed().as_secs_f64()
    );
    Ok(folder)
}

async fn fill(core: &Core, size: Size) -> Result<()> {
    let chats = chats(size)?;
    let mut corpus = Corpus::new(StdRng::seed_from_u64(SEED + 1))?;
    core.hear_sync(first_sync(&chats)?).await?;
    let mut next = vec![1; chats.len()];
    let mut pages: Vec<(ConversationId, History)> = Vec::new();
    let mut many = 0;
    // In the order of time, as a cache grows: pages of the file hold what came in about together.
    for burst in bursts(&chats, corpus.rng())? {
        let (Some(chat), Some(seq)) = (chats.get(burst.chat), next.get_mut(burst.chat)) else {
            continue;
        };
        let messages: Vec<Message> = (0..burst.messages)
            .map(|nth| {
                let at = Timestamp(burst.at + i64::try_from(nth).unwrap_or(0) * 7_000);
                let message = written(&mut corpus, chat, *seq, at)?;
                *seq += 1;
                Ok(message)
            })
            .collect::<Result<_>>()?;
        many += messages.len();
        let last_seq = chat.messages;
        pages.push((chat.id, History { messages, last_seq }));
        if many >= AT_ONCE {
            core.hear_history(std::mem::take(&mut pages)).await?;
            many = 0;
        }
    }
    core.hear_history(pages).await?;
    Ok(())
}

/// Some messages of one conversation within a few minutes.
struct Burst {
    at: i64,
    chat: usize,
    messages: u64,
}

fn bursts(chats: &[Chat], rng: &mut StdRng) -> Result<Vec<Burst>> {
    let length = Geometric::new(0.15)?;
    let mut bursts = Vec::new();
    for (nth, chat) in chats.iter().enumerate() {
        let mut left = chat.messages;
        while left > 0 {
            let messages = (1 + length.sample(rng)).min(left);
            left -= messages;
            bursts.push(Burst {
                at: NEWEST - rng.random_range(0..SPAN),
                chat: nth,
                messages,
            });
        }
    }
    // Of those at the same moment, none is to be the first by its conversation's number.
    bursts.shuffle(rng);
    bursts.sort_by_key(|burst| burst.at);
    Ok(bursts)
}

/// Writes a message as itself or as the other; the unread ones are the other's.
fn written(corpus: &mut Corpus, chat: &Chat, seq: u64, at: Timestamp) -> Result<Message> {
    let mine = seq <= chat.messages - chat.unread && corpus.rng().random_bool(0.5);
    let sender = if mine { UserId::new(ME)? } else { chat.peer };
    Ok(corpus.message(chat.id, seq, sender, at))
}

/// What the server would say to a device that comes online the first time, but for the messages.
fn first_sync(chats: &[Chat]) -> Result<Sync> {
    let mut heads = Vec::new();
    let mut changes = vec![Item::Account(account()?)];
    for chat in chats {
        let since = Timestamp(NEWEST - SPAN);
        let read_seq = chat.messages - chat.unread;
        heads.push(Head {
            conversation: Conversation {
                id: chat.id,
                kind: ConversationKind::Direct,
                created_at: since,
            },
            rev: chat.messages,
            last_seq: chat.messages,
            unread: chat.unread,
            last_message: None,
            membership: Membership {
                conversation_id: chat.id,
                read_seq,
            },
            members: vec![
                Member {
                    user: me()?,
                    delivered_seq: chat.messages,
                    read_seq,
                },
                Member {
                    user: person(chat.peer),
                    delivered_seq: chat.messages,
                    read_seq: chat.messages,
                },
            ],
        });
        changes.push(Item::Friend(Friend {
            user: person(chat.peer),
            remark: String::new(),
            since,
            conversation_id: chat.id,
            deleted: false,
        }));
    }
    let rev = u64::try_from(changes.len())?;
    Ok(Sync {
        user: Difference {
            changes: (1..)
                .zip(changes)
                .map(|(rev, item)| Change { rev, item })
                .collect(),
            rev,
            more: false,
        },
        heads,
        next_since: 1,
        history: 1,
        server_time: Timestamp(NEWEST),
    })
}

fn signed_in() -> Result<SignedIn> {
    let now = Timestamp(NEWEST);
    Ok(SignedIn {
        account: account()?,
        device: Device {
            id: DeviceId::new(1)?,
            name: "bench".to_owned(),
            platform: Platform::Linux,
            created_at: now,
            last_seen_at: now,
        },
        tokens: Tokens {
            access_token: Secret::new("nobody takes this one"),
            access_expires_in_ms: 900_000,
            refresh_token: Secret::new("nor this one"),
            refresh_expires_at: now,
        },
    })
}

fn account() -> Result<Account> {
    Ok(Account {
        user: me()?,
        email: None,
        birthday: None,
        created_at: Timestamp(NEWEST - SPAN),
    })
}

fn me() -> Result<User> {
    Ok(person(UserId::new(ME)?))
}

/// Describes a person. Every second one has a Chinese name.
fn person(id: UserId) -> User {
    const FAMILY: [&str; 8] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄"];
    const GIVEN: [&str; 8] = [
        "小明", "丽华", "建国", "思远", "子涵", "雨桐", "嘉怡", "浩然",
    ];
    const FIRST: [&str; 8] = [
        "Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi",
    ];
    let number = id.get();
    let pick = |names: [&'static str; 8], by: u64| {
        let nth = usize::try_from(by % 8).unwrap_or(0);
        names.get(nth).copied().unwrap_or_default()
    };
    let nickname = match number % 2 {
        0 => format!("{}{}", pick(FAMILY, number / 2), pick(GIVEN, number / 16)),
        _ => format!("{} {number}", pick(FIRST, number / 2)),
    };
    User {
        id,
        username: format!("person{number}"),
        nickname,
        signature: String::new(),
        gender: Gender::Unspecified,
        region: String::new(),
    }
}
