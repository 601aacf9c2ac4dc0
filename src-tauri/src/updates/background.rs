//! Looking for updates without being asked: some time after the start, and then every day.

use std::time::Duration;

use tauri::{AppHandle, Manager as _};
use tokio::time::sleep;

use super::{Place, UpdateRefusal, UpdateState, Updates, source};
use crate::shell::Shell;

/// After the start there is more important work.
const FIRST: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Sooner than the next day where nobody could be asked.
const AGAIN: Duration = Duration::from_secs(3600);

/// Looks from now on. Where there can be no updates, nothing is left waiting.
pub(crate) fn keep_looking(app: &AppHandle) {
    let updates = app.state::<Updates>();
    if source::key().is_none() || updates.place == Place::Elsewhere {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        app.state::<Shell>().home().await;
        sleep(first()).await;
        let updates = app.state::<Updates>();
        loop {
            let pause = match updates.look().await {
                UpdateState::Refused {
                    reason: UpdateRefusal::Unreachable,
                } => AGAIN,
                // Nobody is signed in to a server that might offer any.
                UpdateState::Off if app.state::<Shell>().open_account().await.is_none() => AGAIN,
                _ => DAY,
            };
            sleep(pause).await;
        }
    });
}

/// A build for tests need not wait as long.
fn first() -> Duration {
    let given = match cfg!(debug_assertions) {
        true => std::env::var("MAGPIE_UPDATE_AFTER_MS").ok(),
        false => None,
    };
    let millis = given.and_then(|millis| millis.parse().ok());
    millis.map_or(FIRST, Duration::from_millis)
}
