//! The calls of somebody who is signed in.

use std::sync::Arc;

use magpie_protocol::{
    ConversationId, DeviceId, ErrorBody, ErrorCode, FriendRequestId, Page, UserId,
    accounts::{Account, ChangePassword, Device, UpdateAccount, User},
    friends::{Block, Friend, FriendRequest, NewFriendRequest, UpdateFriend},
    messages::History,
    routes,
    server::Gateway,
    sync::{Difference, Head, Sync},
};
use reqwest::Method;
use rustls::ClientConfig;
use serde::de::DeserializeOwned;

use super::{
    call::{Call, Http},
    way::Way,
};
use crate::{CoreError, session::Session};

/// The HTTP interface of one server, for one account. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    http: Http,
    session: Session,
}

impl Api {
    /// Asks on behalf of a session.
    pub(crate) const fn new(http: Http, session: Session) -> Self {
        Self { http, session }
    }

    /// Returns how connections are secured, for the socket.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        self.http.tls()
    }

    /// Returns the way to servers, for the socket.
    pub(crate) const fn way(&self) -> &Way {
        self.http.way()
    }

    /// Where to open the socket.
    pub(crate) async fn gateway(&self) -> Result<Gateway, CoreError> {
        self.ask(get(routes::GATEWAY)).await
    }

    /// Changes one's own profile.
    pub(crate) async fn update_account(
        &self,
        update: &UpdateAccount,
    ) -> Result<Account, CoreError> {
        self.ask(Call::new(Method::PATCH, routes::ACCOUNT).body(update)?)
            .await
    }

    /// Changes the password.
    pub(crate) async fn change_password(&self, change: &ChangePassword) -> Result<(), CoreError> {
        self.tell(Call::new(Method::PUT, routes::PASSWORD).body(change)?)
            .await
    }

    /// What changed in the user's scope since a revision.
    pub(crate) async fn account_changes(
        &self,
        since: u64,
        limit: u32,
    ) -> Result<Difference, CoreError> {
        self.ask(
            get(routes::ACCOUNT_CHANGES)
                .with("since", since)
                .with("limit", limit),
        )
        .await
    }

    /// The devices that are signed in.
    pub(crate) async fn devices(&self) -> Result<Vec<Device>, CoreError> {
        self.ask(get(routes::DEVICES)).await
    }

    /// Ends a device's session.
    pub(crate) async fn end_device(&self, id: DeviceId) -> Result<(), CoreError> {
        self.tell(Call::new(Method::DELETE, routes::device(id)))
            .await
    }

    /// Looks for people.
    pub(crate) async fn search_users(
        &self,
        query: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<User>, CoreError> {
        let call = get(routes::USERS).with("q", query).maybe("cursor", cursor);
        self.ask(call.with("limit", limit)).await
    }

    /// Somebody's public profile.
    pub(crate) async fn user(&self, id: UserId) -> Result<User, CoreError> {
        self.ask(get(routes::user(id))).await
    }

    /// Asks somebody to become friends.
    pub(crate) async fn request_friend(
        &self,
        request: &NewFriendRequest,
    ) -> Result<FriendRequest, CoreError> {
        self.ask(Call::new(Method::POST, routes::FRIEND_REQUESTS).body(request)?)
            .await
    }

    /// Accepts a friend request.
    pub(crate) async fn accept_request(&self, id: FriendRequestId) -> Result<Friend, CoreError> {
        self.ask(Call::new(Method::POST, routes::accept_request(id)))
            .await
    }

    /// Rejects a friend request.
    pub(crate) async fn reject_request(
        &self,
        id: FriendRequestId,
    ) -> Result<FriendRequest, CoreError> {
        self.ask(Call::new(Method::POST, routes::reject_request(id)))
            .await
    }

    /// Ignores a friend request.
    pub(crate) async fn ignore_request(
        &self,
        id: FriendRequestId,
    ) -> Result<FriendRequest, CoreError> {
        self.ask(Call::new(Method::POST, routes::ignore_request(id)))
            .await
    }

    /// Changes the name that one gives a friend.
    pub(crate) async fn update_friend(
        &self,
        id: UserId,
        update: &UpdateFriend,
    ) -> Result<Friend, CoreError> {
        self.ask(Call::new(Method::PATCH, routes::friend(id)).body(update)?)
            .await
    }

    /// Ends a friendship.
    pub(crate) async fn remove_friend(&self, id: UserId) -> Result<(), CoreError> {
        self.tell(Call::new(Method::DELETE, routes::friend(id)))
            .await
    }

    /// Blocks somebody.
    pub(crate) async fn block(&self, id: UserId) -> Result<Block, CoreError> {
        self.ask(Call::new(Method::PUT, routes::block(id))).await
    }

    /// Unblocks somebody.
    pub(crate) async fn unblock(&self, id: UserId) -> Result<(), CoreError> {
        self.tell(Call::new(Method::DELETE, routes::block(id)))
            .await
    }

    /// A conversation's head.
    pub(crate) async fn conversation(&self, id: ConversationId) -> Result<Head, CoreError> {
        self.ask(get(routes::conversation(id))).await
    }

    /// The messages just before a place.
    pub(crate) async fn history_before(
        &self,
        id: ConversationId,
        before: u64,
        limit: u32,
    ) -> Result<History, CoreError> {
        let call = get(routes::history(id)).with("before", before);
        self.ask(call.with("limit", limit)).await
    }

    /// The messages just after a place.
    pub(crate) async fn history_after(
        &self,
        id: ConversationId,
        after: u64,
        limit: u32,
    ) -> Result<History, CoreError> {
        let call = get(routes::history(id)).with("after", after);
        self.ask(call.with("limit", limit)).await
    }

    /// What changed in a conversation since a revision; with `below_seq`, of its messages only
    /// those before that place.
    pub(crate) async fn conversation_changes(
        &self,
        id: ConversationId,
        since: u64,
        below_seq: Option<u64>,
        limit: u32,
    ) -> Result<Difference, CoreError> {
        let call = get(routes::conversation_changes(id))
            .with("since", since)
            .with("limit", limit)
            .maybe("below_seq", below_seq);
        self.ask(call).await
    }

    /// All that a device which comes online needs for a right list.
    pub(crate) async fn sync(
        &self,
        user_rev: u64,
        since: u64,
        limit: u32,
    ) -> Result<Sync, CoreError> {
        let call = get(routes::SYNC)
            .with("user_rev", user_rev)
            .with("since", since)
            .with("limit", limit);
        self.ask(call).await
    }

    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, CoreError> {
        let token = self.session.access_token().await?;
        match self.http.ask(&call, Some(&token)).await {
            Err(error) if is_stale(&error) => {
                let token = self.session.refreshed(&token).await?;
                self.heed(self.http.ask(&call, Some(&token)).await)
            }
            outcome => self.heed(outcome),
        }
    }

    async fn tell(&self, call: Call) -> Result<(), CoreError> {
        let token = self.session.access_token().await?;
        let outcome = match self.http.send(&call, Some(&token)).await {
            Err(error) if is_stale(&error) => {
                let token = self.session.refreshed(&token).await?;
                self.http.send(&call, Some(&token)).await
            }
            outcome => outcome,
        };
        self.heed(outcome.map(|_| ()))
    }

    /// Ends the session where the server says that it has ended.
    fn heed<T>(&self, outcome: Result<T, CoreError>) -> Result<T, CoreError> {
        if let Err(error) = &outcome
            && error.ends_session()
        {
            self.session.end(error.clone());
        }
        outcome
    }
}

fn get(path: impl Into<String>) -> Call {
    Call::new(Method::GET, path)
}

/// Tells whether a fresh access token could help. A server whose signing key was changed does not
/// know the old one, but may know the session.
const fn is_stale(error: &CoreError) -> bool {
    matches!(
        error,
        CoreError::Server(ErrorBody {
            code: ErrorCode::TokenExpired | ErrorCode::Unauthenticated,
            ..
        })
    )
}
