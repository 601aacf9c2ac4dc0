//! The calls that are open to everybody.

use magpie_protocol::{
    accounts::Register,
    routes,
    server::ServerInfo,
    sessions::{Refresh, Secret, SignIn, SignedIn, Tokens},
};
use reqwest::Method;
use url::Url;

use super::{
    call::{Call, Http},
    failure,
};
use crate::CoreError;

/// A server that answered.
pub(crate) struct Found {
    /// Where the answer came from; another address than was asked where the server pointed there.
    pub(crate) url: Url,
    /// What it says of itself.
    pub(crate) info: ServerInfo,
}

impl Http {
    /// Asks a server what it is.
    ///
    /// # Errors
    /// [`crate::LocalCode::NotMagpie`] among others.
    pub(crate) async fn server(&self) -> Result<Found, CoreError> {
        let (url, body) = self
            .send(&Call::new(Method::GET, routes::SERVER), None)
            .await?;
        let info = serde_json::from_slice(&body)
            .map_err(|_| failure::not_magpie("it does not say what it is"))?;
        Ok(Found { url, info })
    }

    /// Makes an account and signs in.
    pub(crate) async fn register(&self, register: &Register) -> Result<SignedIn, CoreError> {
        self.ask(
            &Call::new(Method::POST, routes::ACCOUNTS).body(register)?,
            None,
        )
        .await
    }

    /// Signs in.
    pub(crate) async fn sign_in(&self, sign_in: &SignIn) -> Result<SignedIn, CoreError> {
        self.ask(
            &Call::new(Method::POST, routes::SESSIONS).body(sign_in)?,
            None,
        )
        .await
    }

    /// Changes a refresh token for a new pair.
    pub(crate) async fn refresh(&self, refresh_token: Secret) -> Result<Tokens, CoreError> {
        let refresh = Refresh { refresh_token };
        self.ask(
            &Call::new(Method::POST, routes::REFRESH).body(&refresh)?,
            None,
        )
        .await
    }

    /// Ends the session that a token belongs to.
    pub(crate) async fn end_session(&self, access_token: &Secret) -> Result<(), CoreError> {
        let call = Call::new(Method::DELETE, routes::CURRENT_SESSION);
        self.send(&call, Some(access_token)).await.map(|_| ())
    }
}
