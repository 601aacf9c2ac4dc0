//! The address under which somebody reached this server.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, header,
        request::Parts,
        uri::{Authority, Scheme},
    },
};
use magpie_protocol::{ErrorCode, routes};

use crate::{App, AppError};

/// Scheme, host and port, as whoever asks wrote them. They are told nobody else, so it does no harm
/// that they may write what they like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: Scheme,
    authority: Authority,
}

impl Origin {
    /// Returns the address of a package.
    pub(super) fn url_of(&self, file: &str) -> String {
        let path = routes::UPDATE_PACKAGE.replace("{file}", file);
        format!("{}://{}{path}", self.scheme, self.authority)
    }

    fn of(headers: &HeaderMap, behind_proxy: bool) -> Option<Self> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        let authority: Authority = host.parse().ok()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let forwarded = headers
            .get("x-forwarded-proto")
            .map(|scheme| scheme.as_bytes());
        let scheme = match (behind_proxy, forwarded) {
            (false, _) | (true, Some(b"http")) => Scheme::HTTP,
            // A proxy is there to speak TLS.
            (true, _) => Scheme::HTTPS,
        };
        Some(Self { scheme, authority })
    }
}

impl FromRequestParts<App> for Origin {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        Self::of(&parts.headers, app.config().behind_proxy).ok_or_else(|| {
            AppError::new(
                ErrorCode::InvalidRequest,
                "the request does not say which host it asks",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(headers: &[(&'static str, &'static str)], behind_proxy: bool) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| {
            (
                header::HeaderName::from_static(name),
                header::HeaderValue::from_static(value),
            )
        });
        let origin = Origin::of(&headers.collect(), behind_proxy)?;
        Some(origin.url_of("a.deb"))
    }

    #[test]
    fn a_package_is_where_its_manifest_was_found() {
        let host = ("host", "chat.example:8008");
        let plain = Some("http://chat.example:8008/api/v1/updates/a.deb".to_owned());
        let secure = Some("https://chat.example:8008/api/v1/updates/a.deb".to_owned());
        assert_eq!(url(&[host], false), plain);
        // What a caller claims of a proxy that is not there.
        assert_eq!(url(&[host, ("x-forwarded-proto", "https")], false), plain);
        assert_eq!(url(&[host], true), secure);
        assert_eq!(url(&[host, ("x-forwarded-proto", "http")], true), plain);
        assert_eq!(url(&[], false), None);
        assert_eq!(url(&[("host", "a b")], false), None);
        assert_eq!(url(&[("host", "me@elsewhere")], false), None);
    }
}
