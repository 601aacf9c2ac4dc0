//! The address of a server, as people type it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::{CoreError, LocalCode};

/// Returns the addresses that a text may mean, in canonical form and in the order in which to try
/// them. With a scheme there is one; without, it is https, and for this computer and the local
/// network http before that.
///
/// # Errors
/// [`LocalCode::InvalidAddress`] when it is no address, or one with a user, a path or another
/// scheme.
pub(super) fn candidates(text: &str) -> Result<Vec<String>, CoreError> {
    // Chinese input methods give full-width punctuation.
    let text: String = text
        .trim()
        .chars()
        .map(|c| match c {
            '：' => ':',
            '／' => '/',
            '．' | '。' => '.',
            other => other,
        })
        .collect();
    if text.contains("://") {
        return Ok(vec![canonical(&text)?]);
    }
    let text = match text.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => text,
    };
    let secure = canonical(&format!("https://{text}"))?;
    let plain = canonical(&format!("http://{text}"))?;
    let is_near = Url::parse(&plain).is_ok_and(|url| is_near(&url));
    Ok(match is_near {
        true => vec![plain, secure],
        false => vec![secure],
    })
}

/// Returns an address with a scheme in the one form that is compared and stored, such as
/// `https://chat.example` or `http://192.168.1.5:8008`.
///
/// # Errors
/// [`LocalCode::InvalidAddress`].
pub(super) fn canonical(text: &str) -> Result<String, CoreError> {
    let invalid = |why: &str| CoreError::local(LocalCode::InvalidAddress, why);
    let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("a server is asked by http or https"));
    }
    // `@` alone would be an empty user, which `Url` does not show.
    if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
        return Err(invalid("an address names no user"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("an address has no path"));
    }
    if url.host().is_none() || url.port() == Some(0) {
        return Err(invalid("an address names a host"));
    }
    Ok(url.origin().ascii_serialization())
}

/// Returns what names a server in a key: its host and port.
///
/// # Errors
/// [`LocalCode::InvalidAddress`].
pub(super) fn host_and_port(canonical: &str) -> Result<String, CoreError> {
    let url = Url::parse(canonical)
        .map_err(|error| CoreError::local(LocalCode::InvalidAddress, error.to_string()))?;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let host: String = host
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '.' | '-' => c,
            _ => '_',
        })
        .collect();
    Ok(format!("{host}-{port}"))
}

/// Tells whether an address means this computer or one of the local network.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            !name.contains('.')
                || [".localhost", ".local", ".lan", ".internal", ".home.arpa"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => is_near_v4(address),
        Some(Host::Ipv6(address)) => match IpAddr::V6(address).to_canonical() {
            IpAddr::V4(address) => is_near_v4(address),
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        },
        None => false,
    }
}

fn is_near_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    // The last are addresses behind a carrier's translation, which private networks use as well.
    let shared = first == 100 && (64..128).contains(&second);
    address.is_loopback() || address.is_private() || address.is_link_local() || shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scheme_is_guessed_by_where_the_server_is() {
        for (text, expected) in [
            ("chat.example", &["https://chat.example"][..]),
            ("  Chat.Example:443/ ", &["https://chat.example"]),
            ("chat.example:8443", &["https://chat.example:8443"]),
            ("http://chat.example:80/", &["http://chat.example"]),
            ("HTTPS://chat.example", &["https://chat.example"]),
            ("8.8.8.8:8008", &["https://8.8.8.8:8008"]),
            ("喜鹊.example", &["https://xn--s1r640o.example"]),
            (
                "localhost:8008",
                &["http://localhost:8008", "https://localhost:8008"],
            ),
            ("127.1.2.3", &["http://127.1.2.3", "https://127.1.2.3"]),
            (
                "192.168.1.5：8008",
                &["http://192.168.1.5:8008", "https://192.168.1.5:8008"],
            ),
            ("nas.local", &["http://nas.local", "https://nas.local"]),
            ("nas", &["http://nas", "https://nas"]),
            ("::1", &["http://[::1]", "https://[::1]"]),
            (
                "[fd00::5]:8008",
                &["http://[fd00::5]:8008", "https://[fd00::5]:8008"],
            ),
            ("https://10.0.0.1", &["https://10.0.0.1"]),
        ] {
            assert_eq!(candidates(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for text in [
            "",
            "   ",
            "http://",
            "ftp://chat.example",
            "file:///etc/passwd",
            "user@chat.example",
            "https://u:p@chat.example",
            "https://@chat.example",
            "chat.example/path",
            "chat.example?x=1",
            "chat.example#x",
            "mailto:a@b.c",
            "chat example",
            "chat.example:99999",
            "chat.example:0",
            "javascript:alert(1)",
            "http://[::1",
        ] {
            let code = candidates(text).map_err(|error| error.code());
            let expected = crate::FailureCode::Local(LocalCode::InvalidAddress);
            assert_eq!(code, Err(expected), "{text}");
        }
    }

    #[test]
    fn a_server_has_a_name_that_can_stand_in_a_path() {
        for (url, name) in [
            ("https://chat.example", "chat.example-443"),
            ("http://127.0.0.1:8008", "127.0.0.1-8008"),
            ("http://[::1]:8008", "___1_-8008"),
        ] {
            assert_eq!(host_and_port(url).unwrap(), name);
        }
    }
}
