//! Installing a package that was fetched, with a new start of the app or at its end.

use std::sync::{Arc, atomic::Ordering};

use magpie_core::Failure;
use tauri::Manager as _;

use super::{Found, Place, UpdateRefusal, UpdateState, Updates, nothing_there, refused, relaunch};
use crate::{desktop::Desktop, shell::Shell};

impl Updates {
    /// Installs the package that is here and starts the app anew, unless messages wait to be sent.
    /// What keeps it from being installed is told as a state, and the app goes on.
    ///
    /// # Errors
    /// When no package is here, or somebody is at it already.
    pub(crate) async fn restart(&self) -> Result<(), Failure> {
        let _work = self.work.try_lock().map_err(|_| nothing_there())?;
        let (found, package) = self.package().ok_or_else(nothing_there)?;
        if let UpdateState::Refused { .. } = self.ready_or_waiting().await {
            return Ok(());
        }
        // An installer would not wait for the app's end in order.
        if self.place != Place::Installer {
            let update = found.update;
            let installing = move || update.install(package.as_slice());
            let reason = match tauri::async_runtime::spawn_blocking(installing).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => {
                    tracing::error!(%error, "an update cannot be installed");
                    Some(match self.refusal(&error) {
                        UpdateRefusal::Unreachable => UpdateRefusal::Failed,
                        reason => reason,
                    })
                }
                Err(error) => {
                    tracing::error!(%error, "an update cannot be installed");
                    Some(UpdateRefusal::Failed)
                }
            };
            if let Some(reason) = reason {
                self.refuse(reason);
                return Ok(());
            }
            // It must not be installed a second time at the end.
            *self.found.lock() = None;
        }
        self.start_again_after_the_end();
        self.app.exit(0);
        Ok(())
    }

    /// Tells that the package is ready, or that messages wait to be sent, and returns which.
    pub(super) async fn ready_or_waiting(&self) -> UpdateState {
        let Some((found, _)) = self.package() else {
            return self.state();
        };
        let shell = self.app.state::<Shell>();
        if shell.has_unsent().await {
            let waiting = self.tell(refused(UpdateRefusal::UnsentMessages));
            // The last may have left before anybody was told to look out for that.
            if shell.has_unsent().await {
                return waiting;
            }
        }
        self.tell(found.ready())
    }

    /// Notes that a message may have left. Where that was waited for, the package is ready again.
    pub(crate) fn message_moved(&self) {
        if !self.waits_for_messages() {
            return;
        }
        let app = self.app.clone();
        tauri::async_runtime::spawn(async move {
            let updates = app.state::<Self>();
            if !app.state::<Shell>().has_unsent().await
                && updates.waits_for_messages()
                && let Some((found, _)) = updates.package()
            {
                updates.tell(found.ready());
            }
        });
    }

    fn waits_for_messages(&self) -> bool {
        *self.state.lock() == refused(UpdateRefusal::UnsentMessages)
    }

    /// Returns what is to be installed at the app's end, while accounts can still be asked whether
    /// messages wait to be sent.
    pub(crate) async fn due(&self) -> Option<Due> {
        let (found, package) = self.package()?;
        let is_due = match self.place {
            Place::Own => true,
            // The user agreed to see an installer only when they asked for the new start.
            Place::Installer => self.again.load(Ordering::Acquire),
            // It was installed at once, with the user's leave, or not at all.
            Place::Package | Place::Elsewhere => false,
        };
        let may = is_due && !self.app.state::<Shell>().has_unsent().await;
        may.then_some(Due { found, package })
    }

    /// Installs what is due, once accounts are closed, and has the app started again where that was
    /// asked for.
    pub(crate) fn end(&self, due: Option<Due>) {
        if let Some(Due { found, package }) = due {
            tracing::info!(version = found.update.version, "an update is installed");
            if let Err(error) = found.update.install(package.as_slice()) {
                tracing::error!(%error, "an update cannot be installed");
            }
        }
        if !self.again.load(Ordering::Acquire) {
            return;
        }
        let Some(program) = &self.program else {
            return;
        };
        let arguments = self.app.state::<Desktop>().start_arguments();
        if let Err(error) = relaunch::when_this_has_ended(program, &arguments) {
            tracing::error!(%error, "the app cannot be started again");
        }
    }
}

/// What is to be installed at the app's end.
pub(crate) struct Due {
    found: Found,
    package: Arc<Vec<u8>>,
}
