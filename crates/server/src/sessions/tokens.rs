//! The two tokens of a device. Both are JWTs signed with keys that only this server has.
//!
//! An access token is checked by itself, without the database. A refresh token is good once: the
//! database holds the SHA-256 of the one that is good now. It names its device, so that the reuse
//! of a spent one is noticed however old it is.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use magpie_protocol::{
    DeviceId, ErrorCode, Timestamp, UserId,
    sessions::{Secret, Tokens},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::{
    AppError,
    clock::{self, Random},
    config::Config,
    db::{DbError, Tx, params},
};

/// The name of the keys among the settings.
const SETTING: &str = "token_keys";

/// The keys that sign tokens: 32 bytes for access tokens, 32 for refresh tokens.
pub(crate) type Keys = [u8; 64];

/// Returns the keys, which are made when the server starts for the first time.
///
/// # Errors
/// What the database says.
pub(crate) fn keys(tx: &mut Tx<'_>, fresh: &Keys) -> Result<Keys, DbError> {
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        params![SETTING, fresh],
    )?;
    tx.one(
        "SELECT value FROM settings WHERE name = $1",
        params![SETTING],
        |row| row.get(0),
    )
}

/// Makes and checks tokens.
pub(crate) struct TokenMaker {
    access: Key,
    refresh: Key,
    access_seconds: u32,
    refresh_seconds: u32,
}

/// What an access token says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Access {
    /// Whom it was given to.
    #[serde(rename = "sub", with = "as_text")]
    pub(crate) user_id: UserId,
    /// On which device.
    #[serde(rename = "dev")]
    pub(crate) device_id: DeviceId,
    /// Until when it is taken, in seconds since 1970.
    #[serde(rename = "exp")]
    expires: i64,
}

/// What a refresh token says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refreshing {
    /// The device that may use it.
    #[serde(rename = "dev")]
    pub(crate) device_id: DeviceId,
    /// 32 random bytes, in base 64.
    #[serde(rename = "jti")]
    nonce: String,
}

/// A refresh token as the database holds it.
pub(crate) type TokenHash = [u8; 32];

/// A refresh token, fresh from the press.
pub(crate) struct NewRefresh {
    /// For the device.
    pub(crate) token: Secret,
    /// For the database.
    pub(crate) hash: TokenHash,
    /// Until when it is taken.
    pub(crate) expires_at: Timestamp,
}

struct Key {
    sign: EncodingKey,
    check: DecodingKey,
    rules: Validation,
}

impl Key {
    fn new(secret: &[u8]) -> Self {
        let mut rules = Validation::new(Algorithm::HS256);
        // The library would look at the machine's clock; we look at ours.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        Self {
            sign: EncodingKey::from_secret(secret),
            check: DecodingKey::from_secret(secret),
            rules,
        }
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String, AppError> {
        encode(&Header::new(Algorithm::HS256), claims, &self.sign).map_err(AppError::failed)
    }

    fn check<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        decode(token, &self.check, &self.rules)
            .ok()
            .map(|data| data.claims)
    }
}

impl TokenMaker {
    pub(crate) fn new(keys: &Keys, config: &Config) -> Self {
        let (access, refresh) = keys.split_at(32);
        Self {
            access: Key::new(access),
            refresh: Key::new(refresh),
            access_seconds: config.access_token_seconds,
            refresh_seconds: config.refresh_token_seconds,
        }
    }

    /// Returns for how long access tokens are taken, in milliseconds.
    pub(crate) fn access_millis(&self) -> i64 {
        i64::from(self.access_seconds) * 1_000
    }

    /// Makes a refresh token.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn refresh(
        &self,
        device_id: DeviceId,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<NewRefresh, AppError> {
        let token = self.refresh.sign(&Refreshing {
            device_id,
            nonce: BASE64_URL_SAFE_NO_PAD.encode(clock::bytes::<32>(random)),
        })?;
        Ok(NewRefresh {
            hash: hash(&token),
            token: Secret::new(token),
            expires_at: now.plus_millis(i64::from(self.refresh_seconds) * 1_000),
        })
    }

    /// Makes an access token and puts it beside `refresh`.
    ///
    /// # Errors
    /// None that is expected.
    pub(crate) fn pair(
        &self,
        user_id: UserId,
        device_id: DeviceId,
        refresh: NewRefresh,
        now: Timestamp,
    ) -> Result<Tokens, AppError> {
        let until = now.plus_millis(self.access_millis());
        let access = self.access.sign(&Access {
            user_id,
            device_id,
            expires: until.0.div_euclid(1_000),
        })?;
        Ok(Tokens {
            access_token: Secret::new(access),
            access_expires_in_ms: self.access_millis().unsigned_abs(),
            refresh_token: refresh.token,
            refresh_expires_at: refresh.expires_at,
        })
    }

    /// Reads an access token.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] unless this server made it, [`ErrorCode::TokenExpired`].
    pub(crate) fn read_access(&self, token: &str, now: Timestamp) -> Result<Access, ErrorCode> {
        let access: Access = self.access.check(token).ok_or(ErrorCode::Unauthenticated)?;
        if now.0 >= access.expires.saturating_mul(1_000) {
            return Err(ErrorCode::TokenExpired);
        }
        Ok(access)
    }

    /// Reads a refresh token that this server made; whether it is spent, the database knows.
    pub(crate) fn read_refresh(&self, token: &Secret) -> Option<(Refreshing, TokenHash)> {
        let claims = self.refresh.check(token.expose())?;
        Some((claims, hash(token.expose())))
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

/// A JWT's subject is a text.
mod as_text {
    use magpie_protocol::UserId;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(id: &UserId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UserId, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemRandom;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn maker(key: u8) -> TokenMaker {
        TokenMaker::new(&[key; 64], &Config::default())
    }

    fn pair(maker: &TokenMaker) -> Tokens {
        let device = DeviceId::new(7).unwrap();
        let refresh = maker.refresh(device, NOW, &SystemRandom).unwrap();
        maker
            .pair(UserId::new(10_001).unwrap(), device, refresh, NOW)
            .unwrap()
    }

    #[test]
    fn an_access_token_is_taken_until_it_runs_out() {
        let maker = maker(1);
        let tokens = pair(&maker);
        let token = tokens.access_token.expose();
        let access = maker.read_access(token, NOW).unwrap();
        assert_eq!((access.user_id.get(), access.device_id.get()), (10_001, 7));
        let later = |millis| maker.read_access(token, NOW.plus_millis(millis));
        assert!(later(15 * 60_000 - 1).is_ok());
        assert_eq!(later(15 * 60_000), Err(ErrorCode::TokenExpired));
    }

    #[test]
    fn tokens_of_others_are_not_taken() {
        let tokens = pair(&maker(1));
        let token = tokens.access_token.expose();
        assert_eq!(
            maker(2).read_access(token, NOW),
            Err(ErrorCode::Unauthenticated)
        );
        // {"alg":"none"} in front of the same claims.
        let claims = token.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{claims}.");
        for bad in ["", "x", "a.b.c", &unsigned, tokens.refresh_token.expose()] {
            assert_eq!(
                maker(1).read_access(bad, NOW),
                Err(ErrorCode::Unauthenticated),
                "{bad}"
            );
        }
        assert!(maker(1).read_refresh(&tokens.access_token).is_none());
        assert!(maker(2).read_refresh(&tokens.refresh_token).is_none());
    }

    #[test]
    fn each_refresh_token_is_another() {
        let maker = maker(1);
        let (first, second) = (pair(&maker), pair(&maker));
        let hash = |tokens: &Tokens| maker.read_refresh(&tokens.refresh_token).unwrap().1;
        assert_ne!(hash(&first), hash(&second));
    }
}
