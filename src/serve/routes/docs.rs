//! `/api/openapi.json` and `/docs`: what the API is, for programs and for people. Nothing here is secret, and the page
//! asks nobody but this server.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::state::AppState;

/// The page loads its own files and asks this server. Swagger UI sets styles of its elements itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>logan: HTTP API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r##"SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
"##;

/// The files of Swagger UI that the page needs.
const FILES: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

/// Where the pages are.
pub const PATHS: [&str; 3] = ["/docs", "/docs/", "/docs/{file}"];

/// Returns the route of the document.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_openapi))
}

/// Returns the page and its files; no part of the API.
pub fn pages() -> Router<AppState> {
    let page = || async { page() };
    let [docs, folder, name] = PATHS;
    Router::new().route(docs, get(page)).route(folder, get(page)).route(name, get(file))
}

/// See the description of this API.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "docs", security(()),
    responses(
        (status = 200, description = "An OpenAPI 3.1 document", body = serde_json::Value),
        (status = 429, body = ErrorBody),
    )
)]
async fn get_openapi() -> Result<Response, ApiError> {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = match DOCUMENT.get() {
        Some(document) => document.clone(),
        None => {
            let written = crate::serve::openapi().to_json().map_err(|error| ApiError::internal(&error))?;
            DOCUMENT.get_or_init(|| Bytes::from(written)).clone()
        }
    };
    Ok((headers("application/json"), document).into_response())
}

fn headers(content_type: &'static str) -> [(HeaderName, &'static str); 2] {
    // Another version of the server may stand at this address tomorrow.
    [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")]
}

fn page() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    (headers("text/html; charset=utf-8"), policy, PAGE).into_response()
}

async fn file(Path(name): Path<String>) -> Result<Response, ApiError> {
    if name == "start.js" {
        return Ok((headers("text/javascript"), START).into_response());
    }
    let known = FILES.into_iter().find(|known| *known == name).ok_or_else(ApiError::not_found)?;
    let config = Arc::new(utoipa_swagger_ui::Config::from("/api/openapi.json"));
    let found = utoipa_swagger_ui::serve(known, config).map_err(|error| ApiError::internal(&error))?;
    let file = found.ok_or_else(ApiError::not_found)?;
    let kind = match known.rsplit('.').next() {
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        _ => "image/png",
    };
    Ok((headers(kind), file.bytes.into_owned()).into_response())
}
