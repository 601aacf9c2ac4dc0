//! People who go.

use magpie_protocol::UserId;
use tokio::time::sleep;

use super::{here::GRACE, remote, tell};
use crate::App;

/// How many are looked after before the time is asked again.
const BATCH: usize = 100;

/// Announces those who go, until the server stops. Then their devices go elsewhere, and another node
/// announces those who do not.
pub(crate) async fn run(app: App) {
    tokio::select! {
        () = app.stopping().cancelled() => {}
        () = announce(&app) => {}
    }
}

async fn announce(app: &App) {
    loop {
        let gone = app.presence().gone(BATCH).await;
        let now = app.now();
        for user in gone {
            if app.presence().is_here(user) {
                continue;
            }
            if let Some(remote) = app.bus().remote() {
                if let Err(error) = remote::remove(remote, user).await {
                    tracing::debug!(%error, "presence.not_removed");
                }
                // Who came back while that was under way is put in again.
                if app.presence().is_here(user) {
                    add(app, user).await;
                    continue;
                }
            }
            tell::gone(app, user, now).await;
        }
    }
}

async fn add(app: &App, user: UserId) {
    if let Some(remote) = app.bus().remote()
        && let Err(error) = remote::add(remote, user).await
    {
        tracing::debug!(%error, "presence.not_added");
    }
}

/// Announces the people of a node that is gone, save those who have come to others in time.
pub(crate) async fn look_after(app: App, node: String) {
    let Some(remote) = app.bus().remote() else {
        return;
    };
    tokio::select! {
        () = app.stopping().cancelled() => {}
        () = async {
            let people: Vec<UserId> = match remote::take_over(remote, &node).await {
                Ok(people) => people,
                Err(error) => {
                    tracing::debug!(%error, "presence.not_taken_over");
                    return;
                }
            };
            sleep(GRACE).await;
            let now = app.now();
            for user in people {
                tell::gone(&app, user, now).await;
            }
        } => {}
    }
}
