//! The way to the network for a library that makes its own requests.

use std::fmt;

use reqwest::{ClientBuilder, NoProxy};
use rustls::ClientConfig;
use url::Url;

use super::{
    tls,
    way::{self, Way},
};
use crate::{CoreError, Home, LocalCode, settings::Proxy};

/// What no proxy leads to, as it would be another computer's.
const NEAR: &str = "localhost,127.0.0.0/8,::1";

/// How another library's client reaches a server as this one's do: it trusts the same certificates,
/// and goes through the proxy that the user chose.
#[derive(Clone)]
pub struct GuestWay {
    tls: ClientConfig,
    proxy: Proxy,
    through: Option<reqwest::Proxy>,
}

impl fmt::Debug for GuestWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GuestWay").field(&self.proxy.name()).finish()
    }
}

impl GuestWay {
    /// Prepares the way to a server.
    ///
    /// # Errors
    /// [`LocalCode::ProxyFailed`] when the address of the proxy cannot be used, and
    /// [`LocalCode::Internal`].
    pub(crate) fn new(server: &Url, way: &Way) -> Result<Self, CoreError> {
        // A client may be led elsewhere by what the server says, so that a server on this computer
        // is no reason to pass by the proxy for everything. The system's settings know exceptions
        // of their own.
        let proxy = match way.chosen() {
            Proxy::System => way.to(server),
            chosen => chosen,
        };
        let through = way::proxy_to(&proxy, server)?;
        Ok(Self {
            tls: ClientConfig::clone(&*tls::config()?),
            through: through.map(|proxy| proxy.no_proxy(NoProxy::from_string(NEAR))),
            proxy,
        })
    }

    /// Lets a client go this way.
    pub fn lead(&self, client: ClientBuilder) -> ClientBuilder {
        let client = client.tls_backend_preconfigured(self.tls.clone());
        match (&self.through, &self.proxy) {
            (Some(proxy), _) => client.proxy(proxy.clone()),
            (None, Proxy::None) => client.no_proxy(),
            (None, _) => client,
        }
    }
}

impl Home {
    /// Returns the way to a server for a library that makes its own requests.
    ///
    /// # Errors
    /// [`LocalCode::InvalidAddress`], [`LocalCode::ProxyFailed`] and [`LocalCode::Internal`].
    pub fn guest_way(&self, url: &str) -> Result<GuestWay, CoreError> {
        let url = Url::parse(url)
            .map_err(|error| CoreError::local(LocalCode::InvalidAddress, error.to_string()))?;
        GuestWay::new(&url, &self.way())
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt as _, net::TcpListener, sync::watch};

    use super::*;
    use crate::settings::Settings;

    /// Returns the first words that a proxy hears of a client that asks for `url`; nothing where it
    /// is not asked.
    async fn heard(url: &str, proxy: impl FnOnce(String) -> Proxy) -> String {
        heard_of(url, url, proxy).await
    }

    /// As [`heard`], of a client that was made for the server `made_for`.
    async fn heard_of(made_for: &str, url: &str, proxy: impl FnOnce(String) -> Proxy) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let settings = Settings {
            proxy: proxy(address),
            ..Settings::default()
        };
        let way = Way::new(watch::channel(settings).1);
        let way = GuestWay::new(&Url::parse(made_for).unwrap(), &way).unwrap();
        let client = way.lead(ClientBuilder::new()).build().unwrap();
        let asked = client.get(url).send();
        let listened = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut start = [0; 256];
            let many = stream.read(&mut start).await.unwrap();
            String::from_utf8_lossy(start.get(..many).unwrap()).into_owned()
        };
        tokio::select! {
            heard = listened => heard,
            _ = asked => String::new(),
        }
    }

    #[tokio::test]
    async fn a_guest_goes_through_the_proxy_that_was_chosen() {
        let http = |address| Proxy::Http { address };
        let words = heard("http://updates.invalid/x", http).await;
        assert!(
            words.starts_with("GET http://updates.invalid/x "),
            "{words}"
        );
        let words = heard("https://updates.invalid/x", http).await;
        assert!(words.starts_with("CONNECT updates.invalid:443 "), "{words}");
        let socks = |address| Proxy::Socks5 { address };
        let words = heard("http://updates.invalid/x", socks).await;
        assert!(words.starts_with('\u{5}'), "{words:?}");
        // Nobody listens there, and the proxy is not asked.
        for near in ["127.0.0.1", "[::1]", "localhost", "chat.localhost"] {
            assert_eq!(heard(&format!("http://{near}:1/x"), http).await, "");
        }
    }

    #[tokio::test]
    async fn a_guest_of_a_server_on_this_computer_goes_elsewhere_through_the_proxy() {
        let http = |address| Proxy::Http { address };
        let elsewhere = "http://packages.invalid/x";
        let words = heard_of("http://127.0.0.1:1", elsewhere, http).await;
        assert!(
            words.starts_with("GET http://packages.invalid/x "),
            "{words}"
        );
    }

    #[test]
    fn a_proxy_that_cannot_be_read_is_not_passed_by() {
        let settings = Settings {
            proxy: Proxy::Http {
                address: "a b:80".to_owned(),
            },
            ..Settings::default()
        };
        let way = Way::new(watch::channel(settings).1);
        let server = Url::parse("https://updates.invalid").unwrap();
        assert!(GuestWay::new(&server, &way).is_err());
    }
}
