//! Giving out a package.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use magpie_protocol::{ErrorBody, ErrorCode, routes};
use tower_http::services::ServeFile;

use super::folder;
use crate::{App, AppError, error::Path, sessions::Caller};

/// Gives out a package that the manifest names, or a part of it.
#[utoipa::path(
    get, path = routes::UPDATE_PACKAGE, tag = "updates", security(()),
    params(("file" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The package", content_type = "application/octet-stream"),
        (status = 206, description = "The part of it that was asked for", content_type = "application/octet-stream"),
        (status = "default", description = "Refused", body = ErrorBody),
    ),
)]
pub(super) async fn package(
    State(app): State<App>,
    caller: Caller,
    Path(file): Path<String>,
    request: Request,
) -> Result<Response, AppError> {
    let folder = folder(&app)?;
    app.limits().update(caller)?;
    let missing = || AppError::new(ErrorCode::NoSuchRoute, "there is no such package");
    let path = folder.package(&file).await?.ok_or_else(missing)?;
    let served = ServeFile::new(path).try_call(request).await;
    let mut response = served.map_err(AppError::failed)?.map(Body::new);
    if response.status() == StatusCode::NOT_FOUND {
        return Err(missing());
    }
    // Nobody is to look into it, whatever it is called.
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
