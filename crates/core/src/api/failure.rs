//! What the failure of a connection means.

use std::{error::Error, io};

use magpie_protocol::{ErrorBody, ErrorCode};
use reqwest::StatusCode;

use crate::{CoreError, LocalCode};

/// Returns what a failed connection means, by the errors beneath it: a certificate that is not
/// valid, an answer that came too late, something that speaks another language, or nobody there.
pub(crate) fn transport_code(error: &(dyn Error + 'static)) -> LocalCode {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(code) = code_of(error) {
            return code;
        }
        next = error.source();
    }
    LocalCode::Unreachable
}

fn code_of(error: &(dyn Error + 'static)) -> Option<LocalCode> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(match error {
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
                LocalCode::CertificateInvalid
            }
            _ => LocalCode::NotMagpie,
        });
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>()
        && is_other_language(error)
    {
        return Some(LocalCode::NotMagpie);
    }
    if let Some(error) = error.downcast_ref::<reqwest::Error>()
        && error.is_timeout()
    {
        return Some(LocalCode::TimedOut);
    }
    let error = error.downcast_ref::<io::Error>()?;
    // `source` of an `io::Error` passes over the error that it was made from.
    if let Some(inner) = error.get_ref() {
        let inner: &(dyn Error + 'static) = inner;
        match transport_code(inner) {
            LocalCode::Unreachable => {}
            code => return Some(code),
        }
    }
    (error.kind() == io::ErrorKind::TimedOut).then_some(LocalCode::TimedOut)
}

/// Tells whether what came was not HTTP, or came before anything was asked. A connection that broke
/// has a reason beneath it, or was closed.
fn is_other_language(error: &hyper::Error) -> bool {
    let broke = error.source().is_some()
        || error.is_canceled()
        || error.is_closed()
        || error.is_incomplete_message()
        || error.is_timeout();
    error.is_parse() || !broke
}

/// Turns a failed request into a failure of ours. Where a proxy that the user chose is in between,
/// it is the one that nobody came through.
pub(super) fn transport(error: reqwest::Error, proxied: bool) -> CoreError {
    // The address may hold what somebody searched for.
    let error = error.without_url();
    let code = match transport_code(&error) {
        LocalCode::Unreachable | LocalCode::TimedOut if proxied && error.is_connect() => {
            LocalCode::ProxyFailed
        }
        code => code,
    };
    CoreError::local(code, chain(&error))
}

/// Turns an answer that is a failure into a failure of ours: the server's own words where they are,
/// and otherwise what the status says, for something between may have answered.
pub(super) fn refusal(status: StatusCode, body: &[u8]) -> CoreError {
    if let Ok(body) = serde_json::from_slice::<ErrorBody>(body) {
        return CoreError::Server(body);
    }
    let code = match status.as_u16() {
        429 => ErrorCode::RateLimited,
        500 => ErrorCode::Internal,
        501.. => ErrorCode::Unavailable,
        _ => return not_magpie(format!("it answered with {status} and no words of ours")),
    };
    CoreError::Server(ErrorBody::new(code, format!("it answered with {status}")))
}

/// Returns the failure of an answer that no Magpie server gives.
pub(super) fn not_magpie(message: impl Into<String>) -> CoreError {
    CoreError::local(LocalCode::NotMagpie, message)
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureCode;

    #[test]
    fn a_bad_certificate_is_found_however_deep_it_lies() {
        let bad = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, bad));
        assert_eq!(transport_code(&error), LocalCode::CertificateInvalid);
        let error = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(transport_code(&error), LocalCode::Unreachable);
        let error = io::Error::other(io::Error::from(io::ErrorKind::TimedOut));
        assert_eq!(transport_code(&error), LocalCode::TimedOut);
    }

    #[test]
    fn a_refusal_keeps_the_words_of_the_server_and_otherwise_goes_by_its_status() {
        let code = |status, body: &str| {
            refusal(StatusCode::from_u16(status).unwrap(), body.as_bytes()).code()
        };
        assert_eq!(
            code(403, r#"{"code":"not_friends","message":""}"#),
            FailureCode::Server(ErrorCode::NotFriends)
        );
        assert_eq!(
            code(502, "<html>"),
            FailureCode::Server(ErrorCode::Unavailable)
        );
        assert_eq!(code(500, ""), FailureCode::Server(ErrorCode::Internal));
        for status in [302, 404, 401] {
            assert_eq!(
                code(status, "<html>"),
                FailureCode::Local(LocalCode::NotMagpie)
            );
        }
    }

    /// A server whose certificate nobody vouches for; it was made for this test.
    fn unknown_issuer() -> String {
        use rustls::{ServerConfig, ServerConnection, pki_types::PrivatePkcs8KeyDer};
        let certificate = include_bytes!("testing/unknown_issuer.cert.der").to_vec();
        let key = include_bytes!("testing/unknown_issuer.key.der").to_vec();
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.into()],
                PrivatePkcs8KeyDer::from(key).into(),
            )
            .unwrap();
        let config = std::sync::Arc::new(config);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut connection = ServerConnection::new(config).unwrap();
            // It fails: the other side does not go on.
            let _ = connection.complete_io(&mut stream);
        });
        format!("https://{address}")
    }

    #[tokio::test]
    async fn a_server_that_nobody_vouches_for_is_not_trusted() {
        let http = crate::api::Http::new(&unknown_issuer(), crate::api::Way::default()).unwrap();
        let code = http
            .server()
            .await
            .map(|_| ())
            .map_err(|error| error.code());
        let expected = FailureCode::Local(LocalCode::CertificateInvalid);
        assert_eq!(code, Err(expected));
    }

    #[tokio::test]
    async fn the_socket_does_not_trust_it_either() {
        use tokio_tungstenite::{Connector, connect_async_tls_with_config};
        let url = unknown_issuer().replace("https", "wss");
        let tls = Connector::Rustls(super::super::tls::config().unwrap());
        let error = connect_async_tls_with_config(&url, None, true, Some(tls))
            .await
            .unwrap_err();
        assert_eq!(transport_code(&error), LocalCode::CertificateInvalid);
    }
}
