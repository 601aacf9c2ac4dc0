//! People: what they say of themselves, and what others see of it.

use serde::{Deserialize, Serialize};

use crate::{DeviceId, Timestamp, UserId, sessions::NewDevice};

/// What a person says of their gender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Default)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Nothing said.
    #[default]
    Unspecified,
    /// A woman.
    Female,
    /// A man.
    Male,
    /// Another.
    Other,
}

/// What everybody who is signed in may see of a person. There is no e-mail address in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The person's number.
    pub id: UserId,
    /// The unique name, in lower case.
    pub username: String,
    /// The name that is shown.
    pub nickname: String,
    /// A line about oneself; may be empty.
    pub signature: String,
    /// As the person says.
    pub gender: Gender,
    /// In the person's own words; may be empty.
    pub region: String,
}

/// One's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// What others see as well.
    pub user: User,
    /// The address for signing in; nobody else sees it.
    pub email: Option<String>,
    /// Day of birth as `YYYY-MM-DD`; nobody else sees it.
    pub birthday: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// `POST /api/v1/accounts`: makes an account and signs in. Answered with
/// [`crate::sessions::SignedIn`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Unique ignoring case; see [`crate::names::username`].
    pub username: String,
    /// See [`crate::names::nickname`].
    pub nickname: String,
    /// See [`crate::names::email`].
    #[serde(default)]
    pub email: Option<String>,
    /// The password's digest, never the password; see [`crate::sessions::PasswordDigest`].
    pub password: crate::sessions::PasswordDigest,
    /// The device that will be signed in.
    pub device: NewDevice,
    /// The code of an invitation, where the server asks for one; see
    /// [`crate::server::RegistrationPolicy::Invitation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<String>,
}

/// `PATCH /api/v1/account`: changes the fields that are given, and answers with the new
/// [`Account`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[derive(Default)]
pub struct UpdateAccount {
    /// See [`crate::names::nickname`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// At most [`crate::limits::SIGNATURE_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// As the person says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// `YYYY-MM-DD`, or an empty text to take it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<String>,
    /// At most [`crate::limits::REGION_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// `PUT /api/v1/account/password`: changes the password and ends all other devices' sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The digest of the present password.
    pub old: crate::sessions::PasswordDigest,
    /// The digest of the new one.
    pub new: crate::sessions::PasswordDigest,
}

/// A device that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// As it called itself when it signed in, e.g. "Ming's laptop".
    pub name: String,
    /// What it runs on.
    pub platform: Platform,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When it last refreshed its tokens or was connected.
    pub last_seen_at: Timestamp,
}

/// What a device runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
    /// Something else.
    Other,
}
