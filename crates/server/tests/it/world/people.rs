//! People, and what they ask over HTTP.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use magpie_protocol::{
    ConversationId, DeviceId, ErrorBody, ErrorCode, MessageId, UserId,
    friends::{Friend, FriendRequest, NewFriendRequest},
    messages::{SendMessage, Sent},
    routes,
    sync::{Change, Difference},
};
use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde::{Serialize, de::DeserializeOwned};

use super::PATIENCE;

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
    /// Empty for nobody.
    pub(super) token: String,
    pub(super) http: reqwest::Client,
    pub(super) address: Arc<Mutex<SocketAddr>>,
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
}
