//! One's own account.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody, ErrorCode, Timestamp,
    accounts::{Account, UpdateAccount},
    routes,
    sync::{Item, Scope},
};

use super::{
    profile,
    rows::{find_account, gender_text, search_key},
};
use crate::{
    app::App,
    db::{Tx, params},
    error::{AppError, Json},
    friends,
    sessions::Auth,
    sync::revisions,
};

/// The asker's own account.
#[utoipa::path(
    get, path = routes::ACCOUNT, tag = "accounts",
    responses(
        (status = 200, description = "The account", body = Account),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn show(State(app): State<App>, auth: Auth) -> Result<Json<Account>, AppError> {
    let account = app.db().read(move |tx| require(tx, auth)).await?;
    Ok(Json(account))
}

/// Changes the fields that are given.
#[utoipa::path(
    patch, path = routes::ACCOUNT, tag = "accounts",
    request_body = UpdateAccount,
    responses(
        (status = 200, description = "The account as it is now", body = Account),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn update(
    State(app): State<App>,
    auth: Auth,
    Json(change): Json<UpdateAccount>,
) -> Result<Json<Account>, AppError> {
    app.limits().profile_change(auth.user_id)?;
    let now = app.now();
    let change = profile::check(change, now)?;
    let account = app
        .db()
        .write(move |tx| {
            let before = require(tx, auth)?;
            let after = profile::apply(before.clone(), &change);
            if after != before {
                save(tx, &after, after.user != before.user, now)?;
            }
            Ok::<_, AppError>(after)
        })
        .await?;
    Ok(Json(account))
}

fn require(tx: &mut Tx<'_>, auth: Auth) -> Result<Account, AppError> {
    // A token of an account that is no more.
    find_account(tx, auth.user_id)?.ok_or_else(|| ErrorCode::Unauthenticated.into())
}

/// Stores the account as a change of its user's scope and, where `seen` says that others see it
/// too, of theirs.
fn save(tx: &mut Tx<'_>, account: &Account, seen: bool, now: Timestamp) -> Result<(), AppError> {
    let user = &account.user;
    let scope = Scope::User(user.id);
    let rev = revisions::advance(tx, scope, 1)?;
    tx.execute(
        "UPDATE users SET nickname = $2, nickname_key = $3, signature = $4, gender = $5,
                region = $6, birthday = $7, account_rev = $8
         WHERE id = $1",
        params![
            user.id,
            user.nickname,
            search_key(&user.nickname),
            user.signature,
            gender_text(user.gender),
            user.region,
            account.birthday,
            rev
        ],
    )?;
    revisions::record(tx, scope, rev, Item::Account(account.clone()));
    if seen {
        friends::touch_profile(tx, user.id, now)?;
    }
    Ok(())
}
