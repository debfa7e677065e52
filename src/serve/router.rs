//! All routes, and what every request passes before and after them.

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::auth::{Asker, note};
use super::error::{ApiError, REQUEST_ID, finish};
use super::examples;
use super::measure::measure;
use super::net::{ClientAddress, Pace, coding, host, keep_pace};
use super::origin::Origin;
use super::routes;
use super::state::AppState;

/// The description of the whole API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "logan",
        description = "Ship logs in, ask the same questions as on the command line, be told about anomalies.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(super::error::ErrorBody)),
    modifiers(&Security)
)]
struct Description;

/// Adds how a request shows who asks.
struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let components = openapi.components.get_or_insert_with(Default::default);
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some("An access token (from /api/v1/auth/login) or an API key (lgn_…)".to_owned());
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// Returns the routes, the description of the API, and what it leaves out: method and path of each.
pub fn api() -> (Router<AppState>, utoipa::openapi::OpenApi, Vec<String>) {
    let (router, mut description) =
        OpenApiRouter::with_openapi(Description::openapi()).merge(routes::all()).split_for_parts();
    let hidden = routes::take_hidden(&mut description);
    describe_long_heads(&mut description);
    examples::add(&mut description);
    (router, description, hidden)
}

/// Describes what every route answers to a head that is too long: the connection does it, before there is a route.
fn describe_long_heads(description: &mut utoipa::openapi::OpenApi) {
    use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    let long = ResponseBuilder::new()
        .description(
            "The head of the request (path, arguments, headers, but for the credential) is longer than 16 KiB; nothing \
             of it was read",
        )
        .content("application/json", body)
        .build();
    for path in description.paths.paths.values_mut() {
        let methods = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch, &mut path.head];
        for operation in methods.into_iter().flatten() {
            operation.responses.responses.insert("431".to_owned(), long.clone().into());
        }
    }
}

/// Returns the service: all routes, and the layers around them.
pub fn service(state: AppState) -> Router {
    let (router, ..) = api();
    layered(router.merge(routes::pages()).fallback(routes::nowhere), state)
}

/// Puts the layers around routes that every request passes.
fn layered(router: Router<AppState>, state: AppState) -> Router {
    router
        .layer(CatchPanicLayer::custom(|panic: Box<dyn std::any::Any + Send>| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
            ApiError::internal(&text).into_response()
        }))
        .layer(from_fn_with_state(Pace::of(&state.settings.limits), keep_pace))
        .layer(from_fn_with_state(state.clone(), note_missing))
        .layer(from_fn_with_state(state.clone(), around))
        .layer(from_fn(measure))
        .with_state(state)
}

/// Gives a request its id, its place in the log and its limit by address; gives its answer the usual headers.
async fn around(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = match given.filter(|id| is_request_id(id)) {
        Some(id) => id.to_owned(),
        None => ulid::Ulid::generate().to_string(),
    };
    let address = request.extensions().get::<ClientAddress>().map(|client| client.0);
    let span = tracing::info_span!("request", id = %id, method = %request.method(), path = request.uri().path());
    let path = request.uri().path().to_owned();
    let taken = host::check(request.version(), request.headers())
        .and_then(|()| coding::check(request.headers()))
        .and_then(|()| address.map_or(Ok(()), |address| state.limits.address(address)));
    let response = match taken {
        Ok(()) => next.run(request).instrument(span).await,
        Err(error) => error.into_response(),
    };
    let mut response = finish(response, &id);
    let headers = response.headers_mut();
    routes::name_product(&path, headers);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if state.settings.tls.files().is_some() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// Writes down who asked for a thing by an id and was answered that there is none: one of another org, perhaps, which
/// nobody here looks up.
async fn note_missing(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let Some(route) = route.filter(|route| route.starts_with("/api/v1/") && route.contains('{')) else {
        return next.run(request).await;
    };
    let asker = Asker::default();
    request.extensions_mut().insert(asker.clone());
    let (mut parts, body) = request.into_parts();
    let Ok(origin) = Origin::from_request_parts(&mut parts, &state).await;
    let target = format!("{} {}", parts.method, named(&route, parts.uri.path()));
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    let Some(scope) = asker.scope() else { return response };
    match note(&state, scope, origin, "id.refused", target).await {
        Ok(()) => response,
        Err(error) => error.into_response(),
    }
}

/// Returns a route with the ids that were asked for in their places; what is no id is left out.
fn named(route: &str, path: &str) -> String {
    let is_id = |text: &&str| text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let part = |(part, given)| if is_variable(part) { Some(given).filter(is_id).unwrap_or(part) } else { part };
    route.split('/').zip(path.split('/')).map(part).collect::<Vec<_>>().join("/")
}

fn is_variable(part: &str) -> bool {
    part.starts_with('{')
}

/// Returns true for an id that may be taken over from a client: it goes to the log and into headers.
fn is_request_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Answers that need a status alone.
pub fn no_content() -> StatusCode {
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::serve::answers::tests::server;

    #[tokio::test]
    async fn a_panic_is_answered_as_any_failure_and_the_next_request_as_ever() {
        let (_folder, state, _) = server();
        let routes = Router::new()
            .route(
                "/panics",
                get(|| async {
                    if true {
                        panic!("a secret of the inside")
                    }
                }),
            )
            .route("/fine", get(|| async { "fine" }));
        let service = layered(routes, state);
        let ask = async |path: &str| {
            let request = Request::builder().uri(path).header("host", "localhost").header(REQUEST_ID, "own-1");
            let request = request.body(Body::empty()).expect("a request");
            let response = service.clone().oneshot(request).await.expect("an answer");
            let (status, id) = (response.status().as_u16(), response.headers()[REQUEST_ID].clone());
            assert_eq!(id, "own-1");
            (status, to_bytes(response.into_body(), 4096).await.expect("a body"))
        };
        for _ in 0..2 {
            let (status, body) = ask("/panics").await;
            let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            let expected = serde_json::json!({"error": {
                "code": "internal", "message": "the server failed; its log knows the request id", "request_id": "own-1",
            }});
            assert_eq!((status, body), (500, expected));
            assert_eq!(ask("/fine").await, (200, "fine".into()));
        }
    }
}
