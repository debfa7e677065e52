//! The header `Host`: one, and a good one (RFC 9112 §3.2). Whoever stands in front of this server and reads the other of
//! two would take one request for another.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::serve::error::{ApiError, finish};

/// Refuses a request whose `Host` is missing, there more than once, or none.
///
/// # Errors
/// 400.
pub fn check(version: Version, headers: &HeaderMap) -> Result<(), ApiError> {
    let wrong = |what: &'static str| Err(ApiError::bad_request("invalid_request", what));
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version < Version::HTTP_11 => Ok(()),
        (None, _) => wrong("the header Host is missing"),
        (Some(_), Some(_)) => wrong("the header Host stands there more than once"),
        (Some(host), None) if is_host(host) => Ok(()),
        (Some(_), None) => wrong("the header Host is none: write a name or address, with or without a port"),
    }
}

/// Empty stands for an address without a host.
fn is_host(value: &HeaderValue) -> bool {
    let is_authority = |text: &str| {
        let Ok(authority) = text.parse::<Authority>() else { return false };
        let port = &text[authority.host().len().min(text.len())..];
        !text.contains('@') && (matches!(port, "" | ":") || authority.port_u16().is_some())
    };
    value.to_str().is_ok_and(|text| text.is_empty() || is_authority(text))
}

/// The same for a service that has nothing else around it.
pub async fn one_host(request: Request, next: Next) -> Response {
    match check(request.version(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => finish(error.into_response(), &ulid::Ulid::generate().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_one_host() {
        for (version, hosts, good) in [
            (Version::HTTP_11, &["logs.example.org"][..], true),
            (Version::HTTP_11, &["127.0.0.1:7171"], true),
            (Version::HTTP_11, &["[::1]:7171"], true),
            (Version::HTTP_11, &[""], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_10, &["a", "b"], false),
            (Version::HTTP_11, &["a", "b"], false),
            (Version::HTTP_11, &["a", "a"], false),
            (Version::HTTP_11, &["a, b"], false),
            (Version::HTTP_11, &["a b"], false),
            (Version::HTTP_11, &["a/b"], false),
            (Version::HTTP_11, &["me@a"], false),
            (Version::HTTP_11, &["a:b"], false),
        ] {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            assert_eq!(check(version, &headers).is_ok(), good, "{version:?} {hosts:?}");
        }
    }
}
