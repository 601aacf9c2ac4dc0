//! Who and what there is.

use magpie_core::protocol::{
    ConversationId, FriendRequestId, Timestamp, UserId,
    accounts::{Account, Gender, User},
    conversations::{Conversation, ConversationKind},
    friends::{Friend, FriendRequest, RequestState},
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

pub(crate) fn request(number: u64, state: RequestState) -> FriendRequest {
    FriendRequest {
        id: FriendRequestId::new(number).unwrap(),
        from: user(UserId::new(20_000 + number).unwrap(), "lan"),
        to: user(me(), "ming"),
        message: "hello".to_owned(),
        state,
        created_at: Timestamp(1),
        expires_at: Timestamp(i64::MAX / 2),
    }
}

pub(super) fn conversation() -> Conversation {
    Conversation {
        id: chat(),
        kind: ConversationKind::Direct,
        created_at: Timestamp(1),
    }
}
