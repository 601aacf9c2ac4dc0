//! One request and its answer.

use std::{sync::Arc, time::Duration};

use magpie_protocol::sessions::Secret;
use parking_lot::Mutex;
use reqwest::{Client, Method, Response, redirect};
use rustls::ClientConfig;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::{
    failure, tls,
    way::{self, Way},
};
use crate::{CoreError, LocalCode, settings::Proxy};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a whole request may take.
const WHOLE: Duration = Duration::from_secs(30);
/// The largest answer taken from a server; the longest page stays far below it.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// What is asked. It can be asked again, with another token.
#[derive(Debug, Clone)]
pub(super) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

impl Call {
    /// Asks for something.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
        }
    }

    /// Adds to the query.
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Adds to the query what there is.
    pub(super) fn maybe(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a body.
    ///
    /// # Errors
    /// [`LocalCode::Internal`] when it cannot be JSON.
    pub(super) fn body(mut self, body: &impl Serialize) -> Result<Self, CoreError> {
        let json = serde_json::to_vec(body)
            .map_err(|_| CoreError::local(LocalCode::Internal, "a body is not JSON"))?;
        self.body = Some(json);
        Ok(self)
    }
}

/// The HTTP interface of one server. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    base: Url,
    tls: Arc<ClientConfig>,
    way: Way,
    built: Arc<Mutex<Built>>,
}

/// A client, and the proxy that it goes through.
#[derive(Debug, Clone)]
struct Built {
    client: Client,
    proxy: Proxy,
}

impl Built {
    fn new(base: &Url, tls: &Arc<ClientConfig>, proxy: Proxy) -> Result<Self, CoreError> {
        let mut with_http2 = ClientConfig::clone(tls);
        with_http2.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let builder = Client::builder()
            .tls_backend_preconfigured(with_http2)
            .user_agent(concat!("Magpie/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(redirect::Policy::custom(follow));
        let client = way::follow(builder, &proxy, base)?
            .build()
            .map_err(|error| CoreError::local(LocalCode::Internal, error.to_string()))?;
        Ok(Self { client, proxy })
    }
}

impl Http {
    /// Prepares to ask a server, given by its canonical address, on this way.
    ///
    /// # Errors
    /// [`LocalCode::InvalidAddress`], [`LocalCode::ProxyFailed`] or [`LocalCode::Internal`].
    pub(crate) fn new(server_url: &str, way: Way) -> Result<Self, CoreError> {
        let base = Url::parse(server_url)
            .map_err(|error| CoreError::local(LocalCode::InvalidAddress, error.to_string()))?;
        let tls = tls::config()?;
        let built = Built::new(&base, &tls, way.to(&base))?;
        Ok(Self {
            base,
            tls,
            way,
            built: Arc::new(Mutex::new(built)),
        })
    }

    /// Returns the client for the way as it is now.
    fn client(&self) -> Result<Built, CoreError> {
        let proxy = self.way.to(&self.base);
        let mut built = self.built.lock();
        if built.proxy != proxy {
            *built = Built::new(&self.base, &self.tls, proxy)?;
        }
        Ok(built.clone())
    }

    /// Returns the way that is gone, for the socket.
    pub(super) const fn way(&self) -> &Way {
        &self.way
    }

    /// Returns how connections are secured, for the socket.
    pub(super) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        call: &Call,
        token: Option<&Secret>,
    ) -> Result<T, CoreError> {
        let (_, body) = self.send(call, token).await?;
        serde_json::from_slice(&body)
            .map_err(|_| failure::not_magpie("it answered in a shape that is not ours"))
    }

    /// Asks, and returns the address that answered, and the answer of a success.
    pub(super) async fn send(
        &self,
        call: &Call,
        token: Option<&Secret>,
    ) -> Result<(Url, Vec<u8>), CoreError> {
        let mut url = self.base.clone();
        url.set_path(&call.path);
        let built = self.client()?;
        let mut request = built.client.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = &call.body {
            request = request
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let proxied = built.proxy.url().is_some();
        let response = request
            .send()
            .await
            .map_err(|error| failure::transport(error, proxied))?;
        let (url, status) = (response.url().clone(), response.status());
        let body = read(response, proxied).await?;
        if status.is_success() {
            Ok((url, body))
        } else {
            Err(failure::refusal(status, &body))
        }
    }
}

async fn read(mut response: Response, proxied: bool) -> Result<Vec<u8>, CoreError> {
    let mut body = Vec::new();
    let failed = |error| failure::transport(error, proxied);
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(failure::not_magpie("it answered without end"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Follows where the same host leads, as from http to https, and nobody else.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let same_host = attempt
        .previous()
        .first()
        .is_some_and(|from| from.host() == attempt.url().host());
    let downgraded = attempt
        .previous()
        .last()
        .is_some_and(|from| from.scheme() == "https" && attempt.url().scheme() != "https");
    if same_host && !downgraded && attempt.previous().len() <= 3 {
        attempt.follow()
    } else {
        attempt.stop()
    }
}
