//! One file a resource: a handler reads its input, calls the library, shapes the answer.

mod alerts;
mod arguments;
mod audit;
mod auth;
mod channels;
mod docs;
mod elastic;
mod fields;
mod histogram;
mod invites;
mod jsonline;
mod keys;
mod logs;
mod loki;
mod members;
mod orgs;
mod otlp;
mod query;
mod refusals;
mod rejects;
mod rules;
mod search;
mod sessions;
mod tail;
mod users;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use utoipa::IntoParams;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::{HttpMethod, OpenApi, PathItem};
use utoipa_axum::router::OpenApiRouter;

use super::error::{ApiError, RATE_LIMIT};
use super::state::AppState;
use crate::entry::Timestamp;

/// Longest body of a request about accounts, and of a question.
const ACCOUNT_BODY_BYTES: usize = 64 * 1024;

pub use self::docs::pages;

/// Returns all routes with their descriptions.
pub fn all() -> OpenApiRouter<AppState> {
    accounts().merge(logs_in()).merge(logs_out()).merge(docs::routes())
}

/// Logs on their way in; each route reads its body within its own limits.
fn logs_in() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(logs::routes())
        .merge(loki::routes())
        .merge(elastic::routes())
        .merge(otlp::routes())
        .merge(jsonline::routes())
}

/// Questions of the logs.
fn logs_out() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(search::routes())
        .merge(query::routes())
        .merge(fields::routes())
        .merge(histogram::routes())
        .merge(tail::routes())
        .merge(rejects::routes())
        .layer(DefaultBodyLimit::max(ACCOUNT_BODY_BYTES))
}

/// People, orgs, keys.
fn accounts() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(users::routes())
        .merge(auth::routes())
        .merge(sessions::routes())
        .merge(orgs::routes())
        .merge(members::routes())
        .merge(invites::routes())
        .merge(keys::routes())
        .merge(audit::routes())
        .merge(alerts::routes())
        .merge(rules::routes())
        .merge(channels::routes())
        .layer(DefaultBodyLimit::max(ACCOUNT_BODY_BYTES))
}

/// The id of operations that the description leaves out.
const HIDDEN: &str = "undescribed";

/// Adds a route that the description leaves out, with the methods to try it by: every route is added here or described,
/// so that the tests know of all.
fn hidden(
    mut router: OpenApiRouter<AppState>,
    methods: &[HttpMethod],
    path: &str,
    handler: MethodRouter<AppState>,
) -> OpenApiRouter<AppState> {
    let item = router.get_openapi_mut().paths.paths.entry(path.to_owned()).or_default();
    for method in methods {
        let operation = OperationBuilder::new().operation_id(Some(HIDDEN)).build();
        item.merge_operations(PathItem::new(method.clone(), operation));
    }
    router.route(path, handler)
}

/// Takes the routes out of a description that it leaves out: method and path of each.
pub fn take_hidden(description: &mut OpenApi) -> Vec<String> {
    let mut found: Vec<String> = docs::PATHS.iter().map(|path| format!("GET {path}")).collect();
    for (path, item) in &mut description.paths.paths {
        for (method, slot) in [("GET", &mut item.get), ("PUT", &mut item.put)] {
            if slot.as_ref().is_some_and(|operation| operation.operation_id.as_deref() == Some(HIDDEN)) {
                *slot = None;
                found.push(format!("{method} {path}"));
            }
        }
    }
    description.paths.paths.retain(|_, item| *item != PathItem::default());
    found
}

/// Adds another path to a route that is described already and takes POST, PUT or both; described like it.
fn alias(
    mut router: OpenApiRouter<AppState>,
    path: &str,
    of: &str,
    method: MethodRouter<AppState>,
) -> OpenApiRouter<AppState> {
    let paths = &mut router.get_openapi_mut().paths.paths;
    if let Some(mut item) = paths.get(of).cloned() {
        for operation in [&mut item.post, &mut item.put].into_iter().flatten() {
            let own = path.split('/').filter(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            let id = [operation.operation_id.as_deref().unwrap_or_default()].into_iter().chain(own).collect::<Vec<_>>();
            operation.operation_id = Some(id.join("_"));
            operation.description = Some(format!("The same as `{of}`."));
            if arguments::has_arguments(path) {
                let given = operation.parameters.take().unwrap_or_default();
                let common = arguments::CommonArguments::into_params(|| None);
                operation.parameters = Some(common.into_iter().map(Into::into).chain(given).collect());
            }
        }
        paths.insert(path.to_owned(), item);
    }
    router.route(path, method)
}

/// Answers what no route takes.
pub async fn nowhere(uri: Uri) -> Response {
    if elastic::is_its_path(uri.path()) { elastic::nowhere() } else { ApiError::not_found().into_response() }
}

/// Gives every answer on a path of Elasticsearch the header without which its clients refuse it.
pub fn name_product(path: &str, headers: &mut HeaderMap) {
    if elastic::is_its_path(path) {
        let (name, product) = crate::serve::intake::elastic::PRODUCT;
        headers.insert(name, HeaderValue::from_static(product));
    }
}

/// Returns the time so many days later; 400 unless they are 1 to `most`.
fn days_after(now: Timestamp, days: i64, most: i64) -> Result<Timestamp, ApiError> {
    let wrong = || ApiError::bad_request("invalid_body", format!("expires_in_days is 1 to {most}"));
    let seconds = (1..=most).contains(&days).then_some(days * 86_400).ok_or_else(wrong)?;
    Timestamp::from_seconds(now.seconds() + seconds, 0).ok_or_else(wrong)
}

/// Gives an answer in another protocol's shape the headers of the error it tells: when to come back, what the limit is, how to
/// log in.
fn copy_headers(error: ApiError, response: &mut Response) {
    let from = error.into_response();
    for name in RATE_LIMIT.into_iter().chain([header::RETRY_AFTER, header::WWW_AUTHENTICATE]) {
        if let Some(value) = from.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
}
