//! Mending what the nodes could not tell each other.
//!
//! Three things can go wrong, and each is answered by telling sockets to ask for what changed, which
//! is always safe. The link of this node was cut: what the others did meanwhile was not heard, so all
//! sockets here are told, now and then while it lasts and once more when it is over. Something of
//! this node was not published: a counter in the database says so to the others, who look at it every
//! other second. Another node died: see [`super::beat`].

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};

use crate::{
    App,
    bus::{self, LinkState, Outlet, Remote, jittered},
    db::{DbError, params},
    sessions,
};

/// How often the database is asked, at the longest.
const PAUSE: Duration = Duration::from_secs(2);

/// Over how long the sockets are told when something was missed.
pub(super) const SOON: Duration = Duration::from_millis(1_500);

/// How often sockets are told while the link is down: for each thousand of them a second, but not
/// more often than this.
const MEANWHILE: Duration = Duration::from_secs(3);

/// How long telling a thousand sockets takes where it may have to be done again and again: each then
/// asks the database.
const THOUSAND: Duration = Duration::from_secs(1);

/// In how many groups the sockets are told.
const GROUPS: u32 = 20;

/// Mends until the server stops.
pub(super) async fn run(app: App) {
    let Some(remote) = app.bus().remote() else {
        return;
    };
    tokio::select! {
        () = app.stopping().cancelled() => {}
        ((), ()) = async { tokio::join!(watch_link(&app, remote), watch_losses(&app, remote)) } => {}
    }
}

/// Tells the sockets here when the link of this node was cut.
async fn watch_link(app: &App, remote: &Remote) {
    let mut link = remote.link();
    let mut epoch = 0;
    loop {
        let now = *link.borrow_and_update();
        match now.state {
            LinkState::Starting => {}
            LinkState::Up if now.epoch == epoch => {}
            LinkState::Up => {
                epoch = now.epoch;
                reload_ended(app).await;
                tell_all(app, SOON).await;
                // The link may have been lost again meanwhile.
                continue;
            }
            LinkState::Down => {
                let over = jittered(paced(app, MEANWHILE), app.random());
                tokio::select! {
                    // When it is up again all are told at once.
                    _ = link.wait_for(|link| link.state != LinkState::Down) => {}
                    () = async {
                        reload_ended(app).await;
                        tell_all(app, over).await;
                    } => {}
                }
                continue;
            }
        }
        if link.changed().await.is_err() {
            return;
        }
    }
}

/// Tells the other nodes of what was not published, and the sockets here of what others did not.
///
/// All sockets are told, since nothing is kept of what was lost. It comes to pass only after a gap: a
/// link that was down, or a queue that ran full. A node that is cut off for long goes on raising the
/// counter, once for each look at the most; so the sockets of the others are told one round after the
/// other, never two at the same time, and not more than a thousand a second.
async fn watch_losses(app: &App, remote: &Remote) {
    let missed = Notify::new();
    let ((), ()) = tokio::join!(look_on(app, remote, &missed), tell_on(app, &missed));
}

/// Tells all sockets here whenever something was missed.
async fn tell_on(app: &App, missed: &Notify) {
    loop {
        missed.notified().await;
        tell_all(app, paced(app, SOON)).await;
    }
}

/// Looks at the counter again and again, and says when another node raised it.
async fn look_on(app: &App, remote: &Remote, missed: &Notify) {
    let mut known = None;
    loop {
        let lost = remote.take_lost();
        let looked = look(app, remote, lost).await;
        app.nodes().fit.store(looked.is_ok(), Ordering::Release);
        match looked {
            Ok(count) => {
                // Those here have heard what this node has to say, and only others raised the rest.
                let own = u64::from(lost);
                if known.is_some_and(|known| known + own != count) {
                    missed.notify_one();
                }
                known = Some(count);
            }
            Err(error) => tracing::debug!(%error, "lost_news.unknown"),
        }
        sleep(jittered(PAUSE, app.random())).await;
    }
}

async fn look(app: &App, remote: &Remote, lost: bool) -> Result<u64, DbError> {
    const NAME: &str = "lost_news";
    if !lost {
        let read = app.db().read(|tx| {
            tx.one(
                "SELECT value FROM counters WHERE name = $1",
                params![NAME],
                |row| row.get(0),
            )
        });
        return read.await;
    }
    let counted = app.db().write(|tx| tx.next_id::<u64>(NAME)).await;
    if counted.is_err() {
        remote.still_lost();
    }
    counted
}

/// Returns over how long the sockets here are told when it may have to be done again and again: not
/// sooner than in `least`.
fn paced(app: &App, least: Duration) -> Duration {
    let thousands = u32::try_from(app.bus().connections() / 1_000).unwrap_or(u32::MAX);
    least.max(THOUSAND * thousands)
}

/// Tells all sockets here to ask for what changed, spread over some time.
pub(super) async fn tell_all(app: &App, over: Duration) {
    let Some(frame) = bus::resync(None) else {
        return;
    };
    let outlets: Vec<Arc<Outlet>> = app.bus().outlets();
    let groups = usize::try_from(GROUPS).unwrap_or(1);
    for group in outlets.chunks(outlets.len().div_ceil(groups).max(1)) {
        group.iter().for_each(|outlet| outlet.push(&frame));
        sleep(over / GROUPS).await;
    }
    if outlets.is_empty() {
        sleep(over).await;
    }
}

/// Learns which devices were ended while that could not be heard.
async fn reload_ended(app: &App) {
    let keep = i64::from(app.config().access_token_seconds) * 1_000;
    let since = app.now().plus_millis(-keep);
    let loaded = app
        .db()
        .read::<_, DbError, _>(move |tx| sessions::load_ended(tx, since))
        .await;
    match loaded {
        Ok(devices) => {
            for (device, at) in devices {
                if !app.ended_devices().contains(device) {
                    app.ended_devices().insert(device, at);
                }
                app.bus().end_device_here(device);
            }
        }
        Err(error) => tracing::debug!(%error, "ended_devices.not_loaded"),
    }
}
