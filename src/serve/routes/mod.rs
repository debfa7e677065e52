//! One file a resource: a handler reads its input, calls the library, shapes the answer.

mod elastic;
mod jsonline;
mod logs;
mod loki;
mod orgs;
mod otlp;

use utoipa_axum::router::OpenApiRouter;

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::state::AppState;

/// Returns all routes with their descriptions.
pub fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(orgs::routes())
        .merge(logs::routes())
        .merge(loki::routes())
        .merge(elastic::routes())
        .merge(otlp::routes())
        .merge(jsonline::routes())
}

/// Gives an answer in another protocol's shape the headers of the error it tells: when to come back, how to log in.
fn copy_headers(error: ApiError, response: &mut Response) {
    let from = error.into_response();
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = from.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
}
