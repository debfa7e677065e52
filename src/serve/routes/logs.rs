//! `POST /api/v1/logs`: logs in, as JSON or as text.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::entry::Reject;
use crate::parse::Zone;
use crate::serve::answers::parameters::{Parameters, wrong};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::WriteLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::Params;
use crate::serve::intake::Decoded;
use crate::serve::intake::native::{self, Reading};
use crate::serve::receive::{Sent, Stored};
use crate::serve::state::AppState;

/// How many errors an answer names at most.
pub const MAX_ERRORS: usize = 100;

/// What was taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Accepted {
    /// Entries that are stored.
    #[schema(example = 998)]
    pub accepted: u64,
    /// Lines (or elements of an array) that are not; they are kept as rejects.
    #[schema(example = 2)]
    pub rejected: u64,
    /// Why, of the first 100.
    pub errors: Vec<LineError>,
    /// True: what is accepted is on disk. False when nothing was to be stored (`debug`).
    pub durable: bool,
}

/// Why a line was not taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LineError {
    /// Its number in the body, or that of the element, from 1.
    #[schema(example = 17)]
    pub line: u64,
    /// Why.
    #[schema(example = "json: expected ',' or '}' at column 12")]
    pub reason: String,
}

impl Accepted {
    /// Says what a body became.
    pub fn of(decoded: &Decoded) -> Accepted {
        let error = |reject: &Reject| LineError { line: reject.line, reason: reject.reason.to_string() };
        Accepted {
            accepted: decoded.batch.rows as u64,
            rejected: decoded.rejects.len() as u64,
            errors: decoded.rejects.iter().take(MAX_ERRORS).map(error).collect(),
            durable: true,
        }
    }

    /// Returns the body that says so.
    ///
    /// # Errors
    /// Never in practice; 500 when it cannot be written.
    pub fn body(&self) -> Result<Vec<u8>, ApiError> {
        serde_json::to_vec(self).map_err(|error| ApiError::internal(&error))
    }
}

/// Answers with a body that is JSON already.
pub fn json(body: Vec<u8>) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// How to read the body.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct Options {
    /// `auto` (JSON when the body begins like it, else text whose format is found out) or the name of a format.
    #[param(example = "auto")]
    format: Option<String>,
    /// The zone of times that name none: `UTC`, `+02:00`, `Europe/Warsaw`. UTC by default.
    #[param(example = "UTC")]
    tz: Option<String>,
    /// What the lines came from, a file for example: the entries' `source` is `push:` and this.
    #[param(min_length = 1, max_length = 256, example = "/var/log/app.log")]
    source: Option<String>,
}

/// How a body is to be read.
struct Asked {
    reading: Reading,
    zone: Zone,
    source: Arc<str>,
}

impl Asked {
    /// Reads the parameters.
    fn read(Params(pairs): Params) -> Result<Asked, ApiError> {
        let mut parameters = Parameters::new(pairs);
        let reading = parameters.parsed("format")?.unwrap_or(Reading::Auto);
        let zone = parameters.parsed("tz")?.unwrap_or_default();
        let source = match parameters.take("source")? {
            None => "http".into(),
            Some(name) if (1..=256).contains(&name.chars().count()) && !name.contains(char::is_control) => {
                format!("push:{name}").into()
            }
            Some(_) => return Err(wrong("source", "write 1 to 256 characters, none of them a control character")),
        };
        parameters.end()?;
        Ok(Asked { reading, zone, source })
    }
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(send))
}

/// Send logs: a JSON object, an array of them, one a line, or lines of text.
///
/// Packed by gzip, zstd or deflate, or not at all. With the header `Idempotency-Key` a request that is sent again is
/// stored once. Lines that cannot be read do not fail the others.
#[utoipa::path(
    post, path = "/api/v1/logs", tag = "logs", security(("bearer" = [])),
    params(
        Options,
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]{1,255}$", description = "Stored once however often it is sent, for 24 hours"),
        ("Content-Encoding" = Option<String>, Header, description = "gzip, zstd, deflate or identity"),
    ),
    request_body(content(
        (String = "application/x-ndjson", example = "{\"ts\":\"2026-11-22T10:00:00Z\",\"level\":\"error\",\"message\":\"disk full\"}\n"),
        (Object = "application/json"),
        (String = "text/plain"),
    )),
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
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let parameters = params.0.clone();
    let Asked { reading, zone, source } = Asked::read(params)?;
    let sent = Sent::read(&state, allowed.scope, &headers, body).await?.asked_with(&parameters);
    let mut received = sent.decode(move |body, arrival| native::decode(body, reading, arrival, zone)).await?;
    let decoded = std::mem::take(&mut received.value);
    let answer = Accepted::of(&decoded).body()?;
    match received.store_from("http", source, decoded, &answer).await? {
        (_, Stored::Now | Stored::Not) => Ok(json(answer)),
        (_, Stored::Before(answer)) => Ok(json(answer)),
    }
}
