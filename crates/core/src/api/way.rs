//! The way to a server: straight, or through a proxy. One for HTTP and the socket, and the same
//! reading of the system's settings for both.

use std::{fmt, future::poll_fn, io};

use hyper::Uri;
use hyper_util::client::{
    legacy::connect::{
        HttpConnector,
        proxy::{SocksV5, Tunnel},
    },
    proxy::matcher::{Intercept, Matcher},
};
use reqwest::ClientBuilder;
use tokio::{net::TcpStream, sync::watch};
use tower_service::Service;
use url::{Host, Url};

use crate::{
    CoreError, LocalCode,
    settings::{Proxy, Settings},
};

/// The way to servers, as the settings have it at the time. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Way(watch::Receiver<Settings>);

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Way(…)")
    }
}

impl Default for Way {
    /// The system's.
    fn default() -> Self {
        Self(watch::channel(Settings::default()).1)
    }
}

impl Way {
    /// Follows these settings.
    pub(crate) const fn new(settings: watch::Receiver<Settings>) -> Self {
        Self(settings)
    }

    /// Returns what the user has chosen, wherever it leads.
    pub(super) fn chosen(&self) -> Proxy {
        self.0.borrow().proxy.clone()
    }

    /// Returns which proxy leads to a server.
    pub(super) fn to(&self, server: &Url) -> Proxy {
        // A proxy's loopback is another computer's.
        match is_loopback(server) {
            true => Proxy::None,
            false => self.chosen(),
        }
    }

    /// Connects to where an address of a socket leads.
    ///
    /// # Errors
    /// [`LocalCode::ProxyFailed`] when a proxy was in between, and otherwise what a failed
    /// connection means.
    pub(crate) async fn connect(&self, address: &Uri) -> Result<TcpStream, CoreError> {
        let invalid = || CoreError::local(LocalCode::InvalidAddress, "not the address of a socket");
        // The rules are written for web pages: `ws` is as `http`.
        let url =
            Url::parse(&address.to_string().replacen("ws", "http", 1)).map_err(|_| invalid())?;
        let (host, port) = (url.host_str(), url.port_or_known_default());
        let (Some(host), Some(port)) = (host, port) else {
            return Err(invalid());
        };
        let end = format!("{}://{host}:{port}", url.scheme());
        let end: Uri = end.parse().map_err(|_| invalid())?;
        let stream = match intercept(&self.to(&url), &end)? {
            None => TcpStream::connect(format!("{host}:{port}"))
                .await
                .map_err(|error| failed(super::transport_code(&error), &error))?,
            Some(proxy) => through(&proxy, end).await?,
        };
        stream
            .set_nodelay(true)
            .map_err(|error| failed(LocalCode::Unreachable, &error))?;
        Ok(stream)
    }
}

/// Lets a client go this way.
///
/// # Errors
/// [`LocalCode::ProxyFailed`] when the address of the proxy cannot be used.
pub(super) fn follow(
    client: ClientBuilder,
    proxy: &Proxy,
    server: &Url,
) -> Result<ClientBuilder, CoreError> {
    Ok(match (proxy_to(proxy, server)?, proxy) {
        (Some(proxy), _) => client.proxy(proxy),
        (None, Proxy::None) => client.no_proxy(),
        (None, _) => client,
    })
}

/// Returns the proxy for a client, where the user has named one.
///
/// # Errors
/// [`LocalCode::ProxyFailed`] when its address cannot be used.
pub(super) fn proxy_to(proxy: &Proxy, server: &Url) -> Result<Option<reqwest::Proxy>, CoreError> {
    let Some(url) = proxy.url() else {
        return Ok(None);
    };
    let end: Uri = server.as_str().parse().map_err(|_| unusable())?;
    // A client that cannot read the address would go straight.
    intercept(proxy, &end)?;
    reqwest::Proxy::all(url).map(Some).map_err(|_| unusable())
}

/// Returns the proxy for an address; none where it is gone to straight.
fn intercept(proxy: &Proxy, end: &Uri) -> Result<Option<Intercept>, CoreError> {
    if !proxy.is_usable() {
        return Err(unusable());
    }
    match (proxy, proxy.url()) {
        (Proxy::System, _) => Ok(Matcher::from_system().intercept(end)),
        (_, None) => Ok(None),
        (_, Some(url)) => match Matcher::builder().all(url).build().intercept(end) {
            Some(proxy) => Ok(Some(proxy)),
            None => Err(unusable()),
        },
    }
}

async fn through(proxy: &Intercept, end: Uri) -> Result<TcpStream, CoreError> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    match proxy.uri().scheme_str() {
        Some("http") => {
            let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            call(tunnel, end).await
        }
        Some(scheme @ ("socks5" | "socks5h")) => {
            let local_dns = scheme == "socks5";
            let mut socks = SocksV5::new(proxy.uri().clone(), connector).local_dns(local_dns);
            if let Some((name, password)) = proxy.raw_auth() {
                socks = socks.with_auth(name.to_owned(), password.to_owned());
            }
            call(socks, end).await
        }
        _ => Err(CoreError::local(
            LocalCode::ProxyFailed,
            "the system's proxy is of a kind that the socket cannot go through",
        )),
    }
}

async fn call<S>(mut service: S, end: Uri) -> Result<TcpStream, CoreError>
where
    S: Service<Uri, Response = hyper_util::rt::TokioIo<TcpStream>>,
    S::Error: fmt::Debug,
{
    // Their errors can only be printed, and hold no more than what the proxy answered.
    let failed = |error: S::Error| {
        CoreError::local(LocalCode::ProxyFailed, format!("no way through: {error:?}"))
    };
    poll_fn(|context| service.poll_ready(context))
        .await
        .map_err(failed)?;
    Ok(service.call(end).await.map_err(failed)?.into_inner())
}

fn failed(code: LocalCode, error: &io::Error) -> CoreError {
    CoreError::local(code, error.to_string())
}

fn unusable() -> CoreError {
    CoreError::local(LocalCode::ProxyFailed, "the proxy's address cannot be used")
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureCode;

    #[test]
    fn a_proxy_that_cannot_be_read_is_not_passed_by() {
        let server = Url::parse("https://chat.example").unwrap();
        let proxy = |address: &str| Proxy::Http {
            address: address.to_owned(),
        };
        let follows = |proxy: &Proxy| follow(ClientBuilder::new(), proxy, &server).map(|_| ());
        assert!(follows(&proxy("proxy.example:80")).is_ok());
        // Another library would take the second one, and a port of its own for it.
        for bad in ["a b:80", "proxy.example", ""] {
            let refused = follows(&proxy(bad)).map_err(|error| error.code());
            assert_eq!(
                refused,
                Err(FailureCode::Local(LocalCode::ProxyFailed)),
                "{bad}"
            );
        }
    }

    #[tokio::test]
    async fn a_server_on_this_computer_is_gone_to_straight() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = Settings {
            proxy: Proxy::Socks5 {
                address: "127.0.0.1:1".to_owned(),
            },
            ..Settings::default()
        };
        let way = Way::new(watch::channel(settings).1);
        let near: Uri = format!("ws://{address}/x").parse().unwrap();
        assert!(way.connect(&near).await.is_ok());
        let far: Uri = format!("ws://chat.invalid:{}/x", address.port())
            .parse()
            .unwrap();
        let code = way
            .connect(&far)
            .await
            .map(|_| ())
            .map_err(|error| error.code());
        assert_eq!(code, Err(FailureCode::Local(LocalCode::ProxyFailed)));
    }
}
