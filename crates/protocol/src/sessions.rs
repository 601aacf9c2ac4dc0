//! Signing in, and the tokens that keep a device signed in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    Timestamp,
    accounts::{Account, Device, Platform},
};

/// `md5("magpie:" + password)` as 32 lower-case hexadecimal digits, the password being in Unicode
/// NFC (RFC 8265, `OpaqueString`).
///
/// The plain password so never leaves the device or lands in a log, and a password that somebody
/// uses elsewhere too is not shown to us. MD5 protects nothing by itself: for the server this
/// digest *is* the password, which TLS guards on the way and Argon2id where it is stored.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// Returns the digest of these 16 bytes.
    #[must_use]
    pub fn from_md5(md5: [u8; 16]) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(32);
        for byte in md5 {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Returns the 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest(…)")
    }
}

impl<'de> Deserialize<'de> for PasswordDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text))
        } else {
            Err(de::Error::custom(
                "a password digest is 32 lower-case hexadecimal digits",
            ))
        }
    }
}

/// A token as it travels. It does not show itself in debug output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a token.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the token, for sending or checking it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a device introduces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// At most [`crate::limits::DEVICE_NAME_CHARS`]; shown in the list of devices.
    pub name: String,
    /// What it runs on.
    pub platform: Platform,
}

/// `POST /api/v1/sessions`: signs a device in. Answered with [`SignedIn`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// User name, number or e-mail address.
    pub login: String,
    /// The password's digest.
    pub password: PasswordDigest,
    /// The device.
    pub device: NewDevice,
}

/// `POST /api/v1/sessions/refresh`: changes a refresh token, which can be used once, for a new
/// pair. Answered with [`Tokens`].
///
/// The immediate retry of a refresh whose answer was lost is answered with a new pair as well; any
/// other reuse of a spent token ends the session with [`crate::ErrorCode::SessionEnded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The refresh token.
    pub refresh_token: Secret,
}

/// The tokens of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tokens {
    /// For the `Authorization: Bearer` header of requests and of the socket's upgrade.
    pub access_token: Secret,
    /// For how long from now the access token is taken, in milliseconds.
    pub access_expires_in_ms: u64,
    /// For [`Refresh`], once.
    pub refresh_token: Secret,
    /// Until when the refresh token is taken.
    pub refresh_expires_at: Timestamp,
}

/// The answer to signing in and registering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedIn {
    /// Who was signed in; `account.user.id` is the number that a new user was given.
    pub account: Account,
    /// The device that was signed in.
    pub device: Device,
    /// Its tokens.
    pub tokens: Tokens,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_themselves() {
        let digest = PasswordDigest::from_md5([0xab; 16]);
        assert_eq!(digest.as_str(), "ab".repeat(16));
        assert!(!format!("{digest:?}").contains("abab"));
        assert!(!format!("{:?}", Secret::new("abab")).contains("abab"));
    }

    #[test]
    fn a_plain_password_is_not_a_digest() {
        for bad in [
            "correct horse",
            &"A".repeat(32),
            &"a".repeat(31),
            &"g".repeat(32),
        ] {
            assert!(serde_json::from_value::<PasswordDigest>((*bad).into()).is_err());
        }
    }
}
