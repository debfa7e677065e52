//! VictoriaLogs' `/insert/jsonline`.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::arguments::{CommonArguments, Given};
use super::logs::{Accepted, json};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::WriteLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::intake::jsonline;
use crate::serve::receive::{Sent, Stored};
use crate::serve::state::AppState;

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(send))
}

/// Send JSON lines as to VictoriaLogs.
///
/// The arguments are taken as headers as well (`VL-Msg-Field`, …). `_stream_fields` is not needed.
#[utoipa::path(
    post, path = "/insert/jsonline", operation_id = "send_json_lines", tag = "other protocols", security(("bearer" = [])),
    params(
        CommonArguments,
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Stored once however often it is sent, for 24 hours"),
    ),
    request_body(content((String = "application/stream+json", example = "{\"_msg\":\"disk full\",\"_time\":\"2026-11-22T10:00:00Z\"}\n"))),
    responses(
        (status = 200, body = Accepted),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 408, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
        (status = 507, body = ErrorBody),
    )
)]
async fn send(
    allowed: Allowed<WriteLogs>,
    State(state): State<AppState>,
    given: Given,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let arguments = given.read()?;
    let sent = Sent::read(&state, allowed.scope, &headers, body).await?.shaped(arguments);
    let mut received = sent.decode(jsonline::decode).await?;
    let decoded = std::mem::take(&mut received.value);
    let said = Accepted::of(&decoded);
    let answer = said.body()?;
    match received.store("jsonline", decoded, &answer).await? {
        (_, Stored::Now) => Ok(json(answer)),
        (_, Stored::Before(answer)) => Ok(json(answer)),
        (_, Stored::Not) => Ok(json(Accepted { durable: false, ..said }.body()?)),
    }
}
