//! The answers of its HTTP interface.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use magpie_core::protocol::{
    DeviceId, ErrorBody, ErrorCode, Page, Timestamp,
    accounts::{Account, Device, Platform, UpdateAccount, User},
    messages::{History, Message},
    server::{PRODUCT, PROTOCOL_VERSION, RegistrationPolicy, ServerInfo},
    sessions::{SignedIn, Tokens},
    sync::{Change, Difference, Head, Item, Sync},
};
use parking_lot::Mutex;
use serde::Deserialize;

use super::{
    model::Model,
    people::{account, chat, conversation, peer, user},
};

pub(super) struct Failed(pub(super) ErrorCode);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.http_status()).unwrap();
        (status, Json(ErrorBody::new(self.0, "as told"))).into_response()
    }
}

pub(super) type Shared = State<Arc<Mutex<Model>>>;

pub(super) async fn info() -> Json<ServerInfo> {
    Json(ServerInfo {
        product: PRODUCT.to_owned(),
        name: "fake".to_owned(),
        version: "0".to_owned(),
        protocol: PROTOCOL_VERSION,
        protocol_min: 1,
        registration: RegistrationPolicy::Open,
        updates: false,
    })
}

pub(super) async fn sign_in(State(model): Shared) -> Json<SignedIn> {
    let tokens = model.lock().tokens();
    Json(SignedIn {
        account: account(),
        device: Device {
            id: DeviceId::new(5).unwrap(),
            name: "test".to_owned(),
            platform: Platform::Linux,
            created_at: Timestamp(1),
            last_seen_at: Timestamp(1),
        },
        tokens,
    })
}

pub(super) async fn end_session(State(model): Shared) {
    model.lock().ended_sessions += 1;
}

pub(super) async fn refresh(State(model): Shared) -> Result<Json<Tokens>, Failed> {
    // Long enough for everybody else to find the token expired.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut model = model.lock();
    if model.ended {
        return Err(Failed(ErrorCode::SessionEnded));
    }
    model.refreshes += 1;
    Ok(Json(model.tokens()))
}

pub(super) async fn gateway(
    State(model): Shared,
    headers: HeaderMap,
) -> Result<Json<serde_json::Value>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "gateway")?;
    let answer = model.gateway.clone();
    answer.map(Json).ok_or(Failed(ErrorCode::NoSuchRoute))
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    user_rev: Option<u64>,
    since: Option<u64>,
    limit: Option<usize>,
    before: Option<u64>,
    after: Option<u64>,
    below_seq: Option<u64>,
}

pub(super) async fn sync(
    State(model): Shared,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Sync>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "sync")?;
    if model.no_sync {
        return Err(Failed(ErrorCode::Unavailable));
    }
    // What is not in this answer has a stamp from here on.
    let horizon = model.rev + 1;
    let since = wanted.since.unwrap_or(0);
    if since > horizon {
        return Err(Failed(ErrorCode::CursorAhead));
    }
    let mut heads = Vec::new();
    if model.rev >= since {
        heads.push(model.head());
    }
    if model.lost_conversation {
        heads.push(model.lost_head());
    }
    Ok(Json(Sync {
        user: user_difference(&model, wanted.user_rev.unwrap_or(0))?,
        heads,
        next_since: horizon,
        history: model.history,
        server_time: Timestamp(1),
    }))
}

fn user_difference(model: &Model, since: u64) -> Result<Difference, Failed> {
    if since > model.user_rev {
        return Err(Failed(ErrorCode::CursorAhead));
    }
    let changes = model.user_changes.iter().filter(|c| c.rev > since);
    Ok(Difference {
        changes: changes.cloned().collect(),
        rev: model.user_rev,
        more: false,
    })
}

pub(super) async fn account_changes(
    State(model): Shared,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Difference>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "account_changes")?;
    user_difference(&model, wanted.since.unwrap_or(0)).map(Json)
}

/// Answers late: after another device has changed the account once more.
pub(super) async fn update_account(
    State(model): Shared,
    headers: HeaderMap,
    Json(update): Json<UpdateAccount>,
) -> Result<Json<Account>, Failed> {
    let (account, let_go) = {
        let mut model = model.lock();
        model.check(&headers, "update_account")?;
        let account = model.rename(&update.nickname.unwrap_or_default());
        model.rename("newest");
        (account, Arc::clone(&model.let_go))
    };
    let_go.notified().await;
    Ok(Json(account))
}

pub(super) async fn head(State(model): Shared, headers: HeaderMap) -> Result<Json<Head>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "head")?;
    Ok(Json(model.head()))
}

pub(super) async fn history(
    State(model): Shared,
    Path(id): Path<u64>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<History>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "history")?;
    if id != chat().get() {
        return Err(Failed(ErrorCode::ConversationNotFound));
    }
    if model.no_history {
        return Err(Failed(ErrorCode::Unavailable));
    }
    let limit = wanted.limit.unwrap_or(100);
    let all = model.messages.iter().map(|(_, message)| message.clone());
    let messages: Vec<Message> = match wanted.after {
        Some(after) => all.filter(|m| m.seq > after).take(limit).collect(),
        None => {
            let before = wanted.before.unwrap_or(u64::MAX);
            let all: Vec<Message> = all.filter(|m| m.seq < before).collect();
            all[all.len().saturating_sub(limit)..].to_vec()
        }
    };
    Ok(Json(History {
        messages,
        last_seq: model.last_seq(),
    }))
}

pub(super) async fn changes(
    State(model): Shared,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Difference>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "changes")?;
    if model.no_changes {
        return Err(Failed(ErrorCode::Unavailable));
    }
    let (since, limit) = (wanted.since.unwrap_or(0), wanted.limit.unwrap_or(100));
    if since > model.rev {
        return Err(Failed(ErrorCode::CursorAhead));
    }
    let below = wanted.below_seq.unwrap_or(u64::MAX);
    let messages = model
        .messages
        .iter()
        .filter(|(_, message)| message.seq < below)
        .map(|(rev, message)| (*rev, Item::Message(message.clone())));
    let members = model
        .members
        .iter()
        .map(|(rev, member)| (*rev, Item::Member(member.clone())));
    let mut found: Vec<Change> = messages
        .chain(members)
        .chain([(1, Item::Conversation(conversation()))])
        .filter(|(rev, _)| *rev > since)
        .map(|(rev, item)| Change { rev, item })
        .collect();
    found.sort_by_key(|change| change.rev);
    let more = found.len() > limit;
    found.truncate(limit);
    let rev = match found.last() {
        Some(last) if more => last.rev,
        _ => model.rev,
    };
    Ok(Json(Difference {
        changes: found,
        rev,
        more,
    }))
}

pub(super) async fn users(
    State(model): Shared,
    headers: HeaderMap,
) -> Result<Json<Page<User>>, Failed> {
    model.lock().check(&headers, "users")?;
    Ok(Json(Page {
        items: vec![user(peer(), "hong")],
        next: None,
    }))
}
