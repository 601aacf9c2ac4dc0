//! Values on their way into and out of the database.

use magpie_protocol::{
    ConversationId, DeviceId, FriendRequestId, InvalidId, MessageId, Timestamp, UserId,
};

use super::DbError;

/// A value as every engine holds it. Booleans are stored as 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A `BIGINT`.
    Int(i64),
    /// A `TEXT`.
    Text(&'a str),
    /// A `BYTEA`.
    Bytes(&'a [u8]),
    /// Numbers for `= ANY($n)`; only ever a parameter.
    Ints(&'a [i64]),
    /// Texts for `= ANY($n)`; only ever a parameter.
    Texts(&'a [&'a str]),
    /// Byte strings for `= ANY($n)`; only ever a parameter.
    Blobs(&'a [&'a [u8]]),
}

/// Something that can be a parameter of a statement; see [`params!`](crate::db::params).
pub trait ToValue {
    /// Returns the value, borrowing what is long.
    fn to_value(&self) -> Value<'_>;
}

/// Something that a column can be read as.
pub trait FromValue: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`DbError::Column`] when it is of another type or out of range.
    fn from_value(value: Value<'_>) -> Result<Self, DbError>;
}

/// Makes the list of parameters for a statement from references to [`ToValue`]s.
#[macro_export]
#[doc(hidden)]
macro_rules! __magpie_params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::db::ToValue::to_value(&$value)),*]
    };
}

fn mismatch<T>(wanted: &'static str) -> Result<T, DbError> {
    Err(DbError::Column(wanted))
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        *self
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> Value<'_> {
        Value::Int(*self)
    }
}

impl FromValue for i64 {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        match value {
            Value::Int(number) => Ok(number),
            _ => mismatch("a whole number"),
        }
    }
}

impl ToValue for i32 {
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl ToValue for u32 {
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl ToValue for u64 {
    /// Numbers above `i64::MAX` become `i64::MAX`: no stored number is as large, so comparisons
    /// with them come out right.
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl FromValue for u64 {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        i64::from_value(value)?
            .try_into()
            .or_else(|_| mismatch("a number that is not negative"))
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl FromValue for bool {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        match value {
            Value::Text(text) => Ok(text.to_owned()),
            _ => mismatch("a text"),
        }
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.to_vec()),
            _ => mismatch("bytes"),
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        match value {
            Value::Bytes(bytes) => bytes
                .try_into()
                .or_else(|_| mismatch("bytes of a fixed number")),
            _ => mismatch("bytes"),
        }
    }
}

impl ToValue for Timestamp {
    fn to_value(&self) -> Value<'_> {
        Value::Int(self.0)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        i64::from_value(value).map(Self)
    }
}

macro_rules! number_ids {
    ($($id:ty),*) => {$(
        impl ToValue for $id {
            fn to_value(&self) -> Value<'_> {
                // An id is below 2^53.
                Value::Int(self.get().cast_signed())
            }
        }

        impl FromValue for $id {
            fn from_value(value: Value<'_>) -> Result<Self, DbError> {
                Self::new(u64::from_value(value)?).map_err(|InvalidId(what)| DbError::Column(what))
            }
        }
    )*};
}

number_ids!(UserId, ConversationId, DeviceId, FriendRequestId);

impl ToValue for MessageId {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self.as_bytes())
    }
}

impl FromValue for MessageId {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        match value {
            Value::Bytes(bytes) => {
                Self::from_slice(bytes).map_err(|InvalidId(what)| DbError::Column(what))
            }
            _ => mismatch("a message id"),
        }
    }
}
