//! Where clients reach a node.

use std::{fmt, str::FromStr};

use magpie_protocol::routes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

/// The whole address of a node's socket, `ws://` or `wss://`, without anything secret in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketUrl(Url);

/// The text is not where a node can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not where clients reach a node, such as wss://node1.example.org: {0}")]
pub struct InvalidSocketUrl(&'static str);

impl SocketUrl {
    /// Returns the address as it is given to clients.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for SocketUrl {
    type Err = InvalidSocketUrl;

    /// Takes `ws`, `wss`, `http` and `https`. The path of the socket is added where there is none.
    fn from_str(text: &str) -> Result<Self, InvalidSocketUrl> {
        let mut url: Url = text.parse().map_err(|_| InvalidSocketUrl("not a URL"))?;
        let scheme = match url.scheme() {
            "ws" | "http" => "ws",
            "wss" | "https" => "wss",
            _ => return Err(InvalidSocketUrl("it begins with ws:// or wss://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidSocketUrl("everybody will see it: no password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidSocketUrl("nothing may follow the path"));
        }
        if url.path() == "/" {
            url.set_path(routes::SOCKET);
        } else if !url.path().ends_with(routes::SOCKET) {
            let path = format!("{}{}", url.path().trim_end_matches('/'), routes::SOCKET);
            url.set_path(&path);
        }
        // Changing between these schemes is always allowed.
        url.set_scheme(scheme)
            .map_err(|()| InvalidSocketUrl("it begins with ws:// or wss://"))?;
        Ok(Self(url))
    }
}

impl fmt::Display for SocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for SocketUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SocketUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_becomes_the_whole_address_of_the_socket() {
        for (given, whole) in [
            (
                "wss://node1.example.org",
                "wss://node1.example.org/api/v1/socket",
            ),
            (
                "https://example.org/chat/",
                "wss://example.org/chat/api/v1/socket",
            ),
            ("http://[::1]:8008", "ws://[::1]:8008/api/v1/socket"),
            ("ws://a/api/v1/socket", "ws://a/api/v1/socket"),
        ] {
            let url: SocketUrl = given.parse().unwrap();
            assert_eq!(url.as_str(), whole);
            assert_eq!(whole.parse(), Ok(url));
        }
    }

    #[test]
    fn what_no_client_could_use_is_refused() {
        for bad in [
            "",
            "node1",
            "ftp://a",
            "wss://me:secret@a",
            "wss://a?x",
            "wss://a#x",
        ] {
            assert!(bad.parse::<SocketUrl>().is_err(), "{bad}");
        }
    }
}
