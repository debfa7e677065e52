//! Examples of refusals in the description of the API: what each status looks like in each shape of error.

use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::{OpenApi, Ref, RefOr, Schema};

use super::intake::elastic;
use super::intake::otlp::{self, Content};

/// Gives every described refusal an example of its body.
pub fn add(description: &mut OpenApi) {
    for path in description.paths.paths.values_mut() {
        let methods = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch, &mut path.head];
        for operation in methods.into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                let RefOr::T(response) = response else { continue };
                let Some(refusal) = status.parse().ok().and_then(refusal) else { continue };
                for content in response.content.values_mut() {
                    let RefOr::T(content) = content else { continue };
                    if let Some(example) = content.schema.as_ref().and_then(|schema| body(schema, &refusal)) {
                        content.example = Some(example);
                    }
                }
            }
        }
    }
}

/// A refusal as the server words it.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

fn refusal(status: u16) -> Option<Refusal> {
    let (code, message) = match status {
        400 => ("invalid_parameter", "limit: a number from 1 to 1000 is expected"),
        401 => ("unauthorized", "an access token or an API key is needed"),
        403 => ("forbidden", "a key of scope query may not send logs; one of scope ingest or admin may"),
        404 => ("not_found", "there is no such thing"),
        408 => ("too_slow", "the request came too slowly"),
        409 => ("conflict", "a rule of this name is there already"),
        413 => ("too_large", "the request is larger than is taken at once"),
        415 => ("unsupported_media_type", "application/json is expected"),
        429 => (
            "too_many_requests",
            "too many requests of this org: 40000 at once and 20000 a second are allowed; come again in 1 s",
        ),
        431 => ("head_too_large", "path, arguments and headers are longer than 16KiB"),
        500 => ("internal", "the server failed; its log knows the request id"),
        503 => ("store_busy", "the store is busy"),
        507 => ("disk_full", "the server's disk is full; nothing of this request was stored"),
        _ => return None,
    };
    Some(Refusal { status: StatusCode::from_u16(status).ok()?, code, message })
}

/// Returns the body in the shape of its schema; `None` when that is of no refusal.
fn body(schema: &RefOr<Schema>, refusal: &Refusal) -> Option<Value> {
    let RefOr::Ref(Ref { ref_location, .. }) = schema else { return None };
    let Refusal { status, code, message } = refusal;
    match ref_location.rsplit('/').next()? {
        "ErrorBody" => Some(json!({
            "error": { "code": code, "message": message, "request_id": "01JDB2QX3V8Z5N4M7K6H9G0F1E" }
        })),
        "ElasticError" => Some(elastic::error(status.as_u16(), elastic::error_kind(status.as_u16()), message)),
        "RpcStatus" => serde_json::from_slice(&otlp::status(Content::Json, status.as_u16(), message)).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_every_route_has_an_example() {
        let (_, description, _) = crate::serve::router::api();
        let mut count = 0;
        for (path, item) in &description.paths.paths {
            for operation in [&item.get, &item.put, &item.post, &item.delete, &item.patch].into_iter().flatten() {
                for (status, response) in &operation.responses.responses {
                    let RefOr::T(response) = response else { continue };
                    for content in response.content.values().filter(|_| status.starts_with(['4', '5'])) {
                        let RefOr::T(content) = content else { panic!("{path} {status}") };
                        assert!(content.example.is_some(), "{path} {status}");
                        count += 1;
                    }
                }
            }
        }
        assert!(count > 300, "{count}");
    }
}
