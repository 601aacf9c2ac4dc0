//! People, who register over the public interface.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use magpie_protocol::{
    ConversationId, UserId,
    accounts::{Platform, Register},
    friends::{Friend, FriendRequest, NewFriendRequest},
    routes,
    sessions::{NewDevice, PasswordDigest, Secret, SignedIn},
};
use md5::{Digest as _, Md5};
use reqwest::Client;
use serde::{Serialize, de::DeserializeOwned};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How many register at the same time; fewer than may wait for their password's hash.
const AT_ONCE: usize = 64;

/// Somebody whose device is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) token: Secret,
}

/// People of whom each two neighbours, the first and the second, the third and the fourth and so
/// on, have a direct conversation.
pub(crate) struct Pairs {
    pub(crate) people: Vec<Person>,
    pub(crate) conversations: Vec<ConversationId>,
}

impl Pairs {
    /// Returns the first of each pair and their conversation, as plain numbers.
    pub(crate) fn numbers(&self) -> Vec<(i64, i64)> {
        let senders = self.people.iter().step_by(2);
        let pairs = senders.zip(&self.conversations);
        pairs
            .map(|(sender, id)| (sender.id.get().cast_signed(), id.get().cast_signed()))
            .collect()
    }
}

/// Returns the digest of [`PASSWORD`].
pub(crate) fn digest() -> PasswordDigest {
    PasswordDigest::from_md5(Md5::digest(format!("magpie:{PASSWORD}")).into())
}

/// Where people register.
pub(super) struct Registry {
    client: Client,
    server: SocketAddr,
}

impl Registry {
    /// Takes a server that runs.
    pub(super) fn new(server: SocketAddr) -> Self {
        // Plain HTTP is spoken here, but the library wants to know how it would do the other. It
        // fails where that has been said before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            client: Client::new(),
            server,
        }
    }

    /// Makes accounts `<prefix>0`, `<prefix>1` …, each with one signed-in device, in this order.
    ///
    /// # Errors
    /// When the server refuses one.
    pub(super) async fn register(&self, prefix: &str, count: usize) -> Result<Vec<Person>> {
        let registering = (0..count).map(|number| {
            let name = format!("{prefix}{number}-bench");
            async move {
                let request = Register {
                    username: name.clone(),
                    nickname: name,
                    email: None,
                    password: digest(),
                    device: NewDevice {
                        name: "bench".into(),
                        platform: Platform::Linux,
                    },
                    invitation: None,
                };
                let signed_in: SignedIn = self
                    .ask(routes::ACCOUNTS, None, &request)
                    .await
                    .context("registering")?;
                Ok(Person {
                    id: signed_in.account.user.id,
                    username: signed_in.account.user.username,
                    token: signed_in.tokens.access_token,
                })
            }
        });
        stream::iter(registering)
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Makes friends of each two people and returns their conversations, in the same order.
    ///
    /// # Errors
    /// When the server refuses one.
    pub(super) async fn befriend<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a Person, &'a Person)>,
    ) -> Result<Vec<ConversationId>> {
        let befriending = pairs.map(|(one, other)| async move {
            let request = NewFriendRequest {
                user_id: other.id,
                message: String::new(),
            };
            let asked: FriendRequest = self
                .ask(routes::FRIEND_REQUESTS, Some(&one.token), &request)
                .await?;
            let accept = routes::ACCEPT_REQUEST.replace("{request_id}", &asked.id.to_string());
            let friend: Friend = self.ask(&accept, Some(&other.token), &()).await?;
            Ok(friend.conversation_id)
        });
        stream::iter(befriending)
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&Secret>,
        body: &impl Serialize,
    ) -> Result<T> {
        post(
            &self.client,
            &format!("http://{}{path}", self.server),
            token,
            body,
        )
        .await
    }
}

/// Posts a request and reads the answer.
///
/// # Errors
/// When it is refused.
pub(crate) async fn post<T: DeserializeOwned>(
    client: &Client,
    url: &str,
    token: Option<&Secret>,
    body: &impl Serialize,
) -> Result<T> {
    let mut request = client.post(url).json(body);
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "{url}: {status} {text}");
    Ok(serde_json::from_str(&text)?)
}
