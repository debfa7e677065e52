//! Elasticsearch's bulk, and what its clients ask before they send. Answers and errors have Elasticsearch's shape and
//! its header, without which clients refuse them.

use std::convert::Infallible;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post, put};
use serde_json::{Value, json};
use utoipa::openapi::HttpMethod;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::arguments::Given;
use super::{alias, hidden};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::WriteLogs;
use crate::serve::error::ApiError;
use crate::serve::intake::elastic::{self, BulkAnswer, Item};
use crate::serve::receive::Sent;
use crate::serve::state::AppState;

/// Where VictoriaLogs has this protocol.
const PREFIX: &str = "/insert/elasticsearch";

/// What the answer of an item takes, names of the usual length included.
const ITEM_BYTES: usize = 128;
/// Bytes of an answer that are handed to the connection at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Paths that are asked for before anything is sent.
const PROBES: [&str; 18] = [
    "/_license",
    "/_cluster/health",
    "/_xpack",
    "/_nodes",
    "/_nodes/{*rest}",
    "/_ilm/policy",
    "/_ilm/policy/{name}",
    "/_index_template",
    "/_index_template/{name}",
    "/_component_template/{name}",
    "/_template",
    "/_template/{name}",
    "/_ingest",
    "/_ingest/{*rest}",
    "/_data_stream/{name}",
    "/_alias/{name}",
    "/_logstash/{*rest}",
    "/_security/{*rest}",
];

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    let mut router = OpenApiRouter::new().routes(routes!(product)).routes(routes!(bulk)).routes(routes!(bulk_into));
    // As its official clients send them.
    router = hidden(router, &[HttpMethod::Put], "/_bulk", put(bulk));
    router = hidden(router, &[HttpMethod::Put], "/{index}/_bulk", put(bulk_into));
    for path in ["/_bulk", "/{index}/_bulk"] {
        describe_put(&mut router, path);
    }
    router = alias(router, &format!("{PREFIX}/_bulk"), "/_bulk", post(bulk).put(bulk));
    router = alias(router, &format!("{PREFIX}/{{index}}/_bulk"), "/{index}/_bulk", post(bulk_into).put(bulk_into));
    let below = ["", "/"].into_iter().chain(PROBES).map(|path| format!("{PREFIX}{path}"));
    for path in PROBES.into_iter().map(str::to_owned).chain(below) {
        // They take any method; a client asks by these.
        router = hidden(router, &[HttpMethod::Get, HttpMethod::Put], &path, any(probe));
    }
    router
}

/// Describes PUT like POST: a path's description lists every method that it takes.
fn describe_put(router: &mut OpenApiRouter<AppState>, path: &str) {
    let item = router.get_openapi_mut().paths.paths.get_mut(path);
    if let Some(item) = item
        && let Some(mut put) = item.post.clone()
    {
        put.operation_id = put.operation_id.map(|id| format!("{id}_put"));
        put.description = Some("The same as `POST`.".to_owned());
        item.put = Some(put);
    }
}

/// Returns true when Elasticsearch has this path: its clients look for its header in every answer.
pub fn is_its_path(path: &str) -> bool {
    path == "/" || path.starts_with("/_") || path.starts_with(PREFIX) || path.ends_with("/_bulk")
}

/// Answers a path that Elasticsearch may have and this has not.
pub fn nowhere() -> Response {
    answer(Err(ApiError::not_found()))
}

/// An error in Elasticsearch's shape.
#[derive(Debug, utoipa::ToSchema)]
#[allow(dead_code)]
pub struct ElasticError {
    /// What is wrong.
    #[schema(value_type = Object)]
    error: Value,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
}

/// Who this is, as Elasticsearch's clients ask.
#[utoipa::path(
    get, path = "/", tag = "other protocols", security(("bearer" = [])),
    responses(
        (status = 200, body = Object),
        (status = 401, body = ElasticError), (status = 403, body = ElasticError), (status = 429, body = ElasticError),
    )
)]
async fn product(allowed: Result<Allowed<WriteLogs>, ApiError>) -> Response {
    answer(allowed.map(|_| elastic::probe("/").unwrap_or_default()))
}

/// Answers a probe; what clients set up is taken note of by nobody.
async fn probe(
    allowed: Result<Allowed<WriteLogs>, ApiError>,
    method: Method,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let path = uri.path();
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    answer(allowed.and_then(|_| match method {
        Method::GET | Method::HEAD => elastic::probe(path).ok_or_else(ApiError::not_found),
        _ => Ok(json!({ "acknowledged": true })),
    }))
}

/// Send documents as to Elasticsearch's bulk API; each line of an action names its index.
#[utoipa::path(
    post, path = "/_bulk", tag = "other protocols", security(("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Stored once however often it is sent, for 24 hours"),
    ),
    request_body(content((String = "application/x-ndjson", example = "{\"create\":{\"_index\":\"web\"}}\n{\"@timestamp\":\"2026-11-22T10:00:00Z\",\"message\":\"disk full\"}\n"))),
    responses(
        (status = 200, body = BulkAnswer<'_>),
        (status = 400, body = ElasticError), (status = 401, body = ElasticError), (status = 403, body = ElasticError),
        (status = 408, body = ElasticError), (status = 409, body = ElasticError), (status = 413, body = ElasticError),
        (status = 415, body = ElasticError), (status = 429, body = ElasticError), (status = 503, body = ElasticError),
        (status = 507, body = ElasticError),
    )
)]
async fn bulk(
    allowed: Result<Allowed<WriteLogs>, ApiError>,
    State(state): State<AppState>,
    given: Given,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(allowed, state, None, given, &headers, body).await
}

/// Send documents as to Elasticsearch's bulk API, to the index of the path.
#[utoipa::path(
    post, path = "/{index}/_bulk", tag = "other protocols", security(("bearer" = [])),
    params(
        ("index" = String, Path, description = "The index of lines that name none"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Stored once however often it is sent, for 24 hours"),
    ),
    request_body(content((String = "application/x-ndjson", example = "{\"create\":{}}\n{\"message\":\"disk full\"}\n"))),
    responses(
        (status = 200, body = BulkAnswer<'_>),
        (status = 400, body = ElasticError), (status = 401, body = ElasticError), (status = 403, body = ElasticError),
        (status = 408, body = ElasticError), (status = 409, body = ElasticError), (status = 413, body = ElasticError),
        (status = 415, body = ElasticError), (status = 429, body = ElasticError), (status = 503, body = ElasticError),
        (status = 507, body = ElasticError),
    )
)]
async fn bulk_into(
    allowed: Result<Allowed<WriteLogs>, ApiError>,
    State(state): State<AppState>,
    Path(index): Path<String>,
    given: Given,
    headers: HeaderMap,
    body: Body,
) -> Response {
    take(allowed, state, Some(index), given, &headers, body).await
}

async fn take(
    allowed: Result<Allowed<WriteLogs>, ApiError>,
    state: AppState,
    index: Option<String>,
    given: Given,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let began = Instant::now();
    let stored = async {
        let allowed = allowed?;
        let arguments = given.read()?;
        let sent = Sent::read(&state, allowed.scope, headers, body).await?.shaped(arguments);
        let mut received = sent.decode(move |body, arrival| elastic::bulk(body, index.as_deref(), arrival)).await?;
        let decoded = std::mem::take(&mut received.value.decoded);
        // A request that is sent again has the same items: what was answered of them need not be kept.
        let (bulk, _) = received.store("elastic", decoded, b"").await?;
        done(&state, bulk.items, began).await
    };
    stored.await.unwrap_or_else(|error| answer(Err(error)))
}

/// Answers a bulk request that was stored. An answer of many items counts as memory until the client has it.
async fn done(state: &AppState, items: Vec<Item>, began: Instant) -> Result<Response, ApiError> {
    let room = state.orgs.room(items.len() * ITEM_BYTES).await?;
    let said = Bytes::from(elastic::answer(&items, began.elapsed()));
    drop(items);
    let body = if said.len() <= PIECE_BYTES {
        Body::from(said)
    } else {
        Body::from_stream(futures_util::stream::unfold((said, room), |(mut left, room)| async move {
            let piece = left.split_to(left.len().min(PIECE_BYTES));
            (!piece.is_empty()).then_some((Ok::<_, Infallible>(piece), (left, room)))
        }))
    };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::OK, headers, body).into_response())
}

/// Answers in Elasticsearch's shape; the outermost layer adds its header.
fn answer(result: Result<Value, ApiError>) -> Response {
    let (status, value, error) = match result {
        Ok(value) => (StatusCode::OK, value, None),
        Err(error) => {
            let status = error.status.as_u16();
            (error.status, elastic::error(status, elastic::error_kind(status), &error.message), Some(error))
        }
    };
    let mut response = (status, axum::Json(value)).into_response();
    if let Some(error) = error {
        super::copy_headers(error, &mut response);
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
