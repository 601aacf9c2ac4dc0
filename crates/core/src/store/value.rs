//! Numbers, ids and JSON as they lie in columns.

use magpie_protocol::{ConversationId, FriendRequestId, MessageId, Timestamp, UserId};
use rusqlite::{Row, RowIndex};
use serde::{Serialize, de::DeserializeOwned};

use super::{Result, StoreError};

/// Returns a number as SQLite holds it. What does not fit, and no server gives such a number, is
/// cut.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a number that is never negative.
pub(super) fn number(row: &Row<'_>, column: impl RowIndex) -> Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| StoreError::row("number"))
}

/// As [`number`], for a column that may be empty.
pub(super) fn maybe_number(row: &Row<'_>, column: impl RowIndex) -> Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)?
        .map(|number| u64::try_from(number).map_err(|_| StoreError::row("number")))
        .transpose()
}

/// Reads a time.
pub(super) fn time(row: &Row<'_>, column: impl RowIndex) -> Result<Timestamp> {
    Ok(Timestamp(row.get(column)?))
}

/// Reads a person's number.
pub(super) fn user_id(row: &Row<'_>, column: impl RowIndex) -> Result<UserId> {
    UserId::new(number(row, column)?).map_err(|_| StoreError::row("user number"))
}

/// As [`user_id`], for a column that may be empty.
pub(super) fn maybe_user_id(row: &Row<'_>, column: impl RowIndex) -> Result<Option<UserId>> {
    maybe_number(row, column)?
        .map(|id| UserId::new(id).map_err(|_| StoreError::row("user number")))
        .transpose()
}

/// Reads a conversation's id.
pub(super) fn conversation_id(row: &Row<'_>, column: impl RowIndex) -> Result<ConversationId> {
    ConversationId::new(number(row, column)?).map_err(|_| StoreError::row("conversation id"))
}

/// Reads a friend request's id.
pub(super) fn request_id(row: &Row<'_>, column: impl RowIndex) -> Result<FriendRequestId> {
    FriendRequestId::new(number(row, column)?).map_err(|_| StoreError::row("request id"))
}

/// Reads a message's id.
pub(super) fn message_id(row: &Row<'_>, column: impl RowIndex) -> Result<MessageId> {
    MessageId::from_slice(
        row.get_ref(column)?
            .as_blob()
            .map_err(|_| StoreError::row("message id"))?,
    )
    .map_err(|_| StoreError::row("message id"))
}

/// Returns a value as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// Reads a value from JSON.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: impl RowIndex) -> Result<T> {
    let text = row.get_ref(column)?;
    Ok(serde_json::from_str(
        text.as_str().map_err(|_| StoreError::row("text"))?,
    )?)
}

/// As [`from_json`], for a column that may be empty.
pub(super) fn maybe_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: impl RowIndex,
) -> Result<Option<T>> {
    let text = row.get_ref(column)?;
    match text.as_str_or_null().map_err(|_| StoreError::row("text"))? {
        Some(text) => Ok(Some(serde_json::from_str(text)?)),
        None => Ok(None),
    }
}

/// Returns the plain word that a value of an enumeration is in JSON.
pub(super) fn word<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value)? {
        serde_json::Value::String(word) => Ok(word),
        _ => Err(StoreError::row("word")),
    }
}

/// Reads a value of an enumeration from its plain word.
pub(super) fn from_word<T: DeserializeOwned>(row: &Row<'_>, column: impl RowIndex) -> Result<T> {
    let text: String = row.get(column)?;
    Ok(serde_json::from_value(serde_json::Value::String(text))?)
}
