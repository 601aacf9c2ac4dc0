//! A value that was read from one database and is written to another.

use sha2::{Digest as _, Sha256};

use crate::db::{DbError, FromValue, ToValue, Value};

/// A value of its own, as every engine holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    /// Adds the value to a digest, so that no two rows of values are added alike.
    pub(super) fn digest(&self, digest: &mut Sha256) {
        let (kind, bytes): (u8, &[u8]) = match self {
            Self::Null => (0, &[]),
            Self::Int(number) => (1, &number.to_be_bytes()),
            Self::Text(text) => (2, text.as_bytes()),
            Self::Bytes(bytes) => (3, bytes),
        };
        digest.update([kind]);
        digest.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(bytes);
    }
}

impl FromValue for Cell {
    fn from_value(value: Value<'_>) -> Result<Self, DbError> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Int(number) => Ok(Self::Int(number)),
            Value::Text(text) => Ok(Self::Text(text.to_owned())),
            Value::Bytes(bytes) => Ok(Self::Bytes(bytes.to_vec())),
            Value::Ints(_) | Value::Texts(_) | Value::Blobs(_) => {
                Err(DbError::Column("a single value"))
            }
        }
    }
}

impl ToValue for Cell {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(cells: &[Cell]) -> Vec<u8> {
        let mut digest = Sha256::new();
        cells.iter().for_each(|cell| cell.digest(&mut digest));
        digest.finalize().to_vec()
    }

    #[test]
    fn rows_that_look_alike_have_different_digests() {
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_ne!(
            digest(&[text("ab"), text("c")]),
            digest(&[text("a"), text("bc")])
        );
        assert_ne!(digest(&[text("")]), digest(&[Cell::Null]));
        assert_ne!(digest(&[text("a")]), digest(&[Cell::Bytes(b"a".to_vec())]));
        assert_ne!(
            digest(&[Cell::Int(1)]),
            digest(&[Cell::Bytes(1_i64.to_be_bytes().to_vec())])
        );
    }
}
