//! Looking for a newer version.

use std::{cmp::Ordering, sync::Arc, time::Duration};

use magpie_core::{Clock as _, SystemClock};
use parking_lot::Mutex;
use tauri::Manager as _;
use tauri_plugin_updater::{Error, UpdaterExt as _};

use super::{Found, Place, UpdateRefusal, UpdateState, Updates, refused, source};
use crate::shell::Shell;

/// How long the answer to whether there is an update may take.
const ANSWER: Duration = Duration::from_secs(30);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// For how long nothing may come of a package before it is given up.
const SILENCE: Duration = Duration::from_secs(60);
impl Updates {
    /// Looks for a newer version. Where one is here already, it stays that one.
    pub(crate) async fn check(&self) -> UpdateState {
        let Ok(_work) = self.work.try_lock() else {
            return self.state();
        };
        if self.package().is_some() {
            return self.ready_or_waiting().await;
        }
        self.tell(UpdateState::Checking);
        self.tell(self.asked().await)
    }

    /// Looks for a newer version without anybody having asked: only what is found is told.
    pub(super) async fn look(&self) -> UpdateState {
        let Ok(_work) = self.work.try_lock() else {
            return self.state();
        };
        if self.package().is_some() {
            return self.state();
        }
        let before = self.found.lock().clone();
        let state = self.asked().await;
        match state {
            UpdateState::Refused {
                reason: UpdateRefusal::Unreachable,
            } => {
                // What the page offers is still there.
                *self.found.lock() = before;
                state
            }
            state => self.tell(state),
        }
    }

    /// Asks where updates come from.
    async fn asked(&self) -> UpdateState {
        *self.found.lock() = None;
        if source::key().is_none() {
            return UpdateState::Off;
        }
        if self.place == Place::Elsewhere {
            return refused(UpdateRefusal::NotPossible);
        }
        let shell = self.app.state::<Shell>();
        let address = match source::address(&shell).await {
            Ok(Some(address)) => address,
            Ok(None) => return UpdateState::Off,
            Err(error) => {
                tracing::info!(%error, "where updates come from cannot be asked");
                return refused(UpdateRefusal::Unreachable);
            }
        };
        match self.announced(&shell, &address).await {
            Ok(state) => state,
            Err(error) => {
                tracing::warn!(%error, "an update was not found");
                refused(self.refusal(&error))
            }
        }
    }

    async fn announced(&self, shell: &Shell, address: &str) -> Result<UpdateState, Error> {
        let way = match shell.home().await.guest_way(address) {
            Ok(way) => way,
            Err(error) => {
                tracing::warn!(%error, "there is no way to updates");
                return Ok(refused(UpdateRefusal::Unreachable));
            }
        };
        // The library says no more than that what is announced is not newer.
        let compared = Arc::new(Mutex::new(Ordering::Equal));
        let noted = Arc::clone(&compared);
        let updater = self
            .app
            .updater_builder()
            .endpoints(vec![address.parse()?])?
            .timeout(ANSWER)
            .configure_client(move |client| {
                let client = client.connect_timeout(CONNECT).read_timeout(SILENCE);
                way.lead(client)
            })
            .version_comparator(move |current, release| {
                let compared = release.version.cmp(&current);
                *noted.lock() = compared;
                compared == Ordering::Greater
            })
            .build()?;
        let found = match updater.check().await {
            // A newer one, but for other systems.
            Err(Error::TargetNotFound(_) | Error::TargetsNotFound(_)) => None,
            found => found?,
        };
        let Some(update) = found else {
            let compared = *compared.lock();
            return Ok(match compared {
                Ordering::Less => refused(UpdateRefusal::Older),
                _ => UpdateState::None {
                    checked_at: SystemClock.now(),
                },
            });
        };
        tracing::info!(version = update.version, "there is a newer version");
        let found = Found {
            update,
            package: None,
        };
        let state = found.available();
        *self.found.lock() = Some(found);
        Ok(state)
    }
}
