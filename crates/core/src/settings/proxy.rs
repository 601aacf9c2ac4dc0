//! The way to the network.

use serde::{Deserialize, Serialize};
use url::Url;

/// The longest address.
const ADDRESS_CHARS: usize = 512;

/// The way to the network. A server on this computer is always gone to straight.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(specta::Type))]
#[derive(Default)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proxy {
    /// As the system says, by its settings or the usual environment variables.
    #[default]
    System,
    /// Straight.
    None,
    /// Through a SOCKS5 proxy, which also looks up names.
    Socks5 {
        /// Host and port, with name and password where it wants them.
        address: String,
    },
    /// Through an HTTP proxy.
    Http {
        /// Host and port, with name and password where it wants them.
        address: String,
    },
}

impl Proxy {
    /// An address that could not be one stays as it is: whoever has chosen a proxy does not want to
    /// go another way.
    pub(super) fn tidied(self) -> Self {
        match self {
            Self::System | Self::None => self,
            Self::Socks5 { address } => Self::Socks5 {
                address: tidy(&address).unwrap_or(address),
            },
            Self::Http { address } => Self::Http {
                address: tidy(&address).unwrap_or(address),
            },
        }
    }

    /// Tells whether the address, where there is one, could be one.
    pub(crate) fn is_usable(&self) -> bool {
        match self {
            Self::System | Self::None => true,
            Self::Socks5 { address } | Self::Http { address } => tidy(address).is_some(),
        }
    }

    /// Returns the address with its scheme, where there is one.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            // With the `h`, the proxy looks up names: a name may mean nothing out here.
            Self::Socks5 { address } => Some(format!("socks5h://{address}")),
            Self::Http { address } => Some(format!("http://{address}")),
            Self::System | Self::None => None,
        }
    }

    /// Returns which way it is, and nothing of the address.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::None => "none",
            Self::Socks5 { .. } => "socks5",
            Self::Http { .. } => "http",
        }
    }
}

/// Returns an address as it is kept: without a scheme, and with a port.
fn tidy(address: &str) -> Option<String> {
    let text = address.trim();
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.trim_end_matches('/');
    let url = Url::parse(&format!("socks5h://{bare}")).ok()?;
    let fits = bare.len() <= ADDRESS_CHARS
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.port().is_some_and(|port| port > 0)
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && !bare.chars().any(|c| c.is_whitespace() || c.is_control());
    fits.then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socks(address: &str) -> Proxy {
        Proxy::Socks5 {
            address: address.to_owned(),
        }
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (typed, kept) in [
            (" 127.0.0.1:1080 ", "127.0.0.1:1080"),
            ("socks5://proxy.example:1080/", "proxy.example:1080"),
            ("[::1]:9050", "[::1]:9050"),
            (
                "ming:secret@proxy.example:1080",
                "ming:secret@proxy.example:1080",
            ),
        ] {
            let proxy = socks(typed).tidied();
            assert!(proxy.is_usable());
            assert_eq!(proxy, socks(kept));
            assert_eq!(proxy.url(), Some(format!("socks5h://{kept}")));
        }
        for bad in [
            "",
            ":1080",
            "proxy.example",
            "proxy.example:0",
            "proxy.example:70000",
            "a/b:80",
            "a b:80",
            "::1:80",
            "proxy.example:80?x",
        ] {
            let proxy = socks(bad).tidied();
            assert_eq!(proxy, socks(bad));
            assert!(!proxy.is_usable(), "{bad}");
        }
        assert_eq!(Proxy::None.tidied().url(), None);
    }
}
