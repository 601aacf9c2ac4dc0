//! Friends, requests, blocks, and looking for people.
//!
//! Reading comes from the local database. Acting asks the server, and then keeps its answer through
//! the same code as the changes that will come over the socket, so that it shows at once.

mod list;
pub(crate) mod names;

use magpie_protocol::{
    FriendRequestId, Page, UserId,
    accounts::User,
    friends::{Block, Friend, FriendRequest, NewFriendRequest, RequestState, UpdateFriend},
    sync::Item,
};
use serde::{Deserialize, Serialize};

use crate::{Core, CoreError, store::table, sync};

/// How many people a page of a search has.
const FOUND: u32 = 30;

/// A friend in the list of contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct FriendView {
    /// The friend.
    pub friend: Friend,
    /// The name that is shown: the remark, or else the nickname.
    pub name: String,
    /// Under which letter the name stands: `A` to `Z` (the first pinyin letter for Chinese), or `#`.
    pub initial: String,
    /// How a name with Chinese characters is typed, to look for it by: pinyin, and other words in
    /// lower case, with spaces between (`anna zhang`). Empty where nothing in it is Chinese.
    pub spelling: String,
}

/// Everybody one has to do with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Contacts {
    /// Friends, sorted by name (by pinyin for Chinese).
    pub friends: Vec<FriendView>,
    /// Requests that others sent, newest first. One that ran out is there as ignored.
    pub received: Vec<FriendRequest>,
    /// Requests that one sent, newest first.
    pub sent: Vec<FriendRequest>,
    /// Blocked people.
    pub blocked: Vec<User>,
    /// How many received requests wait for an answer.
    pub pending: u32,
}

/// What somebody is to me.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(tag = "relation", rename_all = "snake_case")]
pub enum Relation {
    /// It is me.
    Myself,
    /// A friend.
    Friend {
        /// The friend.
        friend: Friend,
    },
    /// They asked me and wait for an answer.
    Asks {
        /// Their request.
        request: FriendRequest,
    },
    /// I asked them and wait for an answer.
    Asked {
        /// My request.
        request: FriendRequest,
    },
    /// Nothing of this.
    Stranger,
}

/// Somebody's card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
pub struct Person {
    /// Who it is.
    pub user: User,
    /// What they are to me.
    pub relation: Relation,
    /// I have blocked them.
    pub blocked: bool,
}

/// How to answer a friend request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Become friends.
    Accept,
    /// Say no.
    Reject,
    /// Put aside without an answer.
    Ignore,
}

impl Core {
    /// Returns everybody one has to do with, from the local database.
    ///
    /// # Errors
    /// [`crate::LocalCode::Storage`].
    pub async fn contacts(&self) -> Result<Contacts, CoreError> {
        let (me, now) = (self.shared.me, self.shared.clock.now());
        Ok(self
            .shared
            .store
            .read(move |db| list::contacts(db, me, now))
            .await?)
    }

    /// Looks for people by number, user name or nickname. Needs the server.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn search_people(
        &self,
        query: &str,
        cursor: Option<String>,
    ) -> Result<Page<Person>, CoreError> {
        let shared = &self.shared;
        let page = shared
            .api
            .search_users(query.trim(), cursor.as_deref(), FOUND)
            .await?;
        let (me, now) = (shared.me, shared.clock.now());
        let items = shared
            .store
            .read(move |db| {
                page.items
                    .into_iter()
                    .map(|user| list::person(db, me, now, user))
                    .collect()
            })
            .await?;
        Ok(Page {
            items,
            next: page.next,
        })
    }

    /// Returns somebody's card; from the local database where there is no network.
    ///
    /// # Errors
    /// [`magpie_protocol::ErrorCode::UserNotFound`], or the reason why the server could not be
    /// asked about a person not known here.
    pub async fn person(&self, user_id: UserId) -> Result<Person, CoreError> {
        let shared = &self.shared;
        let (me, now) = (shared.me, shared.clock.now());
        let known = shared
            .store
            .read(move |db| table::users::get(db, user_id))
            .await?;
        // Friends' profiles are kept up to date; those of strangers are asked for.
        let heard = match &known {
            Some(user) if !shared.wire.is_up() => Ok(user.clone()),
            _ => shared.api.user(user_id).await,
        };
        let user = match (heard, known) {
            (Ok(user), _) => {
                let heard = user.clone();
                shared
                    .store
                    .write(move |tx| table::users::upsert(tx, &heard))
                    .await?;
                user
            }
            (Err(CoreError::Local { .. }), Some(user)) => user,
            (Err(error), _) => return Err(error),
        };
        Ok(shared
            .store
            .read(move |db| list::person(db, me, now, user))
            .await?)
    }

    /// Asks somebody to become friends.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn request_friend(&self, user_id: UserId, message: &str) -> Result<(), CoreError> {
        let asking = sync::ask(&self.shared).await?;
        let request = NewFriendRequest {
            user_id,
            message: message.to_owned(),
        };
        let request = self.shared.api.request_friend(&request).await?;
        asking.keep(vec![Item::FriendRequest(request)]).await
    }

    /// Answers a friend request.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn answer_request(
        &self,
        request_id: FriendRequestId,
        answer: Answer,
    ) -> Result<(), CoreError> {
        let asking = sync::ask(&self.shared).await?;
        let shared = &self.shared;
        let items = match answer {
            Answer::Accept => {
                let friend = shared.api.accept_request(request_id).await?;
                let known = shared
                    .store
                    .read(move |db| table::friend_requests::get(db, request_id))
                    .await?;
                let conversation_id = friend.conversation_id;
                let mut items = vec![Item::Friend(friend)];
                items.extend(known.map(|mut request| {
                    request.state = RequestState::Accepted;
                    Item::FriendRequest(request)
                }));
                asking.keep(items).await?;
                shared.want(sync::Job::Conversation(conversation_id));
                return Ok(());
            }
            Answer::Reject => vec![Item::FriendRequest(
                shared.api.reject_request(request_id).await?,
            )],
            Answer::Ignore => vec![Item::FriendRequest(
                shared.api.ignore_request(request_id).await?,
            )],
        };
        asking.keep(items).await
    }

    /// Gives a friend another name; an empty one takes it away.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn set_remark(&self, user_id: UserId, remark: &str) -> Result<(), CoreError> {
        let asking = sync::ask(&self.shared).await?;
        let update = UpdateFriend {
            remark: remark.trim().to_owned(),
        };
        let friend = self.shared.api.update_friend(user_id, &update).await?;
        asking.keep(vec![Item::Friend(friend)]).await
    }

    /// Ends a friendship, both ways.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn remove_friend(&self, user_id: UserId) -> Result<(), CoreError> {
        let asking = sync::ask(&self.shared).await?;
        let shared = &self.shared;
        shared.api.remove_friend(user_id).await?;
        let known = shared
            .store
            .read(move |db| table::friends::get(db, user_id))
            .await?;
        let items = known.map(|friend| {
            Item::Friend(Friend {
                deleted: true,
                ..friend
            })
        });
        asking.keep(items.into_iter().collect()).await
    }

    /// Blocks somebody, or unblocks them.
    ///
    /// # Errors
    /// The server's refusal, or the reason why it could not be asked.
    pub async fn set_blocked(&self, user_id: UserId, blocked: bool) -> Result<(), CoreError> {
        let asking = sync::ask(&self.shared).await?;
        let shared = &self.shared;
        let block = if blocked {
            Some(shared.api.block(user_id).await?)
        } else {
            shared.api.unblock(user_id).await?;
            let known = shared
                .store
                .read(move |db| table::users::get(db, user_id))
                .await?;
            known.map(|user| Block {
                user,
                since: shared.clock.now(),
                deleted: true,
            })
        };
        let items = block.map(Item::Block);
        asking.keep(items.into_iter().collect()).await
    }
}
