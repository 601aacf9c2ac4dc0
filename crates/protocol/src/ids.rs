//! Identifiers and points in time.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

/// The largest number that JavaScript, and so the app's page, holds exactly: 2^53 - 1.
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The text or number given is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0}")]
pub struct InvalidId(pub &'static str);

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        ///
        /// A number from 1 to [`MAX_NUMBER`], given by the server.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "typescript", derive(specta::Type))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = u64))]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Returns the id, or [`InvalidId`] for zero and for numbers above [`MAX_NUMBER`].
            pub const fn new(number: u64) -> Result<Self, InvalidId> {
                if number == 0 || number > MAX_NUMBER {
                    return Err(InvalidId($what));
                }
                Ok(Self(number))
            }

            /// Returns the plain number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // `u64::from_str` takes a leading plus sign and leading zeros; an id has one
                // spelling only, so that tries can be counted by it.
                if text.starts_with(['+', '0']) {
                    return Err(InvalidId($what));
                }
                text.parse().map_err(|_| InvalidId($what)).and_then(Self::new)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

number_id!(
    /// A person's number. It is shown to people and can be used to sign in.
    UserId,
    "user number"
);
number_id!(
    /// A conversation, direct or group.
    ConversationId,
    "conversation id"
);
number_id!(
    /// A signed-in device of a user; one session each.
    DeviceId,
    "device id"
);
number_id!(
    /// A request to become friends.
    FriendRequestId,
    "friend request id"
);

/// A message, for ever: a `UUIDv7` (RFC 9562) minted by the sender's device before the message is
/// sent. It is the idempotency key of the send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
#[serde(transparent)]
pub struct MessageId(#[cfg_attr(feature = "typescript", specta(type = String))] Uuid);

impl MessageId {
    /// Makes an id from a time in milliseconds since 1970 and ten random bytes.
    #[must_use]
    pub fn from_parts(unix_millis: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_millis, &random).into_uuid())
    }

    /// Reads the 16 bytes that [`MessageId::as_bytes`] gave.
    ///
    /// # Errors
    /// [`InvalidId`] when these are not 16 bytes or not a `UUIDv7`.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, InvalidId> {
        Uuid::from_slice(bytes)
            .map_err(|_| InvalidId("message id"))
            .and_then(Self::checked)
    }

    /// Returns the 16 bytes, in network order; they sort by time.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    fn checked(uuid: Uuid) -> Result<Self, InvalidId> {
        match uuid.get_version_num() {
            7 => Ok(Self(uuid)),
            _ => Err(InvalidId("message id")),
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MessageId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::try_parse(text)
            .map_err(|_| InvalidId("message id"))
            .and_then(Self::checked)
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let uuid = Uuid::deserialize(deserializer)?;
        Self::checked(uuid).map_err(de::Error::custom)
    }
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. Times in answers are the server's.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = i64))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns this time moved by `millis` (saturating).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns how many milliseconds lie between `earlier` and this; negative when it is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_ids_hold_what_javascript_holds() {
        assert_eq!(UserId::new(MAX_NUMBER).map(UserId::get), Ok(MAX_NUMBER));
        assert!(UserId::new(0).is_err());
        assert!(UserId::new(MAX_NUMBER + 1).is_err());
        for text in [
            "-1",
            "+1",
            "1.5",
            "1e3",
            "\"1\"",
            "9007199254740992",
            "null",
            "",
        ] {
            assert!(
                serde_json::from_str::<UserId>(text).is_err(),
                "{text} as JSON"
            );
            assert!(text.parse::<UserId>().is_err(), "{text} as text");
        }
        assert!("0010001".parse::<UserId>().is_err());
    }

    #[test]
    fn message_ids_are_version_seven_only() {
        let id = MessageId::from_parts(1_700_000_000_000, [7; 10]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(MessageId::from_slice(id.as_bytes()), Ok(id));
        assert!(
            "9f2c4c1e-6f0e-4c8e-9d3a-2f1b7c5d8e90"
                .parse::<MessageId>()
                .is_err()
        );
        assert!(MessageId::from_slice(&[0; 15]).is_err());
    }

    #[test]
    fn message_ids_sort_by_time() {
        assert!(MessageId::from_parts(1, [255; 10]) < MessageId::from_parts(2, [0; 10]));
    }
}
