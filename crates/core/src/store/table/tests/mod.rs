//! What the tables promise.

mod counting;
mod holes;
mod lines;
mod outgoing;

use magpie_protocol::{
    ConversationId, MessageId, Timestamp, UserId,
    accounts::{Gender, User},
    conversations::{Conversation, ConversationKind, Member, Membership},
    messages::{Message, MessageKind},
    sync::Head,
};
use rusqlite::Connection;

use super::{
    conversations, held_ranges, messages,
    outbox::{OutboxRow, OutboxState},
};
use crate::store::{Result, Tx, schema};

const ME: u64 = 1;
const BOB: u64 = 2;

/// An empty database in memory; what is tested here does not depend on where it lies.
fn database() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    schema::migrate(&mut db).unwrap();
    db
}

fn user_id(id: u64) -> UserId {
    UserId::new(id).unwrap()
}

fn chat() -> ConversationId {
    ConversationId::new(12).unwrap()
}

fn user(id: u64, nickname: &str) -> User {
    User {
        id: user_id(id),
        username: format!("user{id}"),
        nickname: nickname.to_owned(),
        signature: String::new(),
        gender: Gender::Unspecified,
        region: String::new(),
    }
}

fn message(seq: u64, sender: Option<u64>) -> Message {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&seq.to_be_bytes());
    let (kind, content) = match sender {
        Some(_) => (
            MessageKind::Text,
            serde_json::json!({ "text": format!("number {seq}") }),
        ),
        None => (
            MessageKind::System,
            serde_json::json!({ "event": "unknown" }),
        ),
    };
    Message {
        id: MessageId::from_parts(seq, random),
        conversation_id: chat(),
        seq,
        sender_id: sender.map(user_id),
        kind,
        content,
        created_at: Timestamp(1_000 + i64::try_from(seq).unwrap()),
    }
}

fn conversation() -> Conversation {
    Conversation {
        id: chat(),
        kind: ConversationKind::Direct,
        created_at: Timestamp(1_000),
    }
}

fn member(id: u64, delivered_seq: u64, read_seq: u64) -> Member {
    Member {
        user: user(id, if id == BOB { "Bob" } else { "Me" }),
        delivered_seq,
        read_seq,
    }
}

fn head(last_seq: u64, unread: u64, read_seq: u64) -> Head {
    Head {
        conversation: conversation(),
        rev: last_seq + 10,
        last_seq,
        unread,
        last_message: (last_seq > 0).then(|| message(last_seq, Some(BOB))),
        membership: Membership {
            conversation_id: chat(),
            read_seq,
        },
        members: vec![member(ME, read_seq, read_seq), member(BOB, 0, 0)],
    }
}

/// Stores messages of Bob and says that the stretch is held.
fn hold(tx: &Tx<'_>, from: u64, to: u64) -> Result<()> {
    for seq in from..=to {
        messages::insert(tx, user_id(ME), &message(seq, Some(BOB)))?;
    }
    held_ranges::add(tx, chat(), from, to)?;
    conversations::recount(tx, chat())
}

fn unread(db: &Connection) -> u64 {
    conversations::get(db, chat()).unwrap().unwrap().unread
}

fn unsent(number: u8, conversation_id: u64) -> OutboxRow {
    OutboxRow {
        position: 0,
        id: MessageId::from_parts(1, [number; 10]),
        conversation_id: ConversationId::new(conversation_id).unwrap(),
        kind: MessageKind::Text,
        content: serde_json::json!({ "text": format!("unsent {number}") }),
        created_at: Timestamp(5_000 + i64::from(number)),
        attempts: 0,
        state: OutboxState::Queued,
        failure: None,
    }
}

fn failure() -> crate::Failure {
    crate::CoreError::local(crate::LocalCode::Internal, "on purpose").into()
}
