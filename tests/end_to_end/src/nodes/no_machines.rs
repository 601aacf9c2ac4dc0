//! Where PostgreSQL and Redis cannot be started, there is nothing for nodes to stand on.

use std::net::SocketAddr;

/// There are none.
pub(super) enum Machines {}

impl Machines {
    pub(super) fn start() -> Self {
        panic!("PostgreSQL and Redis are started on Unix only");
    }

    pub(super) fn postgres_address(&self) -> SocketAddr {
        match *self {}
    }

    pub(super) fn redis_address(&self) -> SocketAddr {
        match *self {}
    }

    pub(super) fn database_url(&self, _: SocketAddr) -> String {
        match *self {}
    }

    pub(super) fn kill_redis(&self) {
        match *self {}
    }

    pub(super) fn start_redis(&self) {
        match *self {}
    }

    pub(super) fn kill_postgres(&self) {
        match *self {}
    }

    pub(super) fn start_postgres(&self) {
        match *self {}
    }
}
