//! Accounts of servers that are not there.

use std::path::PathBuf;

use magpie_protocol::{
    server::{PRODUCT, PROTOCOL_VERSION, RegistrationPolicy, ServerInfo},
    sessions::SignedIn,
};

use super::{Home, ServerCheck, account, address};
use crate::{Core, CoreError, api::Http};

impl Home {
    /// Opens an account as if the server at this address had just let somebody in. Nobody is asked.
    ///
    /// # Errors
    /// As [`Home::sign_in`], of what happens on this side.
    pub async fn enter_unasked(&self, url: &str, signed_in: SignedIn) -> Result<Core, CoreError> {
        let server = ServerCheck {
            url: address::canonical(url)?,
            info: ServerInfo {
                product: PRODUCT.to_owned(),
                name: "nowhere".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                protocol: PROTOCOL_VERSION,
                protocol_min: PROTOCOL_VERSION,
                registration: RegistrationPolicy::Open,
                updates: false,
            },
        };
        let http = Http::new(&server.url, self.way())?;
        let mut stores = self.0.stores.lock().await;
        self.open_account(&mut stores, server, http, signed_in)
            .await
    }

    /// Returns the file of an account's database and its key in hexadecimal digits, for whoever
    /// looks at it with another eye; the file may be open here at the same time.
    ///
    /// # Errors
    /// [`crate::LocalCode::Keychain`].
    pub async fn database_file(
        &self,
        account_key: &str,
    ) -> Result<Option<(PathBuf, String)>, CoreError> {
        let secrets = self.0.secrets.account(account_key);
        let key = secrets.database_key().await?;
        let path = self.account_folder(account_key).join(account::DATABASE);
        Ok(key.map(|key| (path, key.to_hex())))
    }
}
