//! The description of the HTTP interface, made from the code, and a page to browse it.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_swagger_ui::SwaggerUi;

/// The page is ours and asks only us; its styles are set by its script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Magpie",
        description = "The HTTP interface of a Magpie server. Every failure has the shape of \
                       `ErrorBody`. The socket is described in `docs/protocol.md`."
    ),
    modifiers(&AccessToken),
    security(("access_token" = [])),
    tags(
        (name = "server", description = "The server itself"),
        (name = "accounts", description = "People"),
        (name = "sessions", description = "Signing in and out, and devices"),
        (name = "friends", description = "Friends, requests to become one, and blocks"),
        (name = "conversations", description = "Conversations and marks"),
        (name = "messages", description = "Messages"),
        (name = "sync", description = "What changed"),
        (name = "updates", description = "Newer versions of the app"),
    )
)]
struct Preamble;

struct AccessToken;

impl Modify for AccessToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("access_token", SecurityScheme::Http(scheme));
    }
}

/// Returns the document that the features' routes are added to.
pub(crate) fn preamble() -> utoipa::openapi::OpenApi {
    Preamble::openapi()
}

/// Gives each operation a name of its own, such as `patch_account`, for those who make clients from
/// the document.
pub(crate) fn name_operations(document: &mut utoipa::openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let path = path.strip_prefix("/api/v1").unwrap_or(path);
        let place = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| part.trim_matches(['{', '}']).replace('-', "_"))
            .collect::<Vec<_>>()
            .join("_");
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{place}"));
            }
        }
    }
}

/// Serves the document at `/docs/openapi.json` and the page at `/docs`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    document: utoipa::openapi::OpenApi,
) -> Router<S> {
    let page: Router<S> = SwaggerUi::new("/docs")
        .url("/docs/openapi.json", document)
        .into();
    page.layer(middleware::from_fn(secure))
}

async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}
