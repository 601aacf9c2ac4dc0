//! Changing a refresh token for a new pair.
//!
//! The database holds the hash of the token that is good now, and of the one before it. When the
//! answer to a refresh is lost, the device presents the token before again, as late as it likes (it
//! may have slept, or been locked before it could save the answer): as long as the token that is
//! good now was not used, it gets another pair, in place of the one that never arrived. Any other
//! spent token was copied by somebody, and nobody can tell who is who: the session ends. A thief who
//! uses the token before is found out too: it replaces the device's own, so that the device's next
//! refresh is neither the one nor the other.

use axum::extract::State;
use magpie_protocol::{
    DeviceId, ErrorBody, ErrorCode, Timestamp, UserId,
    accounts::Device,
    routes,
    sessions::{Refresh, Tokens},
};

use super::{
    devices::{device_from, end},
    tokens::{NewRefresh, TokenHash},
};
use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json},
};

/// Changes a refresh token, which can be used once, for a new pair.
#[utoipa::path(
    post, path = routes::REFRESH, tag = "sessions", security(()),
    request_body = Refresh,
    responses(
        (status = 200, description = "The new pair", body = Tokens),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn refresh(
    State(app): State<App>,
    Json(request): Json<Refresh>,
) -> Result<Json<Tokens>, AppError> {
    // The wrong sort of token, or that of another server: it leads back to signing in as well.
    let (claims, presented) = app
        .tokens()
        .read_refresh(&request.refresh_token)
        .ok_or(ErrorCode::SessionEnded)?;
    let now = app.now();
    let state = app.clone();
    let tokens = app
        .db()
        .write(move |tx| {
            let Some(session) = Session::find(tx, claims.device_id)? else {
                return Ok(None);
            };
            if !session.takes(&presented, now) {
                session.end(tx, now)?;
                return Ok(None);
            }
            let fresh = state
                .tokens()
                .refresh(session.device.id, now, state.random())?;
            session.rotate(tx, &presented, &fresh, now)?;
            let (user, device) = (session.user, session.device.id);
            state.tokens().pair(user, device, fresh, now).map(Some)
        })
        .await?;
    // Ending the session is a change that has to be kept, so the refusal comes only now.
    let tokens: Option<Tokens> = tokens;
    tokens
        .map(Json)
        .ok_or_else(|| ErrorCode::SessionEnded.into())
}

/// A session that has not been ended.
struct Session {
    user: UserId,
    device: Device,
    token: TokenHash,
    previous: Option<TokenHash>,
    expires_at: Timestamp,
}

impl Session {
    fn find(tx: &mut Tx<'_>, id: DeviceId) -> Result<Option<Self>, DbError> {
        tx.first(
            "SELECT user_id, token_hash, previous_hash, expires_at,
                    id, name, platform, created_at, last_seen_at
             FROM devices WHERE id = $1 AND ended_at IS NULL",
            params![id],
            |row| {
                Ok(Self {
                    user: row.get(0)?,
                    token: row.get(1)?,
                    previous: row.get(2)?,
                    expires_at: row.get(3)?,
                    device: device_from(row, 4)?,
                })
            },
        )
    }

    fn takes(&self, presented: &TokenHash, now: Timestamp) -> bool {
        let known = self.token == *presented || self.previous.as_ref() == Some(presented);
        known && now < self.expires_at
    }

    /// Puts a fresh token in place. One that replaces a token that never arrived leaves the one
    /// before as it is.
    fn rotate(
        &self,
        tx: &mut Tx<'_>,
        presented: &TokenHash,
        fresh: &NewRefresh,
        now: Timestamp,
    ) -> Result<(), DbError> {
        tx.execute(
            "UPDATE devices SET token_hash = $2, previous_hash = $3, rotated_at = $4,
                    expires_at = $5, last_seen_at = $4
             WHERE id = $1",
            params![self.device.id, fresh.hash, presented, now, fresh.expires_at],
        )?;
        Ok(())
    }

    fn end(self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), DbError> {
        tracing::warn!(user = %self.user, device = %self.device.id, "session.ended_by_refresh");
        end(tx, self.user, self.device, now)
    }
}
