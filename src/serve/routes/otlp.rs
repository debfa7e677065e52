//! OpenTelemetry's logs over HTTP. Errors are `google.rpc.Status` in the content type of the request.

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
use crate::serve::error::ApiError;
use crate::serve::intake::otlp::{self, Content};
use crate::serve::receive::{Sent, Stored};
use crate::serve::state::AppState;

/// Returns the routes: the specification's path, Loki's and VictoriaLogs'.
pub fn routes() -> OpenApiRouter<AppState> {
    let router = OpenApiRouter::new().routes(routes!(export));
    let router = alias(router, "/otlp/v1/logs", "/v1/logs", post(export));
    alias(router, "/insert/opentelemetry/v1/logs", "/v1/logs", post(export))
}

/// `google.rpc.Status`.
#[derive(Debug, utoipa::ToSchema)]
#[allow(dead_code)]
pub struct RpcStatus {
    /// A code of `google.rpc.Code`.
    #[schema(example = 3)]
    code: i32,
    /// What is wrong.
    #[schema(example = "wrong JSON")]
    message: String,
}

/// What was taken.
#[derive(Debug, utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct ExportLogs {
    /// What was not: absent when all was.
    partial_success: Option<PartialSuccess>,
}

/// What was not taken.
#[derive(Debug, utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code)]
pub struct PartialSuccess {
    /// How many records: a whole number, as text.
    #[schema(example = "3")]
    rejected_log_records: String,
    /// Why the first.
    error_message: String,
}

/// Send logs by OpenTelemetry's protocol, as protobuf or JSON.
#[utoipa::path(
    post, path = "/v1/logs", tag = "other protocols", security(("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Stored once however often it is sent, for 24 hours"),
    ),
    request_body(content(
        (Object = "application/json", example = json!({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"disk full"}}]}]}]})),
        (Vec<u8> = "application/x-protobuf"),
    )),
    responses(
        (status = 200, body = ExportLogs),
        (status = 400, body = RpcStatus), (status = 401, body = RpcStatus), (status = 403, body = RpcStatus),
        (status = 408, body = RpcStatus), (status = 409, body = RpcStatus), (status = 413, body = RpcStatus),
        (status = 415, body = RpcStatus), (status = 429, body = RpcStatus), (status = 503, body = RpcStatus),
        (status = 507, body = RpcStatus),
    )
)]
async fn export(
    allowed: Result<Allowed<WriteLogs>, ApiError>,
    State(state): State<AppState>,
    given: Given,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let known = Content::from_header(declared);
    // What is neither is answered as clients of the protocol read it anywhere: as JSON.
    let content = known.as_ref().map_or(Content::Json, |content| *content);
    let taken = match (allowed, known) {
        (Ok(allowed), Ok(_)) => take(allowed, state, given, &headers, body, content).await,
        // Who asks comes before what is asked.
        (Err(refused), _) => Err(refused),
        (Ok(_), Err(unknown)) => Err(unknown.into()),
    };
    let (status, body, error) = match taken {
        Ok(body) => (StatusCode::OK, body, None),
        Err(error) => (error.status, otlp::status(content, error.status.as_u16(), &error.message), Some(error)),
    };
    let mut response = (status, [(header::CONTENT_TYPE, content.header())], body).into_response();
    if let Some(error) = error {
        super::copy_headers(error, &mut response);
    }
    Ok(response)
}

async fn take(
    allowed: Allowed<WriteLogs>,
    state: AppState,
    given: Given,
    headers: &HeaderMap,
    body: Body,
    content: Content,
) -> Result<Vec<u8>, ApiError> {
    let arguments = given.read()?;
    let sent = Sent::read(&state, allowed.scope, headers, body).await?.shaped(arguments);
    let mut received = sent
        .decode(move |body, arrival| match content {
            Content::Json => otlp::decode_json(&body, arrival),
            Content::Protobuf => otlp::decode_protobuf(&body, arrival),
        })
        .await?;
    let decoded = std::mem::take(&mut received.value);
    let answer = otlp::success(content, &decoded.rejects);
    match received.store("otlp", decoded, &answer).await? {
        (_, Stored::Now | Stored::Not) => Ok(answer),
        (_, Stored::Before(answer)) => Ok(answer),
    }
}
