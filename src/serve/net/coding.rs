//! The header `Transfer-Encoding`: `chunked` and nothing else. Only the last coding is looked at where the pieces are put
//! together, and a body that was packed as well (`gzip, chunked`) would be taken for one that was not.

use axum::http::{HeaderMap, StatusCode, header};

use crate::serve::error::ApiError;

/// Refuses a request whose body comes in another way than whole or in pieces.
///
/// # Errors
/// 501.
pub fn check(headers: &HeaderMap) -> Result<(), ApiError> {
    let values = headers.get_all(header::TRANSFER_ENCODING).iter();
    let codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let mut codings = codings.filter(|coding| !coding.is_empty());
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "unsupported_transfer_encoding",
            "Transfer-Encoding may be chunked and nothing else; say how a body is packed with Content-Encoding",
        )),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn pieces_are_taken_and_nothing_else() {
        for (given, good) in [
            (&[][..], true),
            (&["chunked"], true),
            (&["Chunked"], true),
            (&[", chunked"], true),
            (&["gzip, chunked"], false),
            (&["gzip", "chunked"], false),
            (&["chunked, chunked"], false),
            (&["chunked;x=y"], false),
            (&["identity"], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in given {
                headers.append(header::TRANSFER_ENCODING, HeaderValue::from_static(value));
            }
            assert_eq!(check(&headers).is_ok(), good, "{given:?}");
        }
    }
}
