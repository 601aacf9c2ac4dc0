//! Changing one's password.

use axum::{extract::State, http::StatusCode};
use magpie_protocol::{ErrorBody, ErrorCode, accounts::ChangePassword, routes};

use crate::{
    app::App,
    db::{DbError, params},
    error::{AppError, Json},
    sessions::{self, Auth},
};

/// Changes the password and ends all other devices' sessions.
#[utoipa::path(
    put, path = routes::PASSWORD, tag = "accounts",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "Changed"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn change(
    State(app): State<App>,
    auth: Auth,
    Json(request): Json<ChangePassword>,
) -> Result<StatusCode, AppError> {
    app.limits().password_change(auth.user_id)?;
    let stored: Option<String> = app
        .db()
        .read::<_, DbError, _>(move |tx| {
            tx.first(
                "SELECT password FROM users WHERE id = $1",
                params![auth.user_id],
                |row| row.get(0),
            )
        })
        .await?;
    let Some(stored) = app.passwords().check(request.old, stored).await? else {
        return Err(ErrorCode::WrongCredentials.into());
    };
    let new = app.passwords().hash(request.new, app.random()).await?;
    let now = app.now();
    app.db()
        .write(move |tx| {
            let changed = tx.execute(
                "UPDATE users SET password = $3 WHERE id = $1 AND password = $2",
                params![auth.user_id, stored, new],
            )?;
            if changed == 0 {
                // Another change came first, so the old password is not the present one.
                return Err(AppError::from(ErrorCode::WrongCredentials));
            }
            for device in sessions::live_devices(tx, auth.user_id, now)? {
                if device.id != auth.device_id {
                    sessions::end(tx, auth.user_id, device, now)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
