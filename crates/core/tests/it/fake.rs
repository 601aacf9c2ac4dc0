//! A server of one user, one friend and their conversation, that does as it is told: it refuses,
//! forgets to answer, drops pushes, loses sockets.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{
        Path, Query, State, WebSocketUpgrade,
        ws::{Message as Ws, WebSocket},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{delete, get, patch, post},
};
use magpie_core::protocol::{
    ConversationId, DeviceId, ErrorBody, ErrorCode, MessageId, Page, Timestamp, UserId,
    accounts::{Account, Device, Gender, Platform, UpdateAccount, User},
    conversations::{Conversation, ConversationKind, Member, Membership},
    frames::{ByeReason, ClientFrame, Mark, SUBPROTOCOL, ServerFrame},
    friends::Friend,
    messages::{History, Message, MessageKind, SendMessage, Sent},
    routes,
    server::{PRODUCT, PROTOCOL_VERSION, RegistrationPolicy, ServerInfo},
    sessions::{Secret, SignedIn, Tokens},
    sync::{Change, Difference, Head, Item, Scope, Sync},
};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::{Notify, mpsc};

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
    members: Vec<(u64, Member)>,
    user_rev: u64,
    user_changes: Vec<Change>,
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
    /// History is not answered while this is set.
    pub(crate) no_history: bool,
    /// There is another conversation, the newest of all, whose messages are gone.
    pub(crate) lost_conversation: bool,
    pub(crate) ended_sessions: u32,
    /// Lets the answer to a changed account leave.
    pub(crate) let_go: Arc<Notify>,
    sockets: Vec<mpsc::UnboundedSender<Option<String>>>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) model: Arc<Mutex<Model>>,
    pub(crate) url: String,
}

pub(crate) fn me() -> UserId {
    UserId::new(10_001).unwrap()
}

pub(crate) fn peer() -> UserId {
    UserId::new(10_002).unwrap()
}

pub(crate) fn chat() -> ConversationId {
    ConversationId::new(7).unwrap()
}

fn user(id: UserId, name: &str) -> User {
    User {
        id,
        username: name.to_owned(),
        nickname: name.to_owned(),
        signature: String::new(),
        gender: Gender::Unspecified,
        region: String::new(),
    }
}

fn account() -> Account {
    Account {
        user: user(me(), "ming"),
        email: None,
        birthday: None,
        created_at: Timestamp(1),
    }
}

fn conversation() -> Conversation {
    Conversation {
        id: chat(),
        kind: ConversationKind::Direct,
        created_at: Timestamp(1),
    }
}

impl Model {
    fn fresh() -> Self {
        let mut model = Self {
            token: 1,
            rev: 3,
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
        model.user_change(Item::Friend(Friend {
            user: user(peer(), "hong"),
            remark: String::new(),
            since: Timestamp(1),
            conversation_id: chat(),
            deleted: false,
        }));
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
    fn rename(&mut self, nickname: &str) -> Account {
        let mut account = account();
        nickname.clone_into(&mut account.user.nickname);
        let change = self.user_change(Item::Account(account.clone()));
        self.push(&ServerFrame::Changes {
            scope: Scope::User(me()),
            prev: change.rev - 1,
            rev: change.rev,
            changes: vec![change],
        });
        account
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.messages.last().map_or(0, |(_, message)| message.seq)
    }

    /// Stores a message as the server does: once per id.
    fn store(&mut self, id: MessageId, sender: UserId, content: serde_json::Value) -> Sent {
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

    fn mark(&mut self, mark: Mark) {
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

    fn head(&self) -> Head {
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

    fn lost_head(&self) -> Head {
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

    fn tokens(&self) -> Tokens {
        Tokens {
            access_token: Secret::new(format!("access-{}", self.token)),
            access_expires_in_ms: 900_000,
            refresh_token: Secret::new(format!("refresh-{}", self.token)),
            refresh_expires_at: Timestamp(i64::MAX / 2),
        }
    }

    fn check(&mut self, headers: &HeaderMap, path: &str) -> Result<(), Failed> {
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

struct Failed(ErrorCode);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.http_status()).unwrap();
        (status, Json(ErrorBody::new(self.0, "as told"))).into_response()
    }
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let model = Arc::new(Mutex::new(Model::fresh()));
        let app = Router::new()
            .route(routes::SERVER, get(info))
            .route(routes::SESSIONS, post(sign_in))
            .route(routes::REFRESH, post(refresh))
            .route(routes::CURRENT_SESSION, delete(end_session))
            .route(routes::SYNC, get(sync))
            .route(routes::ACCOUNT, patch(update_account))
            .route(routes::ACCOUNT_CHANGES, get(account_changes))
            .route(routes::CONVERSATION, get(head))
            .route(routes::HISTORY, get(history))
            .route(routes::CONVERSATION_CHANGES, get(changes))
            .route(routes::USERS, get(users))
            .route(routes::SOCKET, get(socket))
            .with_state(Arc::clone(&model));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { model, url }
    }

    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Model) -> T) -> T {
        work(&mut self.model.lock())
    }
}

type Shared = State<Arc<Mutex<Model>>>;

async fn info() -> Json<ServerInfo> {
    Json(ServerInfo {
        product: PRODUCT.to_owned(),
        name: "fake".to_owned(),
        version: "0".to_owned(),
        protocol: PROTOCOL_VERSION,
        protocol_min: 1,
        registration: RegistrationPolicy::Open,
    })
}

async fn sign_in(State(model): Shared) -> Json<SignedIn> {
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

async fn end_session(State(model): Shared) {
    model.lock().ended_sessions += 1;
}

async fn refresh(State(model): Shared) -> Result<Json<Tokens>, Failed> {
    // Long enough for everybody else to find the token expired.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut model = model.lock();
    if model.ended {
        return Err(Failed(ErrorCode::SessionEnded));
    }
    model.refreshes += 1;
    Ok(Json(model.tokens()))
}

#[derive(Deserialize)]
struct Wanted {
    user_rev: Option<u64>,
    since: Option<u64>,
    limit: Option<usize>,
    before: Option<u64>,
    after: Option<u64>,
    below_seq: Option<u64>,
}

async fn sync(
    State(model): Shared,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Sync>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "sync")?;
    let mut heads = vec![model.head()];
    if model.lost_conversation {
        heads.push(model.lost_head());
    }
    Ok(Json(Sync {
        user: user_difference(&model, wanted.user_rev.unwrap_or(0))?,
        heads,
        next_since: model.rev,
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

async fn account_changes(
    State(model): Shared,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Difference>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "account_changes")?;
    user_difference(&model, wanted.since.unwrap_or(0)).map(Json)
}

/// Answers late: after another device has changed the account once more.
async fn update_account(
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

async fn head(State(model): Shared, headers: HeaderMap) -> Result<Json<Head>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "head")?;
    Ok(Json(model.head()))
}

async fn history(
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

async fn changes(
    State(model): Shared,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Difference>, Failed> {
    let mut model = model.lock();
    model.check(&headers, "changes")?;
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

async fn users(State(model): Shared, headers: HeaderMap) -> Result<Json<Page<User>>, Failed> {
    model.lock().check(&headers, "users")?;
    Ok(Json(Page {
        items: vec![user(peer(), "hong")],
        next: None,
    }))
}

async fn socket(
    State(model): Shared,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failed> {
    {
        let mut model = model.lock();
        model.check(&headers, "socket")?;
        if model.refuse_sockets {
            return Err(Failed(ErrorCode::Unavailable));
        }
    }
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .on_upgrade(move |socket| serve(model, socket)))
}

async fn serve(model: Arc<Mutex<Model>>, mut socket: WebSocket) {
    let (out, mut queue) = mpsc::unbounded_channel();
    let ready = ServerFrame::Ready {
        user_id: me(),
        device_id: DeviceId::new(5).unwrap(),
        server_time: Timestamp(1),
        heartbeat_ms: 25_000,
    };
    let ready = serde_json::to_string(&ready).unwrap();
    out.send(Some(ready)).unwrap();
    model.lock().sockets.push(out.clone());
    loop {
        tokio::select! {
            frame = queue.recv() => {
                let Some(Some(text)) = frame else { return };
                if socket.send(Ws::text(text)).await.is_err() {
                    return;
                }
            }
            frame = socket.recv() => {
                let Some(Ok(frame)) = frame else { return };
                let Ws::Text(text) = frame else { continue };
                for answer in answers(&mut model.lock(), &text) {
                    let text = answer.map(|frame| serde_json::to_string(&frame).unwrap());
                    out.send(text).unwrap();
                }
            }
        }
    }
}

/// What is said to a frame; `None` is the end of the socket.
fn answers(model: &mut Model, text: &str) -> Vec<Option<ServerFrame>> {
    let send = match serde_json::from_str(text).unwrap() {
        ClientFrame::Mark(mark) => {
            model.mark(mark);
            return Vec::new();
        }
        ClientFrame::Send(send) => send,
    };
    model.sends.push(send.clone());
    match model.replies.pop_front() {
        Some(Reply::Refuse(error)) => vec![Some(ServerFrame::Nack {
            id: Some(send.id),
            error,
        })],
        Some(Reply::LoseAnswer) => {
            let mute = std::mem::replace(&mut model.mute, true);
            model.store(send.id, me(), send.content);
            model.mute = mute;
            vec![None]
        }
        Some(Reply::AnswerTwice) => {
            let sent = model.store(send.id, me(), send.content);
            vec![
                Some(ServerFrame::Ack(sent.clone())),
                Some(ServerFrame::Ack(sent)),
            ]
        }
        None => {
            let sent = model.store(send.id, me(), send.content);
            vec![Some(ServerFrame::Ack(sent))]
        }
    }
}

/// Says goodbye on all sockets.
pub(crate) fn bye(reason: ByeReason) -> ServerFrame {
    ServerFrame::Bye { reason }
}
