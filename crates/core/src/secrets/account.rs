//! The secrets of one account.

use super::Secrets;
use crate::{CoreError, session::Pair, store::DatabaseKey};

/// The secrets of one account. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AccountSecrets {
    secrets: Secrets,
    tokens: String,
    database: String,
}

impl AccountSecrets {
    pub(super) fn new(secrets: Secrets, key: &str) -> Self {
        Self {
            secrets,
            tokens: format!("{key}/tokens"),
            database: format!("{key}/database"),
        }
    }

    /// Returns the token pair; none when nobody is signed in, or when it cannot be understood.
    ///
    /// # Errors
    /// [`crate::LocalCode::Keychain`].
    pub(crate) async fn tokens(&self) -> Result<Option<Pair>, CoreError> {
        let text = self.secrets.get(&self.tokens).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps the token pair.
    ///
    /// # Errors
    /// What keeps the file from being written.
    pub(crate) async fn save_tokens(&self, pair: &Pair) -> Result<(), CoreError> {
        let text = serde_json::to_string(pair)
            .map_err(|_| CoreError::local(crate::LocalCode::Internal, "tokens are not JSON"))?;
        self.secrets.set(&self.tokens, &text).await
    }

    /// Removes a token pair, and leaves another one that was saved since.
    ///
    /// # Errors
    /// [`crate::LocalCode::Keychain`].
    pub(crate) async fn remove_tokens(&self, pair: &Pair) -> Result<(), CoreError> {
        let same = |text: &str| {
            serde_json::from_str::<Pair>(text).map_or(true, |saved| saved.is_same(pair))
        };
        self.secrets.remove(&self.tokens, same).await
    }

    /// Removes the token pair, whichever it is.
    ///
    /// # Errors
    /// [`crate::LocalCode::Keychain`].
    pub(crate) async fn remove_all_tokens(&self) -> Result<(), CoreError> {
        self.secrets.remove(&self.tokens, |_| true).await
    }

    /// Returns the key of the database; none when there is none, or when it cannot be understood. A
    /// keychain that cannot be asked is tried once more.
    ///
    /// # Errors
    /// [`crate::LocalCode::Keychain`].
    pub(crate) async fn database_key(&self) -> Result<Option<DatabaseKey>, CoreError> {
        let mut text = self.secrets.get(&self.database).await;
        if text.is_err() && self.secrets.try_keychain_again().await {
            text = self.secrets.get(&self.database).await;
        }
        let text = text?;
        Ok(text.and_then(|text| DatabaseKey::from_hex(&text)))
    }

    /// Keeps the key of the database.
    ///
    /// # Errors
    /// What keeps the file from being written.
    pub(crate) async fn save_database_key(&self, key: &DatabaseKey) -> Result<(), CoreError> {
        self.secrets.set(&self.database, &key.to_hex()).await
    }

    /// Returns the names of everything.
    pub(crate) fn names(&self) -> [&str; 2] {
        [&self.tokens, &self.database]
    }

    /// Removes everything.
    ///
    /// # Errors
    /// [`crate::LocalCode::Keychain`].
    pub(crate) async fn forget(&self) -> Result<(), CoreError> {
        self.remove_all_tokens().await?;
        self.secrets.remove(&self.database, |_| true).await
    }
}
