//! Where the database is.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::postgres::Target;

/// The address of a database: `sqlite:PATH`, or the URL of a PostgreSQL server,
/// `postgres://user:password@host:port/database?sslmode=verify-full`.
///
/// It may hold a password, so it shows itself without one, and in debug output too.
#[derive(Clone)]
pub struct DatabaseAddress {
    text: String,
    place: Place,
}

/// What an address names.
#[derive(Clone)]
pub(crate) enum Place {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<Target>),
}

/// The text is not the address of a database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the address of a database, such as sqlite:magpie.db or postgres://user@host/database: {0}"
)]
pub struct InvalidDatabaseAddress(pub(super) String);

impl DatabaseAddress {
    /// Returns what it names.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Tells whether it is a PostgreSQL server, which several nodes can share.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Postgres(_))
    }
}

impl FromStr for DatabaseAddress {
    type Err = InvalidDatabaseAddress;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseAddress> {
        let place = match text.split_once(':') {
            Some(("sqlite", path)) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                if path.is_empty() {
                    return Err(InvalidDatabaseAddress("it names no file".into()));
                }
                Place::Sqlite(path.into())
            }
            Some(("postgres" | "postgresql", _)) => Place::Postgres(Box::new(Target::read(text)?)),
            _ => {
                let wrong = "it begins with sqlite: or postgres://";
                return Err(InvalidDatabaseAddress(wrong.into()));
            }
        };
        Ok(Self {
            text: text.to_owned(),
            place,
        })
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Place::Postgres(target) => target.fmt(out),
        }
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "DatabaseAddress({self})")
    }
}

impl PartialEq for DatabaseAddress {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for DatabaseAddress {}

impl Serialize for DatabaseAddress {
    /// Writes the whole address, password included.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for DatabaseAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<DatabaseAddress>().unwrap().to_string()
    }

    #[test]
    fn an_address_says_where_and_keeps_its_password() {
        assert_eq!(shown("sqlite:/var/magpie.db"), "sqlite:/var/magpie.db");
        for text in [
            "postgres://magpie:s3cret@db.example.org:5433/chat?sslmode=verify-full",
            "postgresql://magpie@db.example.org:5433/chat?password=s3cret",
        ] {
            let address: DatabaseAddress = text.parse().unwrap();
            assert!(address.is_postgres());
            assert_eq!(
                address.to_string(),
                "postgres://magpie@db.example.org:5433/chat"
            );
            assert!(!format!("{address:?}").contains("s3cret"));
        }
        assert_eq!(
            shown("postgres://postgres@%2Frun%2Fpostgresql/chat"),
            "postgres://postgres@/run/postgresql:5432/chat"
        );
    }

    #[test]
    fn other_texts_are_refused_without_being_repeated() {
        for text in [
            "",
            "magpie.db",
            "sqlite:",
            "mysql://root:s3cret@host/db",
            "postgres://magpie:s3cret@host:port/chat",
            "postgres://magpie:s3cret@host/chat?sslmode=perhaps",
            "postgres://magpie:s3cret@host/chat?sslmode=verify-full&sslrootcert=/not/there",
            "postgres://",
        ] {
            let refused = text.parse::<DatabaseAddress>().unwrap_err().to_string();
            assert!(!refused.contains("s3cret"), "{refused}");
        }
    }
}
