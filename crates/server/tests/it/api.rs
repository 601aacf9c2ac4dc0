//! Asking a server over HTTP.

use std::sync::Once;

use magpie_protocol::{ErrorBody, ErrorCode, sessions::SignedIn};
use magpie_server::testing::TestServer;
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Somebody who asks a server, signed in or not.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    base: String,
    token: Option<String>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Returns a client. Plain HTTP needs no cryptography, but the client wants to know of some.
pub(crate) fn http() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
    Client::builder().no_proxy().build().unwrap()
}

impl Api {
    /// Somebody who is not signed in.
    pub(crate) fn new(server: &TestServer) -> Self {
        Self {
            http: http(),
            base: server.url(""),
            token: None,
        }
    }

    /// Somebody who is not signed in, at a server of which only the address is known.
    pub(crate) fn at(base: &str) -> Self {
        Self {
            http: http(),
            base: base.to_owned(),
            token: None,
        }
    }

    /// Somebody new, registered and signed in.
    pub(crate) async fn sign_up(server: &TestServer, name: &str) -> (Self, SignedIn) {
        let signed_in = server.sign_up(name).await.unwrap();
        (Self::new(server).signed_in(&signed_in), signed_in)
    }

    /// The same, with the token of a session.
    pub(crate) fn signed_in(&self, session: &SignedIn) -> Self {
        self.with_token(session.tokens.access_token.expose())
    }

    /// The same, with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// Prepares a request, for those that need something special.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Reply {
        Reply::of(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &impl Serialize) -> Reply {
        Reply::of(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &impl Serialize) -> Reply {
        Reply::of(self.request(Method::PATCH, path).json(body)).await
    }
}

impl Reply {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    /// Reads the answer of a request that must have succeeded.
    pub(crate) fn ok<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    /// Checks that there was nothing to answer but success.
    pub(crate) fn done(&self) {
        assert_eq!((self.status, self.text.as_str()), (204, ""));
    }

    /// Returns why the request was refused, having checked that it is said as it should be.
    pub(crate) fn refused(&self) -> ErrorCode {
        let body: ErrorBody = serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("not a refusal: {} {}", self.status, self.text));
        assert_eq!(self.status, body.code.http_status(), "{}", self.text);
        assert!(!body.message.is_empty());
        body.code
    }

    /// Returns the answer as it is.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}
