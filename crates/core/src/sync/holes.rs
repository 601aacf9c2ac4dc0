//! Filling holes in the background, so that every device ends up with the whole history.

use std::{collections::HashSet, sync::Arc, time::Duration};

use magpie_protocol::Retry;
use tokio::time::sleep;

use super::catch_up::{Reach, fill};
use crate::{
    CoreError,
    client::Shared,
    socket::{Backoff, LinkState},
    store::table::held_ranges,
};

/// Between two pages from before this device's time, which nobody waits for.
const PAUSE: Duration = Duration::from_millis(20);

/// Fills holes whenever there is a link and nothing more urgent.
pub(crate) async fn fill_holes(shared: Arc<Shared>) {
    let mut link = shared.link.subscribe();
    loop {
        if link
            .wait_for(|link| *link == LinkState::Online)
            .await
            .is_err()
        {
            // The owner is going, and this task with it.
            return std::future::pending().await;
        }
        tokio::select! {
            () = fill_all(&shared) => {}
            // What is under way may be asked for again; nothing is lost by dropping it.
            _ = link.wait_for(|link| *link != LinkState::Online) => {}
        }
    }
}

/// Fills all holes, and then those that come up, until the link is gone.
async fn fill_all(shared: &Arc<Shared>) {
    let mut backoff = Backoff::default();
    // The server does not hold what is missing there.
    let mut hopeless = HashSet::new();
    loop {
        let next = shared.store.read(held_ranges::with_holes).await;
        let next = match next {
            Ok(conversations) => conversations
                .into_iter()
                .find(|(id, _)| !hopeless.contains(id)),
            Err(error) => {
                tracing::error!(%error, "holes cannot be looked up");
                sleep(backoff.next(shared.chance())).await;
                continue;
            }
        };
        let Some((id, missed)) = next else {
            shared.holes.notified().await;
            continue;
        };
        match fill(shared, id, Reach::All).await {
            Ok(true) => {
                backoff.reset();
                if !missed {
                    sleep(PAUSE).await;
                }
            }
            Ok(false) => {
                hopeless.insert(id);
            }
            // It would be refused again, and keep all others from being filled.
            Err(error @ CoreError::Server(_)) if error.retry() == Retry::Never => {
                tracing::warn!(%error, conversation = %id, "a hole cannot be filled");
                hopeless.insert(id);
            }
            Err(error) => {
                tracing::info!(%error, "a hole could not be filled");
                sleep(backoff.next(shared.chance())).await;
            }
        }
    }
}
