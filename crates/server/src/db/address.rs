//! Where the database is.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

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

impl Place {
    /// Returns the folder in which the file is; `None` for a server.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(path) => Some(match path.parent() {
                Some(folder) if folder != Path::new("") => folder.to_owned(),
                _ => PathBuf::from("."),
            }),
            Self::Postgres(_) => None,
        }
    }
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
        self.place.fmt(out)
    }
}

impl fmt::Display for Place {
    /// Shows no password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Self::Postgres(target) => target.fmt(out),
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

    /// Of an authority that has signed nothing but itself.
    const ROOT: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBdTCCARugAwIBAgIUZVDz1c/7zn+9/Lbg9hrK9yzpLRwwCgYIKoZIzj0EAwIw\n\
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjIxMjA1NDVaGA8yMTI2MTAyOTEyMDU0\n\
        NVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFlG\n\
        FKObvUiNU8PojeynPnNwJ62xAmd+KG/H7TVaGErCQ8oVQTvXgOOjWUAxmChkBn0i\n\
        7shsm7JMp7XyqzoR//SjUzBRMB0GA1UdDgQWBBRECbncXecFLIsiGPzJ141sLTtg\n\
        njAfBgNVHSMEGDAWgBRECbncXecFLIsiGPzJ141sLTtgnjAPBgNVHRMBAf8EBTAD\n\
        AQH/MAoGCCqGSM49BAMCA0gAMEUCIEg4G9u9GLnNqEcDlrPzpSG/p2KskiQNnmUa\n\
        9zWFR/ioAiEAspo6w1I+fzMkcVFMC3DylDG3jrzEvj9TPejAX22b3uA=\n\
        -----END CERTIFICATE-----\n";

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
    fn other_tools_are_sent_to_the_same_place_in_the_same_way() {
        let url = |text: &str| match text.parse::<DatabaseAddress>().unwrap().place {
            Place::Postgres(target) => target.url(),
            Place::Sqlite(_) => panic!("a file"),
        };
        for (text, wanted) in [
            (
                "postgres://magpie:s3cret@db/chat",
                "postgres://magpie@db:5432/chat",
            ),
            (
                "postgresql://m%40x@a:1,b:2/chat?sslmode=require&password=s3cret",
                "postgres://m%40x@a:1,b:2/chat?sslmode=require",
            ),
            (
                "postgres://magpie@db/chat?sslmode=disable",
                "postgres://magpie@db:5432/chat?sslmode=disable",
            ),
            ("postgres://[::1]/chat", "postgres://[::1]:5432/chat"),
        ] {
            assert_eq!(url(text), wanted);
            assert_eq!(url(wanted), wanted);
        }
        #[cfg(unix)]
        assert_eq!(
            url("postgres://postgres@%2Frun%2Fpostgresql:5433/chat"),
            "postgres://postgres@%2Frun%2Fpostgresql:5433/chat"
        );
        let folder = tempfile::tempdir().unwrap();
        let roots = folder.path().join("our%roots.pem");
        std::fs::write(&roots, ROOT).unwrap();
        let roots = roots.to_str().unwrap().replace('%', "%25");
        for mode in ["verify-full", "verify-ca"] {
            let text =
                format!("postgres://magpie:s3cret@db/chat?sslmode={mode}&sslrootcert={roots}");
            let wanted =
                format!("postgres://magpie@db:5432/chat?sslmode=verify-full&sslrootcert={roots}");
            assert_eq!(url(&text), wanted);
        }
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
