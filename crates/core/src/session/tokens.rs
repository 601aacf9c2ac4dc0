//! The token pair, and how it is renewed.
//!
//! A refresh token can be used once, so there is never more than one refresh under way, whoever
//! asked for it; everybody who asks meanwhile gets its answer. It runs in a task of its own, since
//! whoever asked first may stop waiting. The new pair is saved before anybody gets to use it: a
//! crash in between costs one more refresh, for which the server has patience, and not the session.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::Shared};
use magpie_protocol::{
    DeviceId, ErrorBody, ErrorCode, Timestamp,
    sessions::{Secret, Tokens},
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::AbortHandle};

use crate::{Clock, CoreError, LocalCode, api::Http, secrets::AccountSecrets};

/// A token is renewed this long before it runs out, or at a tenth of its life where that is less.
const AHEAD_MS: i64 = 60_000;

/// The pair as it is saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pair {
    access: Secret,
    refresh: Secret,
    /// By this computer's clock, which may be wrong: a token that is expired all the same is
    /// renewed when the server says so.
    renew_at: Timestamp,
    device_id: DeviceId,
}

impl Pair {
    /// Takes a pair that was just received.
    pub(crate) fn new(tokens: Tokens, device_id: DeviceId, now: Timestamp) -> Self {
        let life = i64::try_from(tokens.access_expires_in_ms).unwrap_or(i64::MAX);
        Self {
            access: tokens.access_token,
            refresh: tokens.refresh_token,
            renew_at: now.plus_millis(life.saturating_sub(AHEAD_MS.min(life / 10))),
            device_id,
        }
    }

    /// Tells whether this is the same pair.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.refresh == other.refresh
    }
}

type Refreshing = Shared<Pin<Box<dyn Future<Output = Result<Secret, CoreError>> + Send>>>;

/// The session of this device. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Session(Arc<Inner>);

struct Inner {
    http: Http,
    secrets: AccountSecrets,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    ended: watch::Sender<Option<CoreError>>,
}

struct State {
    pair: Pair,
    refreshing: Option<(Refreshing, AbortHandle)>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

impl Session {
    /// Takes a pair that is saved already.
    pub(crate) fn new(
        http: Http,
        secrets: AccountSecrets,
        clock: Arc<dyn Clock>,
        pair: Pair,
    ) -> Self {
        Self(Arc::new(Inner {
            http,
            secrets,
            clock,
            state: Mutex::new(State {
                pair,
                refreshing: None,
            }),
            ended: watch::Sender::new(None),
        }))
    }

    /// Returns which device this is.
    pub(crate) fn device_id(&self) -> DeviceId {
        self.0.state.lock().pair.device_id
    }

    /// Returns an access token that should be good for the next request, renewing it where it is
    /// about to run out.
    ///
    /// # Errors
    /// The reason why the session ended, or why it could not be renewed.
    pub(crate) async fn access_token(&self) -> Result<Secret, CoreError> {
        if let Some(error) = &*self.0.ended.borrow() {
            return Err(error.clone());
        }
        let stale = {
            let state = self.0.state.lock();
            if self.0.clock.now() < state.pair.renew_at {
                return Ok(state.pair.access.clone());
            }
            state.pair.access.clone()
        };
        self.refreshed(&stale).await
    }

    /// Returns another access token than the one given, which the server does not take any more.
    ///
    /// # Errors
    /// The reason why the session ended, or why it could not be renewed. All who wait for the same
    /// refresh get the same answer.
    pub(crate) async fn refreshed(&self, stale: &Secret) -> Result<Secret, CoreError> {
        if let Some(error) = &*self.0.ended.borrow() {
            return Err(error.clone());
        }
        let refreshing = {
            let mut state = self.0.state.lock();
            if state.pair.access != *stale {
                return Ok(state.pair.access.clone());
            }
            match &state.refreshing {
                // One that panicked is finished and still there; it is no answer for ever.
                Some((refreshing, task)) if !task.is_finished() => refreshing.clone(),
                _ => {
                    let task = tokio::spawn(Arc::clone(&self.0).refresh(state.pair.clone()));
                    let abort = task.abort_handle();
                    let refreshing = async {
                        task.await.unwrap_or_else(|_| {
                            Err(CoreError::local(LocalCode::Internal, "a refresh broke off"))
                        })
                    }
                    .boxed()
                    .shared();
                    state.refreshing = Some((refreshing.clone(), abort));
                    refreshing
                }
            }
        };
        refreshing.await
    }

    /// Ends the session on this side, for the server has ended it, and forgets the tokens.
    pub(crate) fn end(&self, error: CoreError) {
        self.0.end(error);
    }

    /// Watches for the end of the session, and why it came.
    pub(crate) fn watch_end(&self) -> watch::Receiver<Option<CoreError>> {
        self.0.ended.subscribe()
    }

    /// Keeps the access token fresh, so that no request and no reconnection has to wait for it.
    /// Returns when the session has ended.
    pub(crate) async fn keep_fresh(&self) {
        // Looked at this often, since a clock may be set, and a computer may sleep.
        const LOOK: Duration = Duration::from_secs(30);
        let mut ended = self.0.ended.subscribe();
        loop {
            // A failure was answered to those who need the token, or will be.
            let _ = self.access_token().await;
            tokio::select! {
                _ = ended.wait_for(Option::is_some) => return,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Waits until a refresh that is under way has saved what it got, if it does not take too long.
    pub(crate) async fn settle(&self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        let refreshing = self.0.state.lock().refreshing.clone();
        if let Some((refreshing, _)) = refreshing {
            // What came of it does not matter here.
            let _ = tokio::time::timeout(PATIENCE, refreshing).await;
        }
    }

    /// Ends the session on the server where it can be reached, and then on this side.
    ///
    /// # Errors
    /// [`LocalCode::Keychain`] when the tokens could not be removed.
    pub(crate) async fn sign_out(&self) -> Result<(), CoreError> {
        // How long the server may take to hear of it, before it is left to find out by itself.
        const PATIENCE: Duration = Duration::from_secs(5);
        let telling = async {
            let token = self.access_token().await?;
            self.0.http.end_session(&token).await
        };
        match tokio::time::timeout(PATIENCE, telling).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::info!(%error, "the server was not told of the sign-out"),
            Err(_) => tracing::info!("the server was not told of the sign-out in time"),
        }
        let failure = CoreError::local(LocalCode::NotSignedIn, "signed out");
        self.0.ended.send_replace(Some(failure));
        // From now on no refresh begins, and one under way must not save what is removed here.
        let refreshing = self.0.state.lock().refreshing.take();
        if let Some((refreshing, abort)) = refreshing {
            abort.abort();
            let _ = refreshing.await;
        }
        self.0.secrets.remove_all_tokens().await
    }
}

impl Inner {
    async fn refresh(self: Arc<Self>, old: Pair) -> Result<Secret, CoreError> {
        let outcome = self.http.refresh(old.refresh.clone()).await;
        let outcome = match outcome {
            Ok(tokens) => {
                let pair = Pair::new(tokens, old.device_id, self.clock.now());
                if let Err(error) = self.secrets.save_tokens(&pair).await {
                    // The session goes on; the next start may have to sign in again.
                    tracing::error!(%error, "the new tokens could not be saved");
                }
                Ok(pair)
            }
            Err(error) => {
                if has_ended(&error) {
                    self.end(error.clone());
                } else {
                    tracing::info!(%error, "the session could not be renewed");
                }
                Err(error)
            }
        };
        let mut state = self.state.lock();
        state.refreshing = None;
        outcome.map(|pair| {
            state.pair = pair;
            state.pair.access.clone()
        })
    }

    fn end(self: &Arc<Self>, error: CoreError) {
        let first = self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            if first {
                *ended = Some(error);
            }
            first
        });
        if first {
            let (inner, pair) = (Arc::clone(self), self.state.lock().pair.clone());
            tokio::spawn(async move {
                if let Err(error) = inner.secrets.remove_tokens(&pair).await {
                    tracing::warn!(%error, "the tokens of an ended session could not be removed");
                }
            });
        }
    }
}

/// Tells whether a failed refresh is the end. Everything else may be better the next time.
const fn has_ended(error: &CoreError) -> bool {
    error.ends_session()
        || matches!(
            error,
            CoreError::Server(ErrorBody {
                code: ErrorCode::Unauthenticated,
                ..
            })
        )
}
