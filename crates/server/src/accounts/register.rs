//! Making an account.

use axum::extract::State;
use magpie_protocol::{
    ErrorBody, ErrorCode, Timestamp, UserId,
    accounts::{Account, Gender, Register, User},
    names, routes,
    server::RegistrationPolicy,
    sessions::SignedIn,
};

use super::rows::{gender_text, search_key};
use crate::{
    app::App,
    db::{DbError, Tx, params},
    error::{AppError, Json},
    invitations::{self, InvitationCode},
    sessions::{Caller, Opening, check_device},
};

/// Makes an account and signs its first device in.
#[utoipa::path(
    post, path = routes::ACCOUNTS, tag = "accounts", security(()),
    request_body = Register,
    responses(
        (status = 200, description = "Made; `account.user.id` is the new number", body = SignedIn),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn register(
    State(app): State<App>,
    caller: Caller,
    Json(request): Json<Register>,
) -> Result<Json<SignedIn>, AppError> {
    let outcome = try_to(&app, caller, request).await;
    app.metrics().registered(&outcome);
    outcome.map(Json)
}

async fn try_to(app: &App, caller: Caller, request: Register) -> Result<SignedIn, AppError> {
    // Counted before the code is looked at, so that codes are not guessed any faster than names.
    app.limits()
        .registration(caller, &request.username.to_lowercase())?;
    let admission = match RegistrationPolicy::from(app.config().registration) {
        RegistrationPolicy::Open => Admission::Free,
        RegistrationPolicy::Invitation => Admission::invited(request.invitation.as_deref())?,
        RegistrationPolicy::Closed | RegistrationPolicy::Unknown => {
            return Err(ErrorCode::RegistrationClosed.into());
        }
    };
    admit(app, request, admission).await
}

/// Makes an account, however often and whoever asks.
///
/// # Errors
/// The codes for names that are not allowed or taken, and what the database says.
#[cfg(feature = "testing")]
pub(crate) async fn create(app: &App, request: Register) -> Result<SignedIn, AppError> {
    admit(app, request, Admission::Free).await
}

async fn admit(app: &App, request: Register, admission: Admission) -> Result<SignedIn, AppError> {
    let device = check_device(request.device)?;
    let wanted = Wanted::check(
        &request.username,
        &request.nickname,
        request.email.as_deref(),
    )?;

    // Asked before the password is hashed, which is dear, and again when the account is stored.
    let (names, asked, now) = (wanted.clone(), admission.clone(), app.now());
    app.db()
        .read(move |tx| {
            asked.check(tx, now)?;
            names.require_free(tx)
        })
        .await?;
    let password = app.passwords().hash(request.password, app.random()).await?;

    let opening = Opening::new(app, device);
    app.db()
        .write(move |tx| {
            wanted.require_free(tx)?;
            let invitation = admission.take(tx, opening.now())?;
            let account = wanted.insert(tx, &password, invitation, opening.now())?;
            opening.open(tx, account)
        })
        .await
}

/// Why somebody may make an account.
#[derive(Debug, Clone)]
enum Admission {
    /// Everybody may.
    Free,
    /// They bring the code of an invitation.
    Invited(InvitationCode),
}

impl Admission {
    fn invited(code: Option<&str>) -> Result<Self, ErrorCode> {
        let code = code
            .map(str::trim)
            .filter(|code| !code.is_empty())
            .ok_or(ErrorCode::InvitationNeeded)?;
        let code = InvitationCode::read(code).ok_or(ErrorCode::InvitationInvalid)?;
        Ok(Self::Invited(code))
    }

    fn check(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<(), AppError> {
        match self {
            Self::Free => Ok(()),
            Self::Invited(code) => invitations::is_good(tx, code, now),
        }
    }

    /// Uses up what there is to be used up, and returns the number of the invitation.
    fn take(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<i64>, AppError> {
        match self {
            Self::Free => Ok(None),
            Self::Invited(code) => invitations::take(tx, code, now).map(Some),
        }
    }
}

/// What somebody wants to be called, checked.
#[derive(Debug, Clone)]
struct Wanted {
    username: String,
    nickname: String,
    email: Option<String>,
}

impl Wanted {
    fn check(username: &str, nickname: &str, email: Option<&str>) -> Result<Self, ErrorCode> {
        Ok(Self {
            username: names::username(username)?,
            nickname: names::nickname(nickname)?,
            email: email.map(names::email).transpose()?,
        })
    }

    /// The address as it is compared.
    fn email_key(&self) -> Option<String> {
        self.email.as_deref().map(str::to_lowercase)
    }

    fn require_free(&self, tx: &mut Tx<'_>) -> Result<(), AppError> {
        let taken = |tx: &mut Tx<'_>, sql, key: &str| tx.first(sql, params![key], |_| Ok(()));
        if taken(
            tx,
            "SELECT 1 FROM users WHERE username = $1",
            &self.username,
        )?
        .is_some()
        {
            return Err(ErrorCode::UsernameTaken.into());
        }
        if let Some(key) = self.email_key()
            && taken(tx, "SELECT 1 FROM users WHERE email_key = $1", &key)?.is_some()
        {
            return Err(ErrorCode::EmailTaken.into());
        }
        Ok(())
    }

    /// Stores the account as the first change of its user's scope.
    fn insert(
        &self,
        tx: &mut Tx<'_>,
        password: &str,
        invitation: Option<i64>,
        now: Timestamp,
    ) -> Result<Account, DbError> {
        let id: UserId = tx.next_id("users")?;
        tx.execute(
            "INSERT INTO users (id, username, nickname, nickname_key, signature, gender, region,
                                email, email_key, birthday, password, created_at, rev, account_rev,
                                invitation_id)
             VALUES ($1, $2, $3, $4, '', $5, '', $6, $7, NULL, $8, $9, 1, 1, $10)",
            params![
                id,
                self.username,
                self.nickname,
                search_key(&self.nickname),
                gender_text(Gender::Unspecified),
                self.email,
                self.email_key(),
                password,
                now,
                invitation
            ],
        )?;
        Ok(Account {
            user: User {
                id,
                username: self.username.clone(),
                nickname: self.nickname.clone(),
                signature: String::new(),
                gender: Gender::Unspecified,
                region: String::new(),
            },
            email: self.email.clone(),
            birthday: None,
            created_at: now,
        })
    }
}
