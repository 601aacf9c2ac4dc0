//! Signing in.
//!
//! A name that does not exist and a password that is wrong are told apart by nobody: the answer is
//! the same, and a hash is computed in both cases.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody, ErrorCode, UserId, routes,
    sessions::{SignIn, SignedIn},
};

use super::{Caller, Opening, check_device};
use crate::{
    accounts::find_account,
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json},
};

/// Signs a device in.
#[utoipa::path(
    post, path = routes::SESSIONS, tag = "sessions", security(()),
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in", body = SignedIn),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn sign_in(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<SignIn>,
) -> Result<Json<SignedIn>, AppError> {
    let outcome = try_to(&app, caller, request).await;
    app.metrics().signed_in(&outcome);
    outcome.map(Json)
}

async fn try_to(app: &App, caller: Caller, request: SignIn) -> Result<SignedIn, AppError> {
    let device = check_device(request.device)?;
    let login = request.login.trim().to_lowercase();
    app.limits().sign_in(caller, &login)?;

    let found = app
        .db()
        .read::<_, DbError, _>(move |tx| find(tx, &login))
        .await?;
    let (id, stored) = found.unzip();
    let stored = app.passwords().check(request.password, stored).await?;
    let (Some(id), Some(stored)) = (id, stored) else {
        return Err(ErrorCode::WrongCredentials.into());
    };

    let opening = Opening::new(app, device);
    app.db()
        .write(move |tx| {
            if password_of(tx, id)?.as_ref() != Some(&stored) {
                // It was changed in between.
                return Err(AppError::from(ErrorCode::WrongCredentials));
            }
            // Told only to somebody who knows the password.
            if is_disabled(tx, id)? {
                return Err(ErrorCode::AccountDisabled.into());
            }
            let account = find_account(tx, id)?.ok_or(DbError::NoRow("an account"))?;
            opening.open(tx, account)
        })
        .await
}

/// Returns whom the login names, and the hash of their password. All digits are a number, an at
/// sign stands in e-mail addresses only; user names are neither.
fn find(tx: &mut Tx<'_>, login: &str) -> Result<Option<(UserId, String)>, DbError> {
    if let Ok(id) = login.parse::<UserId>() {
        return Ok(password_of(tx, id)?.map(|password| (id, password)));
    }
    let sql = if login.contains('@') {
        "SELECT id, password FROM users WHERE email_key = $1"
    } else {
        "SELECT id, password FROM users WHERE username = $1"
    };
    tx.first(sql, params![login], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn is_disabled(tx: &mut Tx<'_>, id: UserId) -> Result<bool, DbError> {
    let disabled = tx.first(
        "SELECT 1 FROM users WHERE id = $1 AND disabled_at IS NOT NULL",
        params![id],
        |_| Ok(()),
    )?;
    Ok(disabled.is_some())
}

fn password_of(tx: &mut Tx<'_>, id: UserId) -> Result<Option<String>, DbError> {
    tx.first(
        "SELECT password FROM users WHERE id = $1",
        params![id],
        |row| row.get(0),
    )
}
