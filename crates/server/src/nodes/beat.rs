//! Saying that this node is there, and seeing who else is.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    gateway::HandedOut,
    mend,
    registry::{self, Entry},
};
use crate::{
    App,
    bus::{Link, LinkState, Remote, RemoteError},
    presence,
};

/// How often this node says that it is there.
const PAUSE: Duration = Duration::from_secs(2);

/// How long a node that stops takes to say so.
const LEAVING: Duration = Duration::from_secs(1);

/// What this node knows of itself among the others.
#[derive(Debug)]
pub(crate) struct Nodes {
    leaving: AtomicBool,
    /// The database answered when it was asked last.
    pub(super) fit: AtomicBool,
    /// Clients that were sent somewhere since that node's last entry.
    pub(super) handed_out: Mutex<HandedOut>,
}

impl Default for Nodes {
    /// Of a server that has just opened its database.
    fn default() -> Self {
        Self {
            leaving: AtomicBool::new(false),
            fit: AtomicBool::new(true),
            handed_out: Mutex::default(),
        }
    }
}

/// Keeps this node's entry alive and looks at the others, until the server stops.
pub(super) async fn run(app: App) {
    let Some(remote) = app.bus().remote() else {
        return;
    };
    let mut beat = Beat {
        link: remote.link(),
        number: 0,
        epoch: 0,
        living: HashSet::new(),
    };
    tokio::select! {
        () = app.stopping().cancelled() => {}
        () = beat.go_on(&app, remote) => {}
    }
}

struct Beat {
    link: watch::Receiver<Link>,
    number: u64,
    epoch: u64,
    living: HashSet<String>,
}

impl Beat {
    async fn go_on(&mut self, app: &App, remote: &Remote) {
        loop {
            let link = *self.link.borrow_and_update();
            if link.state == LinkState::Up
                && let Err(error) = self.once(app, remote, link.epoch).await
            {
                tracing::debug!(%error, "nodes.not_reached");
            }
            // A link that has just come up is used at once.
            tokio::select! {
                () = sleep(PAUSE) => {}
                changed = self.link.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn once(&mut self, app: &App, remote: &Remote, epoch: u64) -> Result<(), RemoteError> {
        let nodes = app.nodes();
        if nodes.leaving.load(Ordering::Acquire) || !nodes.fit.load(Ordering::Acquire) {
            return Ok(());
        }
        self.number += 1;
        let socket = app.config().advertise.as_ref();
        let entry = Entry {
            socket: socket.map(|url| url.as_str().to_owned()),
            connections: app.bus().connections(),
            beat: self.number,
        };
        let new = registry::announce(remote, &entry).await?;
        presence::keep(app, remote).await?;
        if new || epoch != self.epoch {
            // The others have forgotten who is here, or do not know it yet.
            presence::start_over(app, remote).await?;
            self.epoch = epoch;
        }
        let (living, gone) = registry::look(remote).await?;
        for name in gone {
            if registry::bury(remote, &name).await? {
                tracing::info!(node = %name, "node.gone");
                app.tasks().spawn(presence::look_after(app.clone(), name));
            }
        }
        let living: HashSet<String> = living.into_iter().map(|node| node.name).collect();
        let lost = self.living.iter().any(|name| !living.contains(name));
        self.living = living;
        if lost {
            // It may have died between a commit and telling us of it.
            mend::tell_all(app, mend::SOON).await;
        }
        Ok(())
    }
}

/// Says that clients are not to be sent here any more, where there is a link.
pub(crate) async fn leave(app: &App) {
    let Some(remote) = app.bus().remote() else {
        return;
    };
    app.nodes().leaving.store(true, Ordering::Release);
    match timeout(LEAVING, registry::withdraw(remote)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "node.not_withdrawn"),
        Err(_) => tracing::debug!("node.not_withdrawn"),
    }
}
