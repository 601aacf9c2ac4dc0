//! What the nodes say of themselves in Redis.
//!
//! A set names all nodes, and each has an entry of its own that expires. A name without an entry is
//! that of a node which stopped or died; whoever takes the name out of the set, which only one can,
//! looks after what it has left behind.

use std::time::Duration;

use redis::{Pipeline, Value};
use serde::{Deserialize, Serialize};

use crate::bus::{Remote, RemoteError};

/// All keys have the same tag, so that one server of a cluster has them.
const NAMES: &str = "magpie:{nodes}:names";

/// How long an entry lives.
const LIFE: Duration = Duration::from_secs(10);

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Where clients open their socket; `None` where they are not to be sent.
    pub(super) socket: Option<String>,
    /// How many sockets it has.
    pub(super) connections: usize,
    /// Grows with each entry of this node.
    pub(super) beat: u64,
}

/// A node that lives, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) entry: Entry,
}

fn key(name: &str) -> String {
    format!("magpie:{{nodes}}:node:{name}")
}

/// Writes this node's entry. `true` when the others did not know of it before, or not any more.
///
/// # Errors
/// [`RemoteError`].
pub(super) async fn announce(remote: &Remote, entry: &Entry) -> Result<bool, RemoteError> {
    let name = remote.own().to_string();
    let text = serde_json::to_string(entry).unwrap_or_default();
    let mut pipe = Pipeline::new();
    // The entry first: a name without one is taken for that of a dead node.
    pipe.cmd("SET")
        .arg(key(&name))
        .arg(text)
        .arg("PX")
        .arg(u64::try_from(LIFE.as_millis()).unwrap_or(u64::MAX))
        .ignore();
    pipe.cmd("SADD").arg(NAMES).arg(name);
    let (added,): (u64,) = remote.run_commands(&pipe).await?;
    Ok(added > 0)
}

/// Takes this node's entry away. Its name stays for those who look after it.
///
/// # Errors
/// [`RemoteError`]; the entry then expires.
pub(super) async fn withdraw(remote: &Remote) -> Result<(), RemoteError> {
    let mut pipe = Pipeline::new();
    pipe.cmd("DEL").arg(key(&remote.own().to_string())).ignore();
    remote.run_commands::<()>(&pipe).await
}

/// Returns the names of all nodes whose entry lives, and of those who have a name only.
///
/// # Errors
/// [`RemoteError`].
pub(super) async fn look(remote: &Remote) -> Result<(Vec<Node>, Vec<String>), RemoteError> {
    let names = names(remote).await?;
    if names.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut pipe = Pipeline::new();
    let get = pipe.cmd("MGET");
    for name in &names {
        get.arg(key(name));
    }
    let (entries,): (Vec<Option<String>>,) = remote.run_commands(&pipe).await?;
    let (mut living, mut gone) = (Vec::new(), Vec::new());
    for (name, entry) in names.into_iter().zip(entries) {
        match entry {
            None => gone.push(name),
            // An entry of another version says that the node lives, and nothing else.
            Some(text) => living.push(Node {
                name,
                entry: serde_json::from_str(&text).unwrap_or(Entry {
                    socket: None,
                    connections: 0,
                    beat: 0,
                }),
            }),
        }
    }
    Ok((living, gone))
}

/// Returns the names of all nodes, those included that have just died.
///
/// # Errors
/// [`RemoteError`].
async fn names(remote: &Remote) -> Result<Vec<String>, RemoteError> {
    let mut pipe = Pipeline::new();
    pipe.cmd("SMEMBERS").arg(NAMES);
    let (names,): (Vec<String>,) = remote.run_commands(&pipe).await?;
    Ok(names)
}

/// Returns the names of the other nodes, those included that have just died.
///
/// # Errors
/// [`RemoteError`].
pub(crate) async fn living_names(remote: &Remote) -> Result<Vec<String>, RemoteError> {
    let own = remote.own().to_string();
    let mut names = names(remote).await?;
    names.retain(|name| *name != own);
    Ok(names)
}

/// Takes the name of a dead node away. `true` for the one who did it.
///
/// # Errors
/// [`RemoteError`].
pub(super) async fn bury(remote: &Remote, name: &str) -> Result<bool, RemoteError> {
    let mut pipe = Pipeline::new();
    pipe.cmd("SREM").arg(NAMES).arg(name);
    let (removed,): (Value,) = remote.run_commands(&pipe).await?;
    Ok(removed == Value::Int(1))
}
