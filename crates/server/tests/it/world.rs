//! A server of one's own, and people who use it over real connections.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use magpie_protocol::{
    ConversationId, DeviceId, ErrorBody, ErrorCode, MessageId, Timestamp, UserId,
    accounts::{Platform, Register},
    frames::{ByeReason, ClientFrame, SUBPROTOCOL, ServerFrame},
    friends::{Friend, FriendRequest, NewFriendRequest},
    messages::{SendMessage, Sent},
    routes,
    sessions::{NewDevice, PasswordDigest, SignIn, SignedIn},
    sync::{Change, Difference, Item, Scope},
};
use magpie_server::{
    Config, Server, Surroundings,
    clock::{Clock, SystemClock},
    testing::Database,
};
use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message as Frame, client::IntoClientRequest as _},
};

/// No answer takes as long, so a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The machine's clock, which a test can put forward.
#[derive(Default)]
pub(crate) struct MovableClock {
    system: SystemClock,
    ahead: AtomicI64,
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        self.system
            .now()
            .plus_millis(self.ahead.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        self.system.elapsed()
            + Duration::from_millis(self.ahead.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// A server on a folder of its own.
pub(crate) struct World {
    server: Option<Server>,
    config: Config,
    clock: Arc<MovableClock>,
    http: reqwest::Client,
    address: Arc<Mutex<SocketAddr>>,
    // Dropped after the server.
    _database: Option<Database>,
    _folder: TempDir,
}

/// Tells whether these tests are run on PostgreSQL, for which the environment asks. Without it they
/// are run on SQLite.
pub(crate) fn on_postgres() -> bool {
    match std::env::var("MAGPIE_TEST_ENGINE").as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("MAGPIE_TEST_ENGINE is sqlite or postgres, not {other}"),
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: folder.path().to_owned(),
            argon2_memory_kib: 8,
            argon2_passes: 1,
            writes_per_user_and_second: 100_000,
            friend_requests_per_user_and_hour: 1_000_000,
            profile_changes_per_user_and_hour: 1_000_000,
            // A test that waits for a clock that was put forward must not lose its tokens.
            access_token_seconds: 365 * 24 * 60 * 60,
            ..Config::default()
        };
        let database = on_postgres().then(|| Database::create().unwrap());
        if let Some(database) = &database {
            config.database = Some(database.url().parse().unwrap());
        }
        change(&mut config);
        let mut world = Self {
            server: None,
            config,
            clock: Arc::new(MovableClock::default()),
            http: crate::api::http(),
            address: Arc::new(Mutex::new(SocketAddr::from(([127, 0, 0, 1], 1)))),
            _database: database,
            _folder: folder,
        };
        world.run().await;
        world
    }

    async fn run(&mut self) {
        let surroundings = Surroundings {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ..Surroundings::default()
        };
        let server = Server::start_in(self.config.clone(), surroundings)
            .await
            .unwrap();
        *self.address.lock() = server.local_addr();
        self.server = Some(server);
    }

    /// Stops the server and starts it again on the same folder.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    /// Starts the server that was stopped.
    pub(crate) async fn start_again(&mut self) {
        self.run().await;
    }

    pub(crate) async fn stop(&mut self) {
        self.server.take().unwrap().shutdown().await;
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// The server's time of day.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.clock.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// Returns somebody as they talk to this server instead of the one that they knew.
    pub(crate) fn visited_by(&self, person: &Person) -> Person {
        Person {
            address: Arc::clone(&self.address),
            ..person.clone()
        }
    }

    /// Ends the server as if its process were killed: nobody is told.
    pub(crate) fn kill(&mut self) {
        drop(self.server.take().unwrap());
    }

    fn person(&self, signed_in: &SignedIn) -> Person {
        Person {
            id: signed_in.account.user.id,
            device: signed_in.device.id,
            token: signed_in.tokens.access_token.expose().to_owned(),
            http: self.http.clone(),
            address: Arc::clone(&self.address),
        }
    }

    /// Somebody who is not signed in.
    pub(crate) fn nobody(&self) -> Person {
        Person {
            id: UserId::new(1).unwrap(),
            device: DeviceId::new(1).unwrap(),
            token: String::new(),
            http: self.http.clone(),
            address: Arc::clone(&self.address),
        }
    }

    pub(crate) async fn register(&self, name: &str) -> Person {
        let register = Register {
            invitation: None,
            username: name.into(),
            nickname: name.into(),
            email: None,
            password: PasswordDigest::from_md5([7; 16]),
            device: device("first"),
        };
        let signed_in: SignedIn = self
            .nobody()
            .post(routes::ACCOUNTS, &register)
            .await
            .unwrap();
        self.person(&signed_in)
    }

    /// Signs another device of somebody in.
    pub(crate) async fn another_device(&self, name: &str) -> Person {
        let sign_in = SignIn {
            login: name.into(),
            password: PasswordDigest::from_md5([7; 16]),
            device: device("second"),
        };
        let signed_in: SignedIn = self
            .nobody()
            .post(routes::SESSIONS, &sign_in)
            .await
            .unwrap();
        self.person(&signed_in)
    }

    /// Two people who are friends, and their conversation.
    pub(crate) async fn friends(&self, one: &str, other: &str) -> (Person, Person, ConversationId) {
        let (one, other) = (self.register(one).await, self.register(other).await);
        let conversation = befriend(&one, &other).await;
        (one, other, conversation)
    }
}

fn device(name: &str) -> NewDevice {
    NewDevice {
        name: name.into(),
        platform: Platform::Linux,
    }
}

/// Makes friends of two people and returns their conversation.
pub(crate) async fn befriend(one: &Person, other: &Person) -> ConversationId {
    let request = one.ask(other, "hello").await.unwrap();
    let friend: Friend = other
        .post(&routes::accept_request(request.id), &())
        .await
        .unwrap();
    friend.conversation_id
}

/// Mints an id that no other call gives.
pub(crate) fn message_id() -> MessageId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_le_bytes());
    MessageId::from_parts(1_700_000_000_000 + number, random)
}

pub(crate) fn text(conversation: ConversationId, text: &str) -> SendMessage {
    SendMessage::text(message_id(), conversation, text)
}

/// A signed-in device of somebody.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) device: DeviceId,
    token: String,
    http: reqwest::Client,
    address: Arc<Mutex<SocketAddr>>,
}

impl Person {
    /// Sends a request as it is and returns status and body.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> (StatusCode, String) {
        let url = format!("http://{}{path}", *self.address.lock());
        let mut request = self.http.request(method, url).timeout(PATIENCE);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, ErrorBody> {
        let (status, text) = self.raw(method, path, body).await;
        if status.is_success() {
            let text = if text.is_empty() { "null" } else { &text };
            return Ok(serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")));
        }
        let body: ErrorBody =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(status.as_u16(), body.code.http_status(), "{body:?}");
        Err(body)
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ErrorBody> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ErrorBody> {
        let body = serde_json::to_vec(body).unwrap();
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ErrorBody> {
        let body = serde_json::to_vec(body).unwrap();
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put<T: DeserializeOwned>(&self, path: &str) -> Result<T, ErrorBody> {
        self.call(Method::PUT, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), ErrorBody> {
        self.call(Method::DELETE, path, None).await
    }

    /// Returns the code that a GET is refused with.
    pub(crate) async fn refused(&self, path: &str) -> ErrorCode {
        self.get::<serde_json::Value>(path).await.unwrap_err().code
    }

    pub(crate) async fn ask(
        &self,
        other: &Self,
        message: &str,
    ) -> Result<FriendRequest, ErrorBody> {
        let wanted = NewFriendRequest {
            user_id: other.id,
            message: message.into(),
        };
        self.post(routes::FRIEND_REQUESTS, &wanted).await
    }

    pub(crate) async fn send(&self, message: &SendMessage) -> Result<Sent, ErrorBody> {
        self.post(routes::MESSAGES, message).await
    }

    pub(crate) async fn say(&self, conversation: ConversationId, words: &str) -> Sent {
        self.send(&text(conversation, words)).await.unwrap()
    }

    /// Returns all changes of a conversation since a revision, page by page.
    pub(crate) async fn changes(&self, conversation: ConversationId, since: u64) -> Vec<Change> {
        self.all_changes(&routes::conversation_changes(conversation), since)
            .await
    }

    /// Returns all changes of the own scope since a revision, page by page.
    pub(crate) async fn own_changes(&self, since: u64) -> Vec<Change> {
        self.all_changes(routes::ACCOUNT_CHANGES, since).await
    }

    async fn all_changes(&self, path: &str, mut since: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        loop {
            let page: Difference = self
                .get(&format!("{path}?since={since}&limit=7"))
                .await
                .unwrap();
            changes.extend(page.changes);
            since = page.rev;
            if !page.more {
                return changes;
            }
        }
    }

    pub(crate) async fn connect(&self) -> Socket {
        self.connect_over(self.stream().await).await
    }

    /// Connects with a receive buffer so small that whoever does not read is noticed soon.
    pub(crate) async fn connect_narrow(&self) -> Socket {
        self.connect_buffering(4 * 1024).await
    }

    /// Connects with a receive buffer of so many bytes.
    pub(crate) async fn connect_buffering(&self, bytes: u32) -> Socket {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(bytes).unwrap();
        let address = *self.address.lock();
        let stream = socket.connect(address).await.unwrap();
        self.connect_over(stream).await
    }

    async fn connect_over(&self, stream: TcpStream) -> Socket {
        let mut socket = self.try_connect(stream, SUBPROTOCOL).await.unwrap();
        let ready = socket.next().await;
        assert!(
            matches!(ready, ServerFrame::Ready { user_id, device_id, .. }
                if user_id == self.id && device_id == self.device),
            "{ready:?}"
        );
        socket
    }

    /// Tries to open the socket; the status where that is refused.
    pub(crate) async fn try_connect(
        &self,
        stream: TcpStream,
        subprotocol: &str,
    ) -> Result<Socket, StatusCode> {
        let url = format!("ws://{}{}", *self.address.lock(), routes::SOCKET);
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        if !self.token.is_empty() {
            let bearer = format!("Bearer {}", self.token);
            headers.insert("authorization", bearer.parse().unwrap());
        }
        match client_async(request, stream).await {
            Ok((stream, _)) => Ok(Socket {
                stream,
                passed_over: VecDeque::new(),
            }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn stream(&self) -> TcpStream {
        let address = *self.address.lock();
        TcpStream::connect(address).await.unwrap()
    }
}

/// The socket of a device.
pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<TcpStream>,
    passed_over: VecDeque<ServerFrame>,
}

impl Socket {
    /// Returns the next frame, passing over those that say who is online: they come at any time.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        self.until(|frame| match frame {
            ServerFrame::Presence { .. } => None,
            other => Some(other.clone()),
        })
        .await
    }

    /// Returns what is said next of who is online: people, and whether they are.
    pub(crate) async fn presence(&mut self) -> Vec<(UserId, bool)> {
        self.until(|frame| match frame {
            ServerFrame::Presence { users } => {
                let said = users.iter().map(|it| (it.user_id, it.online));
                Some(said.collect())
            }
            _ => None,
        })
        .await
    }

    /// Returns the next frame that comes over the line, or `None` at its end.
    async fn arrival(&mut self) -> Option<ServerFrame> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next())
                .await
                .expect("nothing came");
            match frame {
                Some(Ok(Frame::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return None,
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    /// Returns what `wanted` makes of the first frame that it takes. The others stay.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&ServerFrame) -> Option<T>) -> T {
        let mut index = 0;
        loop {
            if index == self.passed_over.len() {
                let frame = self.arrival().await.expect("the socket was closed");
                self.passed_over.push_back(frame);
            }
            if let Some(found) = wanted(&self.passed_over[index]) {
                self.passed_over.remove(index);
                return found;
            }
            index += 1;
        }
    }

    /// Sends a message and returns its answer.
    pub(crate) async fn send(&mut self, message: &SendMessage) -> Result<Sent, ErrorBody> {
        self.put(&ClientFrame::Send(message.clone())).await;
        self.answer(message.id).await
    }

    /// Returns the answer to the message with this id.
    pub(crate) async fn answer(&mut self, wanted: MessageId) -> Result<Sent, ErrorBody> {
        self.until(|frame| match frame {
            ServerFrame::Ack(sent) if sent.id == wanted => Some(Ok(sent.clone())),
            ServerFrame::Nack { id, error } if *id == Some(wanted) => Some(Err(error.clone())),
            _ => None,
        })
        .await
    }

    /// Returns the next changes of a scope: the revision before, the one after, and the rows.
    pub(crate) async fn changes(&mut self, wanted: Scope) -> (u64, u64, Vec<Item>) {
        self.until(|frame| match frame {
            ServerFrame::Changes {
                scope,
                prev,
                rev,
                changes,
            } if *scope == wanted => {
                let items = changes.iter().map(|change| change.item.clone()).collect();
                Some((*prev, *rev, items))
            }
            _ => None,
        })
        .await
    }

    /// Returns why the next frame that could not be read was refused.
    pub(crate) async fn refusal(&mut self) -> ErrorBody {
        self.until(|frame| match frame {
            ServerFrame::Nack { id: None, error } => Some(error.clone()),
            _ => None,
        })
        .await
    }

    /// Reads to the end, which the server has to announce, and returns the reason.
    pub(crate) async fn bye(&mut self) -> ByeReason {
        let mut reason = None;
        while let Some(frame) = self.arrival().await {
            if let ServerFrame::Bye { reason: why } = frame {
                reason = Some(why);
            }
        }
        reason.expect("the socket was closed without a word")
    }

    pub(crate) async fn put(&mut self, frame: &ClientFrame) {
        self.put_text(&serde_json::to_string(frame).unwrap()).await;
    }

    /// Puts several frames on the line at the same moment.
    pub(crate) async fn put_together(&mut self, frames: &[ClientFrame]) {
        for frame in frames {
            let text = serde_json::to_string(frame).unwrap();
            self.stream.feed(Frame::text(text)).await.unwrap();
        }
        self.stream.flush().await.unwrap();
    }

    pub(crate) async fn put_text(&mut self, text: &str) {
        self.put_frame(Frame::text(text)).await.unwrap();
    }

    pub(crate) async fn put_frame(
        &mut self,
        frame: Frame,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        tokio::time::timeout(PATIENCE, self.stream.send(frame))
            .await
            .expect("the server does not read")
    }
}
