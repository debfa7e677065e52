//! What a request is answered when it cannot be done: `{"error":{"code","message","request_id"}}`.
//!
//! A handler returns [`ApiError`]; the outermost layer ([`finish`]) knows the request's id and writes the body. What
//! went wrong inside (paths, SQL) is logged under that id and never told.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::query::{QueryError, ScanError};
use crate::storage::StorageError;

/// The body of every error.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorDetail {
    /// A word for programs; does not change.
    #[schema(example = "not_found")]
    pub code: String,
    /// What to change, for people.
    #[schema(example = "there is no such thing")]
    pub message: String,
    /// The request's id, as in the header `X-Request-Id` and in the server's log.
    #[schema(example = "01JDB2QX3V8Z5N4M7K6H9G0F1E")]
    pub request_id: String,
    /// Where a query is wrong, when that is it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub query: Option<WrongQuery>,
}

/// Where a query is wrong.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WrongQuery {
    /// The first wrong byte of the query, counted from 0.
    #[schema(example = 4)]
    pub start: usize,
    /// The byte after the last wrong one.
    #[schema(example = 8)]
    pub end: usize,
    /// The wrong line of the query, and a line with carets under what is wrong.
    #[schema(example = "* | stat count()\n    ^^^^")]
    pub caret: String,
    /// What to write instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "did you mean `stats`?")]
    pub hint: Option<String>,
}

/// A request that cannot be done.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// The status.
    pub status: StatusCode,
    /// A word for programs.
    pub code: &'static str,
    /// What to change, for people.
    pub message: Cow<'static, str>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// The limit that was met, when it is a number of requests or KiB at once.
    pub limit: Option<u32>,
    /// Where a query is wrong.
    pub query: Option<Box<WrongQuery>>,
}

/// What [`finish`] needs to write the body.
#[derive(Clone, Debug)]
struct Unfinished {
    code: &'static str,
    message: Cow<'static, str>,
    query: Option<Box<WrongQuery>>,
}

impl ApiError {
    /// An error with this status, code and message.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError { status, code, message: message.into(), retry_after: None, limit: None, query: None }
    }

    /// 400: the request is not understood.
    pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401: who asks is not known.
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: who asks may not do this in their own org.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404: the same for what does not exist and for what belongs to somebody else.
    pub fn not_found() -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing")
    }

    /// 409: it does not fit what is there.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, code, message)
    }

    /// 413: more bytes than are taken at once.
    pub fn too_large(message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 429: more than this org, key or address may ask for. `limit` is how much they may at once, nothing of which is
    /// left until `retry_after` has passed.
    pub fn too_many(message: impl Into<Cow<'static, str>>, limit: u32, retry_after: Duration) -> ApiError {
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message);
        ApiError { retry_after: Some(retry_after), limit: Some(limit), ..error }
    }

    /// 503: the server cannot do it now.
    pub fn unavailable(code: &'static str, message: impl Into<Cow<'static, str>>, retry_after: Duration) -> ApiError {
        let error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
        ApiError { retry_after: Some(retry_after), ..error }
    }

    /// 507: the disk is full.
    pub fn disk_full() -> ApiError {
        let message = "the server's disk is full; nothing of this request was stored";
        let error = ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", message);
        ApiError { retry_after: Some(Duration::from_secs(30)), ..error }
    }

    /// 500: the server's fault. The cause goes to the log, not to the client.
    pub fn internal(cause: &dyn std::fmt::Display) -> ApiError {
        tracing::error!(%cause, "a request failed inside");
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed; its log knows the request id")
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> ApiError {
        let query =
            WrongQuery { start: error.span.start, end: error.span.end, caret: error.caret(), hint: error.hint.clone() };
        ApiError { query: Some(Box::new(query)), ..ApiError::bad_request("invalid_query", error.message) }
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> ApiError {
        match &error {
            StorageError::Busy { .. } => {
                tracing::warn!(%error, "the store is busy");
                ApiError::unavailable("store_busy", "the store is busy", Duration::from_secs(1))
            }
            StorageError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                tracing::error!(%error, "the disk is full");
                ApiError::disk_full()
            }
            StorageError::Poisoned { .. } => {
                tracing::error!(%error, "the disk failed: the store takes no more until the server is started anew");
                let message = "the server's disk failed; nothing of this request was stored";
                ApiError::unavailable("store_read_only", message, Duration::from_secs(60))
            }
            StorageError::Scan(ScanError::Memory(message)) => ApiError::bad_request("query_too_large", message.clone()),
            _ => ApiError::internal(&error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> axum::response::Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            let seconds = HeaderValue::from(seconds.max(1));
            if self.status == StatusCode::TOO_MANY_REQUESTS {
                response.headers_mut().insert(RATE_LIMIT[1].clone(), HeaderValue::from(0));
                response.headers_mut().insert(RATE_LIMIT[2].clone(), seconds.clone());
            }
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if let Some(limit) = self.limit {
            response.headers_mut().insert(RATE_LIMIT[0].clone(), HeaderValue::from(limit));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Unfinished { code: self.code, message: self.message, query: self.query });
        response
    }
}

/// What a 429 says of the limit: how much at once (where that is a number), how much is left, in how many seconds there is
/// some again.
pub const RATE_LIMIT: [HeaderName; 3] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];

/// The header with a request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the answer its request id, and an error its body. Errors of the HTTP machinery (no such route, wrong
/// method) get the same shape; an error that has a body of its own (other services' protocols) keeps it.
pub fn finish(mut response: axum::response::Response, request_id: &str) -> axum::response::Response {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let unfinished = response.extensions_mut().remove::<Unfinished>();
    if unfinished.is_none() && response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let Unfinished { code, message, query } = unfinished.unwrap_or_else(|| {
        let code = match status {
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
            _ => "error",
        };
        let message = match status {
            StatusCode::NOT_FOUND => "there is no such thing".into(),
            StatusCode::METHOD_NOT_ALLOWED => {
                "this path does not take that method; the header Allow lists those it does".into()
            }
            other => other.canonical_reason().unwrap_or("error").to_owned().into(),
        };
        Unfinished { code, message, query: None }
    });
    let detail = ErrorDetail {
        code: code.to_owned(),
        message: message.into_owned(),
        request_id: request_id.to_owned(),
        query: query.map(|query| *query),
    };
    let body = serde_json::to_vec(&ErrorBody { error: detail }).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from(body);
    response
}
