//! Who is online.
//!
//! Somebody is online while a socket of theirs is connected to any node. Each node counts its own
//! sockets ([`here`]) and, where there are others, keeps the set of its people in Redis ([`remote`]);
//! the set expires with its node. The database knows only when a device was there last; messages do
//! not depend on it: what cannot be found out counts as offline.
//!
//! Friends hear of it through their own scope ([`tell`]): who comes is announced to the friends who
//! are online, which is found out with one look for all friends together; the same look tells who
//! comes which friends are there. Going is announced a few seconds late, so that a connection that is
//! replaced is not seen. Between people one of whom blocks the other nothing is told.

mod going;
mod here;
mod remote;
mod seers;
mod tell;

pub(crate) use going::{look_after, run};
pub(crate) use here::Presence;
pub(crate) use remote::{keep, start_over};
pub(crate) use tell::{arrived, relate};
