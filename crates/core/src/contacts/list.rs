//! Everybody one has to do with, from the local database.

use magpie_protocol::{
    Timestamp, UserId,
    accounts::User,
    friends::{Direction, Friend, FriendRequest, RequestState},
};
use rusqlite::Connection;

use super::{
    Contacts, FriendView, Person, Relation,
    names::{initial, sort_key, spelling},
};
use crate::{
    conversations::count,
    store::{
        Result,
        table::{blocks, friend_requests, friends},
    },
};

/// Reads the list of contacts.
pub(super) fn contacts(db: &Connection, me: UserId, now: Timestamp) -> Result<Contacts> {
    let mut friends: Vec<FriendView> = friends::list(db)?.into_iter().map(view).collect();
    friends.sort_by_cached_key(|view| (sort_key(&view.name), view.friend.user.id));
    let requests = |direction| -> Result<Vec<FriendRequest>> {
        let requests = friend_requests::list(db, me, direction)?;
        Ok(requests.into_iter().map(|r| as_of(now, r)).collect())
    };
    let received = requests(Direction::Received)?;
    let pending = received
        .iter()
        .filter(|request| request.state == RequestState::Pending)
        .count();
    Ok(Contacts {
        friends,
        sent: requests(Direction::Sent)?,
        received,
        blocked: blocks::list(db)?
            .into_iter()
            .map(|block| block.user)
            .collect(),
        pending: count(pending as u64),
    })
}

/// Tells what somebody is to me.
pub(super) fn person(db: &Connection, me: UserId, now: Timestamp, user: User) -> Result<Person> {
    let pending = |from, to| -> Result<Option<FriendRequest>> {
        Ok(friend_requests::latest(db, from, to)?
            .map(|request| as_of(now, request))
            .filter(|request| request.state == RequestState::Pending))
    };
    let friend = friends::get(db, user.id)?.filter(|friend| !friend.deleted);
    let relation = if user.id == me {
        Relation::Myself
    } else if let Some(friend) = friend {
        Relation::Friend { friend }
    } else if let Some(request) = pending(user.id, me)? {
        Relation::Asks { request }
    } else if let Some(request) = pending(me, user.id)? {
        Relation::Asked { request }
    } else {
        Relation::Stranger
    };
    Ok(Person {
        blocked: blocks::contains(db, user.id)?,
        relation,
        user,
    })
}

fn view(friend: Friend) -> FriendView {
    let name = match friend.remark.as_str() {
        "" => friend.user.nickname.clone(),
        remark => remark.to_owned(),
    };
    FriendView {
        initial: initial(&name),
        spelling: spelling(&name),
        name,
        friend,
    }
}

/// A request that has run out counts as ignored, whatever was last heard of it.
fn as_of(now: Timestamp, mut request: FriendRequest) -> FriendRequest {
    if request.state == RequestState::Pending && request.expires_at <= now {
        request.state = RequestState::Ignored;
    }
    request
}
