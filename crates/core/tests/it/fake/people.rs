//! Who and what there is.

use magpie_core::protocol::{
    ConversationId, Timestamp, UserId,
    accounts::{Account, Gender, User},
    conversations::{Conversation, ConversationKind},
    friends::Friend,
};

pub(crate) fn me() -> UserId {
    UserId::new(10_001).unwrap()
}

pub(crate) fn peer() -> UserId {
    UserId::new(10_002).unwrap()
}

pub(crate) fn chat() -> ConversationId {
    ConversationId::new(7).unwrap()
}

pub(super) fn user(id: UserId, name: &str) -> User {
    User {
        id,
        username: name.to_owned(),
        nickname: name.to_owned(),
        signature: String::new(),
        gender: Gender::Unspecified,
        region: String::new(),
    }
}

pub(super) fn account() -> Account {
    Account {
        user: user(me(), "ming"),
        email: None,
        birthday: None,
        created_at: Timestamp(1),
    }
}

pub(super) fn friend() -> Friend {
    Friend {
        user: user(peer(), "hong"),
        remark: String::new(),
        since: Timestamp(1),
        conversation_id: chat(),
        deleted: false,
    }
}

pub(super) fn conversation() -> Conversation {
    Conversation {
        id: chat(),
        kind: ConversationKind::Direct,
        created_at: Timestamp(1),
    }
}
