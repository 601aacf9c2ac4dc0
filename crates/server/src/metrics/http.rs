//! Requests over HTTP.

use std::{sync::Arc, time::Duration};

use axum::{http::Method, response::Response};
use magpie_protocol::ErrorCode;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{added, code::Word};

/// The bounds by which durations are counted, in seconds.
const BOUNDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0,
];

/// How requests were answered and how long that took.
#[derive(Debug)]
pub(crate) struct Http {
    answers: Family<Answer, Counter>,
    seconds: Family<Request, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: Arc<str>,
    status: u16,
    code: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: Arc<str>,
}

impl Http {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BOUNDS));
        registry.register(
            "http_request_duration_seconds",
            "Time from a request's head to its answer's",
            seconds.clone(),
        );
        Self {
            answers: added(
                registry,
                "http_requests",
                "Requests that were answered, by route, status and, where refused, code",
            ),
            seconds,
        }
    }

    /// Counts an answer. `route` is the pattern that fits the path, so there are few.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: &str,
        response: &Response,
        took: Duration,
    ) {
        let (method, route) = (known(method), Arc::<str>::from(route));
        let code = response.extensions().get::<ErrorCode>();
        let answer = Answer {
            method,
            route: Arc::clone(&route),
            status: response.status().as_u16(),
            code: code.map_or(Word::Text(""), |code| Word::Code(*code)),
        };
        self.answers.get_or_create(&answer).inc();
        let request = Request { method, route };
        self.seconds
            .get_or_create(&request)
            .observe(took.as_secs_f64());
    }
}

/// Methods are the caller's to invent; figures are not.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
