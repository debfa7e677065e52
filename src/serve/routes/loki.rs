//! Loki's push, and what its agents ask first.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::alias;
use super::arguments::Given;
use crate::serve::auth::Allowed;
use crate::serve::auth::access::WriteLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::intake::body::Encoding;
use crate::serve::intake::{Decoded, loki};
use crate::serve::receive::{Sent, Stored};
use crate::serve::state::AppState;

/// Returns the routes: Loki's own path, its older one and VictoriaLogs'.
pub fn routes() -> OpenApiRouter<AppState> {
    let router = OpenApiRouter::new().routes(routes!(push)).routes(routes!(ready));
    let router = alias(router, "/api/prom/push", "/loki/api/v1/push", post(push));
    alias(router, "/insert/loki/api/v1/push", "/loki/api/v1/push", post(push))
}

/// Whether logs are taken, as Loki's agents ask before they send.
#[utoipa::path(
    get, path = "/ready", tag = "other protocols", security(()),
    responses(
        (status = 200, body = String, content_type = "text/plain", example = "ready\n"),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn ready(State(state): State<AppState>) -> Result<&'static str, ApiError> {
    if state.stop.is_cancelled() {
        return Err(ApiError::unavailable("draining", "the server is stopping", Duration::from_secs(5)));
    }
    Ok("ready\n")
}

/// Send logs as to Loki: JSON, or protobuf packed with snappy.
///
/// 204 when every line is stored. As with Loki, 400 can mean that some lines were not taken while the others are
/// stored; the text says how many.
#[utoipa::path(
    post, path = "/loki/api/v1/push", tag = "other protocols", security(("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Stored once however often it is sent, for 24 hours"),
    ),
    request_body(content(
        (Object = "application/json", example = json!({"streams":[{"stream":{"app":"web"},"values":[["1795341600000000000","disk full"]]}]})),
        (Vec<u8> = "application/x-protobuf"),
    )),
    responses(
        (status = 204, description = "Everything is stored"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 408, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
        (status = 507, body = ErrorBody),
    )
)]
async fn push(
    allowed: Allowed<WriteLogs>,
    State(state): State<AppState>,
    given: Given,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let is_json = content.trim().to_ascii_lowercase().starts_with("application/json");
    let arguments = given.read()?;
    let sent = Sent::read(&state, allowed.scope, &headers, body).await?.shaped(arguments);
    let mut received = if is_json {
        sent.decode(|body, arrival| loki::decode_json(&body, arrival)).await?
    } else {
        sent.packed_as(Encoding::Snappy).decode(|body, arrival| loki::decode_protobuf(&body, arrival)).await?
    };
    let decoded = std::mem::take(&mut received.value);
    let answer = refusal(&decoded);
    let (_, stored) = received.store("loki", decoded, answer.as_bytes()).await?;
    let answer = match stored {
        Stored::Now | Stored::Not => answer,
        Stored::Before(answer) => String::from_utf8_lossy(&answer).into_owned(),
    };
    match answer.as_str() {
        "" => Ok(StatusCode::NO_CONTENT.into_response()),
        _ => Err(ApiError::bad_request("lines_rejected", answer)),
    }
}

/// Says which lines were not taken; nothing when all were.
fn refusal(decoded: &Decoded) -> String {
    let Some(first) = decoded.rejects.first() else { return String::new() };
    let (count, stored) = (decoded.rejects.len(), decoded.batch.rows);
    format!("{count} lines were not taken, {stored} were stored; line {}: {}", first.line, first.reason)
}
