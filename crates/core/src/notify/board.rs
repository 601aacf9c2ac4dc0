//! The rules, and what is shown at present. Nothing here waits, reads or asks for the time.

use std::collections::{BTreeMap, HashMap, HashSet};

use magpie_protocol::{
    ConversationId, FriendRequestId, Timestamp, friends::FriendRequest, messages::Body,
};

use super::{About, Avatar, Notification, NotifyEvent};
use crate::settings::Settings;

/// Of more than so many at once, what was missed is one notification.
const MANY: usize = 5;
/// Between two sounds.
const HUSH_MS: i64 = 2_000;

/// What was held when this device was started.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// How far each conversation reached.
    pub(super) last_seqs: HashMap<ConversationId, u64>,
    /// The friend requests that waited for an answer.
    pub(super) requests: HashSet<FriendRequestId>,
    /// This account has never been open here: all that the server tells first is history.
    pub(crate) is_new: bool,
}

/// A conversation as it stands.
#[derive(Debug, Clone)]
pub(super) struct Chat {
    pub(super) id: ConversationId,
    pub(super) last_seq: u64,
    pub(super) read_seq: u64,
    pub(super) unread: u32,
    pub(super) muted_until: Option<Timestamp>,
    /// The last message of somebody else that was neither seen nor told of.
    pub(super) newest: Option<Newest>,
}

/// A message to be told of.
#[derive(Debug, Clone)]
pub(super) struct Newest {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) sender: String,
    pub(super) group: Option<String>,
    pub(super) avatar: Avatar,
    pub(super) body: Body,
}

/// What changed, read from the database.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Conversations that changed.
    pub(super) chats: Vec<Chat>,
    /// Conversations that are gone.
    pub(super) gone: Vec<ConversationId>,
    /// All friend requests that wait for an answer; none where they did not change.
    pub(super) requests: Option<Vec<FriendRequest>>,
}

/// How things are at the moment.
#[derive(Debug, Clone)]
pub(super) struct Circumstances<'a> {
    pub(super) now: Timestamp,
    pub(super) settings: &'a Settings,
    /// It is one of the quiet hours.
    pub(super) quiet_hours: bool,
    /// The conversations that somebody looks at.
    pub(super) looked_at: &'a [ConversationId],
    /// This is all that was missed while the device was away.
    pub(super) caught_up: bool,
}

/// What is shown at present: how far each conversation must be read for it to go.
#[derive(Debug)]
enum Shown {
    Messages(u64),
    Request(FriendRequestId),
    Missed(BTreeMap<ConversationId, u64>),
}

/// Notifications of one account.
#[derive(Debug)]
pub(crate) struct Board {
    account_key: String,
    known: Known,
    shown: BTreeMap<String, Shown>,
    heard_at: Option<Timestamp>,
}

impl Board {
    /// Begins with nothing shown.
    pub(crate) const fn new(account_key: String, known: Known) -> Self {
        Self {
            account_key,
            known,
            shown: BTreeMap::new(),
            heard_at: None,
        }
    }

    /// Takes for known what is held now.
    pub(super) fn begin(&mut self, known: Known) {
        self.known = known;
    }

    /// Tells whether there is nothing to be taken away.
    pub(super) fn shows_nothing(&self) -> bool {
        self.shown.is_empty()
    }

    /// Returns how far a conversation was told of, or was known before.
    pub(super) fn told(&self, id: ConversationId) -> u64 {
        self.known.last_seqs.get(&id).copied().unwrap_or(0)
    }

    /// Takes away what has been seen, muted or answered, and nothing else.
    pub(super) fn withdraw(&mut self, facts: &Facts, now: &Circumstances<'_>) -> Vec<NotifyEvent> {
        let mut keys = Vec::new();
        for id in &facts.gone {
            self.seen(*id, u64::MAX, &mut keys);
        }
        for chat in &facts.chats {
            let unwanted = is_muted(chat, now.now) || now.looked_at.contains(&chat.id);
            let seen = if unwanted { u64::MAX } else { chat.read_seq };
            self.seen(chat.id, seen, &mut keys);
        }
        if let Some(requests) = &facts.requests {
            for (key, shown) in &self.shown {
                if let Shown::Request(id) = shown
                    && !requests.iter().any(|request| request.id == *id)
                {
                    keys.push(key.clone());
                }
            }
        }
        for key in &keys {
            self.shown.remove(key);
        }
        if !now.settings.notify && !self.shown.is_empty() {
            self.shown.clear();
            return vec![NotifyEvent::WithdrawAll];
        }
        keys.into_iter()
            .map(|key| NotifyEvent::Withdraw { key })
            .collect()
    }

    /// Notes that a conversation was seen up to a place, and which notifications go for it.
    fn seen(&mut self, id: ConversationId, seq: u64, keys: &mut Vec<String>) {
        for (key, shown) in &mut self.shown {
            let goes = match shown {
                Shown::Messages(up_to) => *key == chat_key(&self.account_key, id) && *up_to <= seq,
                Shown::Request(_) => false,
                Shown::Missed(chats) => {
                    let had = chats.get(&id).is_some_and(|up_to| *up_to <= seq);
                    if had {
                        chats.remove(&id);
                    }
                    had && chats.is_empty()
                }
            };
            if goes {
                keys.push(key.clone());
            }
        }
    }

    /// Takes away what has been seen, and shows what is news and may be told of. What may not is
    /// not told of later either.
    pub(super) fn decide(&mut self, facts: &Facts, now: &Circumstances<'_>) -> Vec<NotifyEvent> {
        let mut events = self.withdraw(facts, now);
        let silent = now
            .settings
            .quiet_until
            .is_some_and(|until| until > now.now);
        let open = now.settings.notify && !silent && !now.quiet_hours;
        let mut news: Vec<(&Chat, &Newest)> = Vec::new();
        for chat in &facts.chats {
            let told = self.known.last_seqs.entry(chat.id).or_default();
            // The server was restored from a backup, and counts from an earlier place.
            *told = (*told).min(chat.last_seq);
            let Some(newest) = chat.newest.as_ref().filter(|newest| newest.seq > *told) else {
                continue;
            };
            *told = newest.seq;
            if open && !is_muted(chat, now.now) && !now.looked_at.contains(&chat.id) {
                news.push((chat, newest));
            }
        }
        let requests = facts.requests.iter().flatten();
        let mut asked: Vec<&FriendRequest> = requests
            .filter(|request| self.known.requests.insert(request.id))
            .collect();
        if !open {
            asked.clear();
        }
        if news.is_empty() && asked.is_empty() {
            return events;
        }
        let mut sound = self.sounds(now);
        if now.caught_up && news.len() + asked.len() > MANY {
            events.push(self.missed(&news, &asked, sound));
            return events;
        }
        news.sort_by_key(|(_, newest)| newest.at);
        for (chat, newest) in news {
            events.push(self.messages(chat, newest, now.settings.notify_preview, sound));
            sound = false;
        }
        for request in asked {
            events.push(self.request(request, now.settings.notify_preview, sound));
            sound = false;
        }
        events
    }

    fn sounds(&mut self, now: &Circumstances<'_>) -> bool {
        let hushed = self
            .heard_at
            .is_some_and(|at| (0..HUSH_MS).contains(&now.now.millis_since(at)));
        let sounds = now.settings.notify_sound && !hushed;
        if sounds {
            self.heard_at = Some(now.now);
        }
        sounds
    }

    fn messages(
        &mut self,
        chat: &Chat,
        newest: &Newest,
        preview: bool,
        sound: bool,
    ) -> NotifyEvent {
        let key = chat_key(&self.account_key, chat.id);
        let about = About::Messages {
            conversation_id: chat.id,
            sender: newest.sender.clone(),
            group: newest.group.clone(),
            preview: preview.then(|| newest.body.clone()),
            unread: chat.unread.max(1),
        };
        self.shown.insert(key.clone(), Shown::Messages(newest.seq));
        self.show(key, about, Some(newest.avatar.clone()), sound, newest.at)
    }

    fn request(&mut self, request: &FriendRequest, preview: bool, sound: bool) -> NotifyEvent {
        let key = format!("{}/request/{}", self.account_key, request.id);
        let message = request.message.trim();
        let about = About::FriendRequest {
            request_id: request.id,
            user_id: request.from.id,
            name: request.from.nickname.clone(),
            message: (preview && !message.is_empty()).then(|| message.to_owned()),
        };
        let avatar = Avatar {
            name: request.from.nickname.clone(),
            seed: request.from.id.get(),
        };
        self.shown.insert(key.clone(), Shown::Request(request.id));
        self.show(key, about, Some(avatar), sound, request.created_at)
    }

    fn missed(
        &mut self,
        news: &[(&Chat, &Newest)],
        asked: &[&FriendRequest],
        sound: bool,
    ) -> NotifyEvent {
        let key = format!("{}/missed", self.account_key);
        let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        let about = About::Missed {
            messages: news
                .iter()
                .fold(0, |sum, (chat, _)| sum.saturating_add(chat.unread.max(1))),
            conversations: count(news.len()),
            friend_requests: count(asked.len()),
        };
        let last = news.iter().map(|(_, newest)| newest.at);
        let at = last.chain(asked.iter().map(|request| request.created_at));
        let at = at.max().unwrap_or(Timestamp(0));
        let chats = news.iter().map(|(chat, newest)| (chat.id, newest.seq));
        self.shown
            .insert(key.clone(), Shown::Missed(chats.collect()));
        self.show(key, about, None, sound, at)
    }

    fn show(
        &self,
        key: String,
        about: About,
        avatar: Option<Avatar>,
        sound: bool,
        at: Timestamp,
    ) -> NotifyEvent {
        NotifyEvent::Show {
            notification: Notification {
                key,
                account_key: self.account_key.clone(),
                about,
                avatar,
                sound,
                at,
            },
        }
    }
}

fn chat_key(account_key: &str, id: ConversationId) -> String {
    format!("{account_key}/{id}")
}

fn is_muted(chat: &Chat, now: Timestamp) -> bool {
    chat.muted_until.is_some_and(|until| until > now)
}

#[cfg(test)]
mod tests;
