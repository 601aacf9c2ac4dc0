//! The people of each node, in Redis.

use std::time::Duration;

use magpie_protocol::UserId;
use redis::Pipeline;

use crate::{
    App,
    bus::{Remote, RemoteError},
    nodes,
};

use super::tell;

/// How long a node's set lives after the node has renewed it last. Longer than its entry, so that
/// another node can look after those who are left behind.
const LIFE: Duration = Duration::from_secs(25);

/// How many people are written at once.
const BATCH: usize = 1_000;

fn key(node: &str) -> String {
    // Where the registry is; see `nodes/registry.rs`.
    format!("magpie:{{nodes}}:online:{node}")
}

fn expire(pipe: &mut Pipeline, key: &str) {
    pipe.cmd("PEXPIRE")
        .arg(key)
        .arg(u64::try_from(LIFE.as_millis()).unwrap_or(u64::MAX))
        .ignore();
}

/// Keeps this node's set alive.
///
/// # Errors
/// [`RemoteError`].
pub(crate) async fn keep(_app: &App, remote: &Remote) -> Result<(), RemoteError> {
    let mut pipe = Pipeline::new();
    expire(&mut pipe, &key(&remote.own().to_string()));
    remote.run_commands(&pipe).await
}

/// Writes this node's set anew, and lets everybody here and their friends look at each other again.
///
/// # Errors
/// [`RemoteError`].
pub(crate) async fn start_over(app: &App, remote: &Remote) -> Result<(), RemoteError> {
    let key = key(&remote.own().to_string());
    let mut pipe = Pipeline::new();
    pipe.cmd("DEL").arg(&key).ignore();
    remote.run_commands::<()>(&pipe).await?;
    // Who comes from now on is added beside this, and who goes meanwhile is taken out behind it.
    let people = app.presence().everybody();
    for part in people.chunks(BATCH) {
        let mut pipe = Pipeline::new();
        let add = pipe.cmd("SADD").arg(&key);
        for user in part {
            add.arg(user.get());
        }
        add.ignore();
        expire(&mut pipe, &key);
        remote.run_commands::<()>(&pipe).await?;
    }
    let came_back: Vec<UserId> = people
        .into_iter()
        .filter(|user| !app.presence().is_here(*user))
        .collect();
    for user in came_back {
        remove(remote, user).await?;
    }
    app.tasks().spawn(tell::everybody(app.clone()));
    Ok(())
}

/// Adds somebody to this node's set.
pub(super) async fn add(remote: &Remote, user: UserId) -> Result<(), RemoteError> {
    let key = key(&remote.own().to_string());
    let mut pipe = Pipeline::new();
    pipe.cmd("SADD").arg(&key).arg(user.get()).ignore();
    expire(&mut pipe, &key);
    remote.run_commands(&pipe).await
}

/// Takes somebody out of this node's set.
pub(super) async fn remove(remote: &Remote, user: UserId) -> Result<(), RemoteError> {
    let mut pipe = Pipeline::new();
    let key = key(&remote.own().to_string());
    pipe.cmd("SREM").arg(key).arg(user.get()).ignore();
    remote.run_commands(&pipe).await
}

/// Tells for each of `users` whether they are on any other node.
pub(super) async fn among(remote: &Remote, users: &[UserId]) -> Result<Vec<bool>, RemoteError> {
    let mut online = vec![false; users.len()];
    if users.is_empty() {
        return Ok(online);
    }
    // Asked each time: somebody on a node that has just come is not to be missed.
    let names = nodes::living_names(remote).await?;
    if names.is_empty() {
        return Ok(online);
    }
    let mut pipe = Pipeline::new();
    for name in &names {
        let ask = pipe.cmd("SMISMEMBER").arg(key(name));
        for user in users {
            ask.arg(user.get());
        }
    }
    let answers: Vec<Vec<bool>> = remote.run_commands(&pipe).await?;
    for answer in answers {
        for (online, is_there) in online.iter_mut().zip(answer) {
            *online |= is_there;
        }
    }
    Ok(online)
}

/// Takes over the people that a dead node has left behind.
pub(super) async fn take_over(remote: &Remote, node: &str) -> Result<Vec<UserId>, RemoteError> {
    let key = key(node);
    let mut pipe = Pipeline::new();
    pipe.cmd("SMEMBERS").arg(&key);
    pipe.cmd("DEL").arg(&key).ignore();
    let (people,): (Vec<u64>,) = remote.run_commands(&pipe).await?;
    Ok(people
        .into_iter()
        .filter_map(|number| UserId::new(number).ok())
        .collect())
}
