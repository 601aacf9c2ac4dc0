//! What the server holds, asked by a small client of our own: a core would hide its own mistakes.

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use magpie_protocol::{
    ConversationId, ErrorBody, MessageId, Page, Timestamp,
    accounts::Platform,
    friends::{Block, Friend},
    messages::{History, Message, SendMessage, Sent},
    routes,
    server::Gateway,
    sessions::{NewDevice, PasswordDigest, SignIn, SignedIn},
    sync::Sync,
};
use md5::{Digest as _, Md5};
use parking_lot::Mutex;
use rand::RngExt as _;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;

use crate::{Ear, Person};

/// The server promises an answer sooner, whatever has befallen it.
const LONGEST: Duration = Duration::from_secs(45);

/// A client of plain requests, which signs in as whoever it is asked about.
pub struct Observer {
    http: reqwest::Client,
    server_url: String,
    tokens: Mutex<HashMap<String, String>>,
    acknowledged: Mutex<Vec<MessageId>>,
}

impl Observer {
    /// Makes one for the server at this address.
    ///
    /// # Panics
    /// When the HTTP client cannot be made.
    #[must_use]
    pub fn new(server_url: &str) -> Self {
        // Cores in the same process may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(LONGEST)
                .build()
                .unwrap(),
            server_url: server_url.to_owned(),
            tokens: Mutex::default(),
            acknowledged: Mutex::default(),
        }
    }

    /// Returns the whole history of a conversation, as this person may read it.
    ///
    /// # Errors
    /// When the server cannot be asked, or breaks its word on how pages look.
    pub async fn history(
        &self,
        person: &Person,
        conversation_id: ConversationId,
    ) -> Result<Vec<Message>, String> {
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let after = messages.last().map_or(0, |message| message.seq);
            let path = format!(
                "{}?after={after}&limit=500",
                routes::history(conversation_id)
            );
            let page: History = self.get(person, &path).await?;
            if page.messages.is_empty() {
                return if after == page.last_seq {
                    Ok(messages)
                } else {
                    Err(format!(
                        "history ends at {after}, before last_seq {}",
                        page.last_seq
                    ))
                };
            }
            messages.extend(page.messages);
        }
    }

    /// Returns all heads and the whole user scope.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn sync(&self, person: &Person) -> Result<Sync, String> {
        let path = format!("{}?user_rev=0&since=0&limit=500", routes::SYNC);
        let sync: Sync = self.get(person, &path).await?;
        if sync.user.more {
            return Err("more than one page in a user's scope".to_owned());
        }
        Ok(sync)
    }

    /// Returns a person's friends.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn friends(&self, person: &Person) -> Result<Vec<Friend>, String> {
        let page: Page<Friend> = self
            .get(person, &format!("{}?limit=500", routes::FRIENDS))
            .await?;
        Ok(page.items)
    }

    /// Returns whom a person has blocked.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn blocks(&self, person: &Person) -> Result<Vec<Block>, String> {
        let page: Page<Block> = self
            .get(person, &format!("{}?limit=500", routes::BLOCKS))
            .await?;
        Ok(page.items)
    }

    /// Sends texts one after the other by HTTP, as a device that is not under test.
    ///
    /// # Panics
    /// When the server does not take one.
    pub async fn sends(
        &self,
        person: &Person,
        conversation_id: ConversationId,
        now: Timestamp,
        texts: impl Iterator<Item = String>,
    ) {
        let device = format!("{}/observer", person.name());
        let millis = u64::try_from(now.0).unwrap();
        for text in texts {
            let id = MessageId::from_parts(millis, rand::rng().random());
            let message = SendMessage::text(id, conversation_id, &text);
            let request = |token: &str| {
                self.request(Method::POST, routes::MESSAGES, token)
                    .json(&message)
            };
            let sent: Sent = self.ask(person, request).await.unwrap();
            assert_eq!(sent.id, id);
            self.acknowledged.lock().push(id);
            person
                .record()
                .sent(&device, person.id(), conversation_id, id, &text);
        }
    }

    /// Opens a socket to a node, as one more device of this person.
    ///
    /// # Panics
    /// When that fails.
    pub async fn listens(&self, person: &Person, node: SocketAddr) -> Ear {
        let token = self.sign_in(person).await.unwrap();
        Ear::open(node, &token).await
    }

    /// Asks a node where to open the socket, as this person.
    ///
    /// # Errors
    /// When the nodes cannot be asked.
    pub async fn gateway(&self, person: &Person) -> Result<Option<String>, String> {
        let gateway: Gateway = self.get(person, routes::GATEWAY).await?;
        Ok(gateway.socket)
    }

    /// Returns the messages that the server took from here.
    #[must_use]
    pub fn acknowledged(&self) -> Vec<MessageId> {
        self.acknowledged.lock().clone()
    }

    async fn get<T: DeserializeOwned>(&self, person: &Person, path: &str) -> Result<T, String> {
        self.ask(person, |token| self.request(Method::GET, path, token))
            .await
    }

    fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.server_url);
        self.http.request(method, url).bearer_auth(token)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        person: &Person,
        request: impl Fn(&str) -> RequestBuilder,
    ) -> Result<T, String> {
        let known = self.tokens.lock().get(person.name()).cloned();
        if let Some(token) = known {
            let answer = request(&token).send().await.map_err(unanswered)?;
            if answer.status() != StatusCode::UNAUTHORIZED {
                return read(answer).await;
            }
        }
        let token = self.sign_in(person).await?;
        let answer = request(&token).send().await.map_err(unanswered)?;
        read(answer).await
    }

    async fn sign_in(&self, person: &Person) -> Result<String, String> {
        let digest = Md5::digest(format!("magpie:{}", person.password()));
        let body = SignIn {
            login: person.name().to_owned(),
            password: PasswordDigest::from_md5(digest.into()),
            device: NewDevice {
                name: "observer".to_owned(),
                platform: Platform::Other,
            },
        };
        let url = format!("{}{}", self.server_url, routes::SESSIONS);
        let answer = self.http.post(url).json(&body).send().await;
        let signed_in: SignedIn = read(answer.map_err(unanswered)?).await?;
        let token = signed_in.tokens.access_token.expose().to_owned();
        self.tokens
            .lock()
            .insert(person.name().to_owned(), token.clone());
        Ok(token)
    }
}

/// Words why there is no answer. One that never came is a fault, and not to be asked for again.
fn unanswered(error: reqwest::Error) -> String {
    assert!(!error.is_timeout(), "no answer in {LONGEST:?}: {error:?}");
    format!("{error:?}")
}

async fn read<T: DeserializeOwned>(answer: reqwest::Response) -> Result<T, String> {
    let (status, url) = (answer.status(), answer.url().clone());
    let body = answer.bytes().await.map_err(unanswered)?;
    if !status.is_success() {
        let error: ErrorBody = serde_json::from_slice(&body)
            .map_err(|_| format!("{url} answered {status} without an error of ours"))?;
        return Err(format!("{url} answered {status}: {error}"));
    }
    serde_json::from_slice(&body).map_err(|error| format!("{url}: {error}"))
}
