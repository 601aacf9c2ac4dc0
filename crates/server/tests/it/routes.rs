//! What every route owes, whatever it does. The routes are read from the document that the server
//! makes of itself, so that a new one cannot be forgotten here.

use magpie_protocol::{ErrorCode, limits};
use magpie_server::testing::TestServer;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::Value;

use crate::api::{Api, Reply};

struct Route {
    method: Method,
    /// With `{…}` where an id goes.
    path: String,
    takes_body: bool,
    is_open: bool,
}

impl Route {
    fn with_ids(&self, user: &str, message: &str) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{message_id}" => message,
            _ if part.starts_with('{') => user,
            _ => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

const MESSAGE: &str = "018bcfe5-6800-7101-8101-010101010101";

async fn routes(api: &Api) -> Vec<Route> {
    let document: Value = api.get("/docs/openapi.json").await.ok();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                takes_body: operation.get("requestBody").is_some(),
                is_open: operation
                    .get("security")
                    .is_some_and(|security| *security == serde_json::json!([{}])),
            });
        }
    }
    assert!(routes.len() > 30, "the document lists the routes");
    routes
}

#[tokio::test]
async fn every_route_that_is_not_open_asks_who_is_there() {
    let server = TestServer::start().await.unwrap();
    let nobody = Api::new(&server);
    let stranger = nobody.with_token("not.a.token");
    let mut open = Vec::new();
    for route in routes(&nobody).await {
        if route.is_open {
            open.push(route.path);
            continue;
        }
        let path = route.with_ids("1", MESSAGE);
        for api in [&nobody, &stranger] {
            let reply = Reply::of(api.request(route.method.clone(), &path)).await;
            assert_eq!(
                reply.refused(),
                ErrorCode::Unauthenticated,
                "{} {path}",
                route.method
            );
        }
    }
    open.sort();
    assert_eq!(
        open,
        [
            "/api/v1/accounts",
            "/api/v1/server",
            "/api/v1/sessions",
            "/api/v1/sessions/refresh",
            "/api/v1/updates",
            "/api/v1/updates/{file}",
            "/health",
            "/health/live",
            "/health/ready"
        ]
    );
}

#[tokio::test]
async fn every_body_is_held_to_its_shape_and_size() {
    let server = TestServer::start().await.unwrap();
    let (alice, _) = Api::sign_up(&server, "alice").await;
    let huge = format!("{{\"text\":\"{}\"}}", "x".repeat(limits::BODY_BYTES));
    for route in routes(&alice)
        .await
        .into_iter()
        .filter(|route| route.takes_body)
    {
        let path = route.with_ids("1", MESSAGE);
        let send = async |body: Vec<u8>| {
            let request = alice
                .request(route.method.clone(), &path)
                .header(CONTENT_TYPE, "application/json")
                .body(body);
            Reply::of(request).await.refused()
        };
        for (body, wanted) in [
            (b"{".to_vec(), ErrorCode::InvalidRequest),
            (b"[]".to_vec(), ErrorCode::InvalidRequest),
            (b"{\"surprise\":1}".to_vec(), ErrorCode::InvalidRequest),
            (b"{\"id\":\"\xff\"}".to_vec(), ErrorCode::InvalidRequest),
            (huge.clone().into_bytes(), ErrorCode::TooLarge),
        ] {
            let start: String = String::from_utf8_lossy(&body).chars().take(20).collect();
            assert_eq!(send(body).await, wanted, "{} {path} {start}", route.method);
        }
    }
}

#[tokio::test]
async fn every_id_in_a_path_is_checked() {
    let server = TestServer::start().await.unwrap();
    let (alice, _) = Api::sign_up(&server, "alice").await;
    for route in routes(&alice).await {
        // A file's name is no id: it is there, or it is not.
        let has_id = route.path.contains('{') && !route.path.ends_with("{file}");
        if !has_id || route.takes_body {
            continue;
        }
        for bad in ["0", "-1", "x", "9007199254740992", "%00", "%ff"] {
            let path = route.with_ids(bad, bad);
            let reply = Reply::of(alice.request(route.method.clone(), &path)).await;
            assert_eq!(
                reply.refused(),
                ErrorCode::InvalidRequest,
                "{} {path}",
                route.method
            );
        }
    }
}
