//! Values on their way over the line.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::db::{DbError, Value};

type Failure = Box<dyn Error + Sync + Send>;

/// A parameter: a value, or what a column of many rows holds.
#[derive(Debug)]
pub(super) enum Param<'a> {
    One(Value<'a>),
    Column(Vec<Value<'a>>),
}

impl ToSql for Param<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match self {
            Self::One(value) => value.to_sql(kind, out),
            Self::Column(values) => values.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match *self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            // What it is compared with is narrow, such as a place in a text.
            Value::Int(number) if *kind == Type::INT4 => i32::try_from(number)?.to_sql(kind, out),
            // PostgreSQL's texts cannot hold a zero. None that is stored has one, so what is looked
            // for with it is not found this way either.
            Value::Text(text) if <&str as ToSql>::accepts(kind) && text.contains('\0') => {
                text.replace('\0', "\u{FFFD}").to_sql(kind, out)
            }
            Value::Text(text) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            Value::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Value::Ints(numbers) if *kind == Type::INT8_ARRAY => numbers.to_sql(kind, out),
            Value::Texts(texts) if *kind == Type::TEXT_ARRAY => texts.to_sql(kind, out),
            Value::Blobs(blobs) if *kind == Type::BYTEA_ARRAY => blobs.to_sql(kind, out),
            _ => Err(format!("a parameter of another type than {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Self::Int),
            Type::INT4 => i32::from_sql(kind, raw).map(|number| Self::Int(number.into())),
            Type::BOOL => bool::from_sql(kind, raw).map(|yes| Self::Int(yes.into())),
            Type::BYTEA => Ok(Self::Bytes(raw)),
            _ if <&str as FromSql>::accepts(kind) => <&str>::from_sql(kind, raw).map(Self::Text),
            _ => Err("of a type that is used here".into()),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Reads the column at `index`.
pub(in crate::db) fn value(row: &tokio_postgres::Row, index: usize) -> Result<Value<'_>, DbError> {
    row.try_get(index)
        .map_err(|_| DbError::Column("of a type that is used here"))
}
