//! Bodies, queries and path parts, read with our own errors.

use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{HeaderMap, StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

use super::answers::parameters::Parameters;
use super::error::ApiError;
use super::json;

/// A JSON body, of a request that has all it says in there. The content type must say so (415), which also keeps forms of
/// other sites out.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Json<T>, ApiError> {
        let (mut parts, body) = request.into_parts();
        let NoParams = NoParams::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        if !says_json(request.headers()) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send JSON with the header Content-Type: application/json",
            ));
        }
        let body = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large("the body is too large for this request"),
            _ => ApiError::bad_request("incomplete_body", "the body ended before it was complete"),
        })?;
        json::read(&body).map(Json).map_err(|wrong| ApiError::bad_request("invalid_body", wrong.to_string()))
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The part of the address after `?`: names and values in the order they came. Any text is some.
#[derive(Debug)]
pub struct Params(pub Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Params, ApiError> {
        let unread =
            |_: QueryRejection| ApiError::bad_request("invalid_parameter", "what stands after ? cannot be read");
        Query::from_request_parts(parts, state).await.map(|Query(pairs)| Params(pairs)).map_err(unread)
    }
}

/// Nothing after `?`: what stands there is an error, as what no one asks for is on routes with parameters.
#[derive(Clone, Copy, Debug)]
pub struct NoParams;

impl<S: Send + Sync> FromRequestParts<S> for NoParams {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<NoParams, ApiError> {
        let Params(pairs) = Params::from_request_parts(parts, state).await?;
        Parameters::new(pairs).end().map(|()| NoParams)
    }
}

/// The variable parts of the path. What is no id names nothing: 404, as a missing thing.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id<T>, ApiError> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(value)| Id(value)).map_err(|_: PathRejection| ApiError::not_found())
    }
}
