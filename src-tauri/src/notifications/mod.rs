//! Notifications, as the core asks for them. What deserves one is its matter; here it is worded and
//! given to the system.
//!
//! On Linux we speak to the desktop's daemon ourselves: notify-rust opens a connection for each
//! notification and hears neither replies nor the token that lets a window come to the front. On the
//! other systems it is notify-rust.

#[cfg(target_os = "linux")]
mod avatar;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod portrait;

use magpie_core::{
    notify::{About, Avatar, Notification},
    protocol::{
        ConversationId,
        messages::{Body, SystemEvent},
    },
};
use tauri::AppHandle;
use tokio::sync::mpsc;

#[cfg(target_os = "linux")]
use self::linux as system;
#[cfg(not(target_os = "linux"))]
use self::other as system;
use crate::{desktop, words::Words};

/// Texts are cut to this many characters; daemons make no promise about long ones.
const LONGEST: usize = 300;

/// A notification in words, ready for the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worded {
    /// The one with the same key is replaced.
    key: String,
    title: String,
    body: String,
    /// The word on the field for a reply; none where there is nothing to reply to.
    reply: Option<String>,
    avatar: Option<Avatar>,
    sound: bool,
    target: Target,
}

/// What a click on a notification opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The account it belongs to.
    pub(crate) account_key: String,
    pub(crate) place: Place,
}

/// Where in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A conversation.
    Conversation(ConversationId),
    /// The friend requests.
    Requests,
    /// The list of chats.
    Chats,
}

/// What the user did with a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was clicked. The token lets the window come to the front, where there is one.
    Open(Target, Option<String>),
    /// A reply was written into it.
    Reply(Target, String),
}

enum Order {
    Show(Box<Worded>),
    Withdraw(String),
    WithdrawOf(String),
}

/// The way to the system's notifications. Nothing waits for it, and nothing fails by it.
pub(crate) struct Notifications {
    orders: mpsc::UnboundedSender<Order>,
}

impl Notifications {
    /// Begins to take orders.
    pub(crate) fn start(app: &AppHandle) -> Self {
        let (orders, taken) = mpsc::unbounded_channel();
        system::start(app, taken);
        Self { orders }
    }

    /// Shows one, in the place of the one with the same key. `account` names the account where there
    /// are several.
    pub(crate) fn show(&self, notification: Notification, words: Words, account: Option<&str>) {
        let worded = Box::new(worded(notification, words, account));
        self.give(Order::Show(worded));
    }

    /// Takes one away.
    pub(crate) fn withdraw(&self, key: String) {
        self.give(Order::Withdraw(key));
    }

    /// Takes away all of an account.
    pub(crate) fn withdraw_of(&self, account_key: &str) {
        self.give(Order::WithdrawOf(account_key.to_owned()));
    }

    fn give(&self, order: Order) {
        // It fails when the app ends.
        let _ = self.orders.send(order);
    }
}

fn worded(notification: Notification, words: Words, account: Option<&str>) -> Worded {
    let Notification {
        key,
        account_key,
        about,
        avatar,
        sound,
        ..
    } = notification;
    let (title, body, place) = match about {
        About::Messages {
            conversation_id,
            sender,
            group,
            preview,
            unread,
        } => {
            let title = match group {
                Some(group) => format!("{sender} · {group}"),
                None => sender,
            };
            let title = match unread {
                0 | 1 => title,
                many => format!("{title} ({many})"),
            };
            let body = match preview {
                Some(body) => said(body, words),
                None => words.new_messages(unread),
            };
            (title, body, Place::Conversation(conversation_id))
        }
        About::FriendRequest { name, message, .. } => {
            let body = message.unwrap_or_default();
            (words.friend_request(&name), body, Place::Requests)
        }
        About::Missed {
            messages,
            conversations,
            friend_requests,
        } => {
            let body = words.missed(messages, conversations, friend_requests);
            ("Magpie".to_owned(), body, Place::Chats)
        }
    };
    let title = match account {
        Some(account) => format!("{title} → {account}"),
        None => title,
    };
    let reply = matches!(place, Place::Conversation(_)).then(|| words.reply());
    Worded {
        key,
        title: cut(&one_line(&title)),
        body: cut(&body),
        reply,
        avatar,
        sound,
        target: Target { account_key, place },
    }
}

fn said(body: Body, words: Words) -> String {
    match body {
        Body::Text(text) => text.text,
        Body::System(SystemEvent::Befriended { message, .. }) if !message.is_empty() => message,
        Body::System(_) => words.new_messages(1),
        Body::Unsupported => words.unsupported(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts a text, and takes out what is no text: daemons hand it to parsers of markup.
fn cut(text: &str) -> String {
    let text = text.trim().chars();
    let mut text: String = text
        .filter(|sign| *sign == '\n' || !sign.is_control())
        .collect();
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Does what the user asked for, from whatever thread that is said on.
fn answered(app: &AppHandle, answer: Answer) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move { desktop::answered(&app, answer).await });
}

#[cfg(test)]
mod tests {
    use magpie_core::protocol::{Timestamp, messages::Text};

    use super::*;

    fn text(text: &str) -> Option<Body> {
        Some(Body::Text(Text {
            text: text.to_owned(),
        }))
    }

    fn of(group: Option<&str>, preview: Option<Body>, unread: u32) -> Notification {
        Notification {
            key: "alice/12".to_owned(),
            account_key: "alice".to_owned(),
            about: About::Messages {
                conversation_id: ConversationId::new(12).unwrap(),
                sender: "鲍勃".to_owned(),
                group: group.map(str::to_owned),
                preview,
                unread,
            },
            avatar: None,
            sound: true,
            at: Timestamp(0),
        }
    }

    fn lines(notification: Notification, words: Words, account: Option<&str>) -> (String, String) {
        let worded = worded(notification, words, account);
        (worded.title, worded.body)
    }

    #[test]
    fn messages_are_told_by_who_wrote_and_how_many() {
        let told = |notification| lines(notification, Words::En, None);
        let pair = |title: &str, body: &str| (title.to_owned(), body.to_owned());
        assert_eq!(told(of(None, text("Hi"), 1)), pair("鲍勃", "Hi"));
        assert_eq!(
            told(of(Some("Saturday"), text("Hi"), 3)),
            pair("鲍勃 · Saturday (3)", "Hi")
        );
        assert_eq!(told(of(None, None, 2)), pair("鲍勃 (2)", "2 new messages"));
        assert_eq!(
            lines(of(None, None, 1), Words::Zh, Some("work")),
            pair("鲍勃 → work", "新消息")
        );
    }

    #[test]
    fn only_a_conversation_can_be_replied_to() {
        let about = About::Missed {
            messages: 12,
            conversations: 3,
            friend_requests: 0,
        };
        let missed = Notification {
            about,
            ..of(None, None, 1)
        };
        let missed = worded(missed, Words::En, None);
        assert_eq!((missed.reply, missed.target.place), (None, Place::Chats));
        assert_eq!(missed.body, "12 new messages in 3 chats");
        let one = worded(of(None, None, 1), Words::En, None);
        assert_eq!(one.reply.as_deref(), Some("Reply"));
    }

    #[test]
    fn what_is_no_text_is_left_out_and_long_ones_are_cut() {
        assert_eq!(cut(" a\u{0}\u{1b}[31mb\nc "), "a[31mb\nc");
        let long = cut(&"鹊".repeat(LONGEST + 1));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
        assert_eq!(cut(&"鹊".repeat(LONGEST)).chars().count(), LONGEST);
    }
}
