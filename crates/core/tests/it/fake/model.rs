//! What the server holds, and how it changes.

use std::{collections::VecDeque, sync::Arc};

use axum::http::HeaderMap;
use magpie_core::protocol::{
    ConversationId, ErrorBody, ErrorCode, MessageId, Timestamp, UserId,
    accounts::Account,
    conversations::{Conversation, Member, Membership},
    frames::{Mark, ServerFrame},
    friends::{Friend, FriendRequest},
    messages::{Message, MessageKind, SendMessage, Sent},
    sessions::{Secret, Tokens},
    sync::{Change, Head, Item, Scope},
};
use tokio::sync::{Notify, mpsc};

use super::{
    http::Failed,
    people::{account, chat, conversation, friend, me, peer, user},
};

/// What the server does with a message that it receives.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// Refuses it.
    Refuse(ErrorBody),
    /// Stores it, tells nobody, and loses the socket before the answer leaves.
    LoseAnswer,
    /// Stores it, pushes it, and answers twice.
    AnswerTwice,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) messages: Vec<(u64, Message)>,
    pub(crate) rev: u64,
    /// Which past it says that it has.
    pub(crate) history: u64,
    pub(super) members: Vec<(u64, Member)>,
    pub(crate) user_rev: u64,
    pub(super) user_changes: Vec<Change>,
    pub(crate) read_seq: u64,
    /// Each send frame that came, in order.
    pub(crate) sends: Vec<SendMessage>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) replies: VecDeque<Reply>,
    /// Whether new messages are pushed.
    pub(crate) mute: bool,
    /// Each path asked for, in order.
    pub(crate) asked: Vec<String>,
    token: u32,
    pub(crate) refreshes: u32,
    pub(crate) ended: bool,
    pub(crate) refuse_sockets: bool,
    /// What the gateway answers; there is none without it, as on older servers.
    pub(crate) gateway: Option<serde_json::Value>,
    /// History is not answered while this is set.
    pub(crate) no_history: bool,
    /// What was missed in all scopes is not answered while this is set.
    pub(crate) no_sync: bool,
    /// What was missed in the conversation is not answered while this is set.
    pub(crate) no_changes: bool,
    /// There is another conversation, the newest of all, whose messages are gone.
    pub(crate) lost_conversation: bool,
    pub(crate) ended_sessions: u32,
    /// Lets the answer to a changed account leave.
    pub(crate) let_go: Arc<Notify>,
    pub(super) sockets: Vec<mpsc::UnboundedSender<Option<String>>>,
}

impl Model {
    pub(super) fn fresh() -> Self {
        let mut model = Self {
            token: 1,
            rev: 3,
            history: 1,
            ..Self::default()
        };
        for (rev, id, name) in [(2, me(), "ming"), (3, peer(), "hong")] {
            model.members.push((
                rev,
                Member {
                    user: user(id, name),
                    delivered_seq: 0,
                    read_seq: 0,
                },
            ));
        }
        model.user_change(Item::Friend(friend()));
        model
    }

    fn user_change(&mut self, item: Item) -> Change {
        self.user_rev += 1;
        let change = Change {
            rev: self.user_rev,
            item,
        };
        self.user_changes.push(change.clone());
        change
    }

    /// Changes the own nickname and says so to the sockets.
    pub(super) fn rename(&mut self, nickname: &str) -> Account {
        let mut account = account();
        nickname.clone_into(&mut account.user.nickname);
        self.user_item(Item::Account(account.clone()));
        account
    }

    /// Changes something of the user's and says so to the sockets.
    fn user_item(&mut self, item: Item) {
        let change = self.user_change(item);
        self.push(&ServerFrame::Changes {
            scope: Scope::User(me()),
            prev: change.rev - 1,
            rev: change.rev,
            changes: vec![change],
        });
    }

    /// Somebody asks to become friends, or what became of that.
    pub(crate) fn asks(&mut self, request: FriendRequest) {
        self.user_item(Item::FriendRequest(request));
    }

    /// Ends the friendship, as the friend does.
    pub(crate) fn unfriend(&mut self) {
        self.user_item(Item::Friend(Friend {
            deleted: true,
            ..friend()
        }));
    }

    /// How often something was asked for.
    pub(crate) fn times_asked(&self, path: &str) -> usize {
        self.asked.iter().filter(|asked| *asked == path).count()
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.messages.last().map_or(0, |(_, message)| message.seq)
    }

    /// Stores a message as the server does: once per id.
    pub(super) fn store(
        &mut self,
        id: MessageId,
        sender: UserId,
        content: serde_json::Value,
    ) -> Sent {
        let known = self.messages.iter().find(|(_, m)| m.id == id).cloned();
        let message = known.map_or_else(
            || {
                self.rev += 1;
                let message = Message {
                    id,
                    conversation_id: chat(),
                    seq: self.last_seq() + 1,
                    sender_id: Some(sender),
                    kind: MessageKind::Text,
                    content,
                    created_at: Timestamp(1_000 + i64::try_from(self.rev).unwrap()),
                };
                self.messages.push((self.rev, message.clone()));
                if !self.mute {
                    let frame = ServerFrame::Changes {
                        scope: Scope::Conversation(chat()),
                        prev: self.rev - 1,
                        rev: self.rev,
                        changes: vec![Change {
                            rev: self.rev,
                            item: Item::Message(message.clone()),
                        }],
                    };
                    self.push(&frame);
                }
                message
            },
            |(_, message)| message,
        );
        Sent {
            id,
            conversation_id: chat(),
            seq: message.seq,
            created_at: message.created_at,
        }
    }

    pub(crate) fn push(&self, frame: &ServerFrame) {
        self.push_text(&serde_json::to_string(frame).unwrap());
    }

    pub(crate) fn push_text(&self, text: &str) {
        for socket in &self.sockets {
            let _ = socket.send(Some(text.to_owned()));
        }
    }

    /// Loses all sockets without a word.
    pub(crate) fn lose_sockets(&mut self) {
        for socket in self.sockets.drain(..) {
            let _ = socket.send(None);
        }
    }

    /// The friend writes.
    pub(crate) fn peer_says(&mut self, text: &str) -> Sent {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.rev.to_be_bytes());
        let id = MessageId::from_parts(1_700_000_000_000 + self.rev, bytes);
        self.store(id, peer(), serde_json::json!({ "text": text }))
    }

    /// Somebody of this account has come so far.
    pub(crate) fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
        self.rev += 1;
        let (rev, last) = (self.rev, self.last_seq());
        let read = mark.read.unwrap_or(0).min(last);
        let delivered = mark.delivered.unwrap_or(0).min(last).max(read);
        let own = self
            .members
            .iter_mut()
            .find(|(_, member)| member.user.id == me())
            .unwrap();
        own.0 = rev;
        own.1.read_seq = own.1.read_seq.max(read);
        own.1.delivered_seq = own.1.delivered_seq.max(delivered);
        let member = own.1.clone();
        self.read_seq = member.read_seq;
        self.push(&ServerFrame::Changes {
            scope: Scope::Conversation(chat()),
            prev: rev - 1,
            rev,
            changes: vec![Change {
                rev,
                item: Item::Member(member),
            }],
        });
    }

    pub(super) fn head(&self) -> Head {
        Head {
            conversation: conversation(),
            rev: self.rev,
            last_seq: self.last_seq(),
            unread: self
                .messages
                .iter()
                .filter(|(_, m)| m.sender_id != Some(me()) && m.seq > self.read_seq)
                .count() as u64,
            last_message: self.messages.last().map(|(_, message)| message.clone()),
            membership: Membership {
                conversation_id: chat(),
                read_seq: self.read_seq,
            },
            members: self.members.iter().map(|(_, m)| m.clone()).collect(),
        }
    }

    pub(super) fn lost_head(&self) -> Head {
        let id = ConversationId::new(8).unwrap();
        Head {
            conversation: Conversation {
                id,
                created_at: Timestamp(1_000_000),
                ..conversation()
            },
            rev: 9,
            last_seq: 5,
            unread: 0,
            last_message: None,
            membership: Membership {
                conversation_id: id,
                read_seq: 5,
            },
            ..self.head()
        }
    }

    /// Forgets everything after a place, as a server does that was restored from a backup.
    pub(crate) fn restore(&mut self, last_seq: u64) {
        self.messages.retain(|(_, message)| message.seq <= last_seq);
        self.rev = self.messages.last().map_or(3, |(rev, _)| *rev);
        for (rev, member) in &mut self.members {
            *rev = (*rev).min(self.rev);
            member.delivered_seq = member.delivered_seq.min(last_seq);
            member.read_seq = member.read_seq.min(last_seq);
        }
        self.read_seq = self.read_seq.min(last_seq);
        self.user_rev = 1;
        self.user_changes.truncate(1);
    }

    /// Lets the access token run out.
    pub(crate) fn expire(&mut self) {
        self.token += 1;
    }

    pub(super) fn tokens(&self) -> Tokens {
        Tokens {
            access_token: Secret::new(format!("access-{}", self.token)),
            access_expires_in_ms: 900_000,
            refresh_token: Secret::new(format!("refresh-{}", self.token)),
            refresh_expires_at: Timestamp(i64::MAX / 2),
        }
    }

    pub(super) fn check(&mut self, headers: &HeaderMap, path: &str) -> Result<(), Failed> {
        self.asked.push(path.to_owned());
        if self.ended {
            return Err(Failed(ErrorCode::SessionEnded));
        }
        let token = headers.get("authorization").map(|v| v.to_str().unwrap());
        if token == Some(&format!("Bearer access-{}", self.token)) {
            Ok(())
        } else {
            Err(Failed(ErrorCode::TokenExpired))
        }
    }
}
