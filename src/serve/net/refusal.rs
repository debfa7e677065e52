//! What is answered to bytes that are no request: hyper refuses them by a bare status; this gives it the body and the id
//! that every answer has.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use http_body_util::BodyExt;

use crate::serve::error::{ApiError, finish};

/// What hyper refuses by itself.
const OWN: [StatusCode; 3] =
    [StatusCode::BAD_REQUEST, StatusCode::URI_TOO_LONG, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];

/// Returns the status of what hyper says by itself; `None` for anything else. It has nothing but these headers, while
/// answers to requests have the id of theirs.
pub fn status(bytes: &[u8]) -> Option<StatusCode> {
    let digits = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "))?.get(..3)?;
    let status = StatusCode::from_bytes(digits).ok().filter(|status| OWN.contains(status))?;
    let head = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let is_own = |line: &str| ["connection: close", "content-length: 0"].contains(&line) || line.starts_with("date: ");
    head.split("\r\n").skip(1).all(is_own).then_some(status)
}

/// Returns the answer of this status, as it is sent.
pub async fn answer(status: StatusCode, most_head: usize) -> Vec<u8> {
    let error = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ApiError::new(
            status,
            "head_too_large",
            format!(
                "path, arguments and headers are longer than {}",
                crate::config::Size::from_bytes(most_head as u64)
            ),
        ),
        StatusCode::URI_TOO_LONG => ApiError::new(status, "uri_too_long", "path and arguments are too long"),
        _ => ApiError::bad_request("invalid_request", "this is no HTTP request"),
    };
    let mut response: Response<Body> = finish(error.into_response(), &ulid::Ulid::generate().to_string());
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let said = status.as_str().to_owned();
    metrics::counter!("logan_requests_total", "route" => "unmatched", "method" => "other", "status" => said)
        .increment(1);
    let (parts, body) = response.into_parts();
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    if let Ok(body) = body.collect().await {
        bytes.extend_from_slice(&body.to_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_hyper_says_by_itself_is_taken_for_it() {
        let date = "date: Fri, 27 Nov 2026 02:00:00 GMT";
        for (text, expected) in [
            (
                format!(
                    "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n{date}"
                ),
                Some(431),
            ),
            (format!("HTTP/1.0 400 Bad Request\r\ncontent-length: 0\r\n{date}"), Some(400)),
            ("HTTP/1.1 414 URI Too Long\r\nconnection: close".to_owned(), Some(414)),
            (format!("HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 0\r\n{date}"), None),
            (format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n{date}"), None),
            (format!("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n{date}"), None),
            ("HTTP/1.1 200 OK".to_owned(), None),
            ("data: HTTP/1.1 431 ".to_owned(), None),
            (String::new(), None),
        ] {
            let bytes = (text + "\r\n\r\n").into_bytes();
            let bytes = bytes.as_slice();
            assert_eq!(status(bytes).map(|status| status.as_u16()), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
