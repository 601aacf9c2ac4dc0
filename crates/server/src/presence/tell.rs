//! Telling friends of each other.

use std::sync::Arc;

use magpie_protocol::{
    Timestamp, UserId,
    frames::{Presence as Shown, ServerFrame},
    sync::Scope,
};

use super::{here::Here, remote, seers};
use crate::{
    App,
    bus::{self, Outlet},
    db::DbError,
};

/// The most people whom one frame names: clients take no frame of any size.
const NAMED: usize = 500;

fn shown(user_id: UserId, online: bool, last_seen_at: Option<Timestamp>) -> Shown {
    Shown {
        user_id,
        online,
        last_seen_at,
    }
}

/// Counts a socket that has just said `ready`. It is told which friends are online, and when the
/// others were; where it is the first of its user, those who are online are told of it. Does not wait
/// for that.
pub(crate) fn arrived(app: &App, user: UserId, outlet: Arc<Outlet>) -> Here {
    let (here, new) = app.presence().enter(user);
    let task = app.clone();
    app.tasks().spawn(async move {
        tokio::select! {
            () = task.stopping().cancelled() => {}
            () = introduce(&task, user, &outlet, new) => {}
        }
    });
    here
}

async fn introduce(app: &App, user: UserId, outlet: &Outlet, new: bool) {
    let Ok(_place) = app.presence().places().acquire().await else {
        return;
    };
    if new
        && let Some(remote) = app.bus().remote()
        && let Err(error) = remote::add(remote, user).await
    {
        tracing::debug!(%error, "presence.not_added");
    }
    let Some(view) = look(app, user).await else {
        return;
    };
    let push = |frame: &ServerFrame| {
        if let Some(frame) = bus::text(frame) {
            outlet.push(&frame);
        }
    };
    view.show(app, push).await;
    if new {
        tell(app, &view.online, shown(user, true, None));
    }
}

/// Lets everybody here see their friends anew, and their friends them: not much was known for a
/// while.
pub(super) async fn everybody(app: App) {
    tokio::select! {
        () = app.stopping().cancelled() => {}
        () = async {
            for user in app.presence().everybody() {
                show_anew(&app, user).await;
            }
        } => {}
    }
}

async fn show_anew(app: &App, user: UserId) {
    let Ok(_place) = app.presence().places().acquire().await else {
        return;
    };
    let Some(view) = look(app, user).await else {
        return;
    };
    if view.people.is_empty() {
        return;
    }
    let send = |frame: &ServerFrame| app.bus().send(Scope::User(user), frame);
    view.show(app, send).await;
    tell(app, &view.online, shown(user, true, None));
}

/// How somebody's friends are.
#[derive(Default)]
struct View {
    /// All of them.
    people: Vec<Shown>,
    online: Vec<UserId>,
    /// Those who are not online, save those behind a block.
    away: Vec<UserId>,
}

async fn look(app: &App, user: UserId) -> Option<View> {
    let read = app
        .db()
        .read::<_, DbError, _>(move |tx| seers::friends(tx, user));
    let friends = known(read.await)?;
    let ids: Vec<UserId> = friends.iter().map(|friend| friend.id).collect();
    let mut view = View::default();
    for (friend, online) in friends.iter().zip(among(app, &ids).await) {
        view.people.push(match online && friend.open {
            true => {
                view.online.push(friend.id);
                shown(friend.id, true, None)
            }
            false => {
                view.away.extend(friend.open.then_some(friend.id));
                shown(friend.id, false, friend.last_seen_at)
            }
        });
    }
    Some(view)
}

impl View {
    /// Says it, with at least one frame.
    async fn show(&self, app: &App, say: impl Fn(&ServerFrame)) {
        let frame = |users: &[Shown]| ServerFrame::Presence {
            users: users.to_vec(),
        };
        if self.people.is_empty() {
            say(&frame(&[]));
        }
        for people in self.people.chunks(NAMED) {
            say(&frame(people));
        }
        // Who has come while this was found out has said so, but perhaps before this.
        let now = among(app, &self.away).await;
        let came = self.away.iter().zip(now).filter(|(_, online)| *online);
        let came: Vec<Shown> = came.map(|(id, _)| shown(*id, true, None)).collect();
        for people in came.chunks(NAMED) {
            say(&frame(people));
        }
    }
}

/// Tells friends that somebody is not here any more, unless they are elsewhere.
pub(super) async fn gone(app: &App, user: UserId, last_seen_at: Timestamp) {
    if is_online(app, user).await {
        return;
    }
    let Some(friends) = friends(app, user).await else {
        return;
    };
    let online: Vec<UserId> = friends
        .iter()
        .zip(among(app, &friends).await)
        .filter_map(|(friend, online)| online.then_some(*friend))
        .collect();
    tell(app, &online, shown(user, false, Some(last_seen_at)));
    // Who has come elsewhere meanwhile has said so, but perhaps before this.
    if is_online(app, user).await {
        tell(app, &online, shown(user, true, None));
    }
}

/// Lets two people see each other, or not any more: they became friends, or one of them has blocked
/// the other or does not any more. Does not wait for that.
pub(crate) fn relate(app: &App, one: UserId, other: UserId) {
    let task = app.clone();
    app.tasks().spawn(async move {
        tokio::select! {
            () = task.stopping().cancelled() => {}
            () = show_each_other(&task, one, other) => {}
        }
    });
}

async fn show_each_other(app: &App, one: UserId, other: UserId) {
    let Ok(_place) = app.presence().places().acquire().await else {
        return;
    };
    let may = app
        .db()
        .read::<_, DbError, _>(move |tx| seers::are(tx, one, other))
        .await;
    // Strangers are told nothing, also not that somebody has blocked them.
    let Ok(Some(may)) = may else { return };
    let now = app.now();
    let online = among(app, &[one, other]).await;
    for ((user, friend), online) in [(one, other), (other, one)].into_iter().zip(online) {
        if online {
            tell(app, &[friend], shown(user, may, (!may).then_some(now)));
        }
    }
}

fn tell(app: &App, friends: &[UserId], presence: Shown) {
    let frame = ServerFrame::Presence {
        users: vec![presence],
    };
    for friend in friends {
        app.bus().send(Scope::User(*friend), &frame);
    }
}

async fn friends(app: &App, user: UserId) -> Option<Vec<UserId>> {
    let read = app
        .db()
        .read::<_, DbError, _>(move |tx| seers::of(tx, user));
    known(read.await)
}

fn known<T>(read: Result<T, DbError>) -> Option<T> {
    match read {
        Ok(friends) => Some(friends),
        Err(error) => {
            tracing::debug!(%error, "presence.friends_unknown");
            None
        }
    }
}

/// Tells for each of `users` whether they are online.
async fn among(app: &App, users: &[UserId]) -> Vec<bool> {
    let here = app.presence().among(users);
    let Some(remote) = app.bus().remote() else {
        return here;
    };
    match remote::among(remote, users).await {
        Ok(there) => here.into_iter().zip(there).map(|(a, b)| a || b).collect(),
        Err(error) => {
            tracing::debug!(%error, "presence.others_unknown");
            here
        }
    }
}

async fn is_online(app: &App, user: UserId) -> bool {
    among(app, &[user]).await.contains(&true)
}
