//! `GET /api/v1/logs`: entries in the order of their times, page by page.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::answers::page::Search;
use crate::serve::answers::{self, Cut};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::Params;
use crate::serve::state::AppState;

/// What a page is asked by. Beside these, `field.NAME=value` takes the entries whose field has that value, read as
/// `NAME = value` in the query language; given more than once, any of the values. `NAME=value` is the same where NAME is a
/// standard field's, or that of a field that entries have, and no parameter's. Another parameter is an error.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct SearchParams {
    /// A filter of the query language, without pipes.
    #[param(required = false, max_length = 4096, example = "status >= 500 timeout")]
    q: String,
    /// Entries from this time on: `2026-09-07`, `2026-09-07T13:30:00Z`, `2h`, `yesterday`, `@1788739200`.
    #[param(required = false, example = "2h")]
    since: String,
    /// Entries until this time: all of a day or minute, an instant included.
    #[param(required = false, example = "now")]
    until: String,
    /// The zone of times that name none: `UTC`, `+02:00`, `Europe/Warsaw`.
    #[param(required = false, example = "UTC")]
    tz: String,
    /// Entries of this level or a worse one.
    #[param(required = false, example = "warn")]
    level: String,
    /// Words that all stand in the message.
    #[param(required = false, example = "connection reset")]
    keywords: String,
    /// Which entries come first.
    #[param(required = false, inline)]
    order: answers::cursor::Order,
    /// Entries of a page; 100 when nobody says.
    #[param(required = false, minimum = 1, maximum = 1000)]
    limit: u64,
    /// `next_cursor` of the page before. The other parameters but `limit` must be the same.
    #[param(required = false)]
    cursor: String,
    /// Names of the fields to give, with commas between; all when nobody says.
    #[param(required = false, example = "ts,level,message")]
    fields: String,
}

/// A page of entries.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "written as bytes: this describes them")]
pub struct SearchAnswer {
    /// The entries, each as `logan query -o json` prints it, and its arrival number as `line`.
    #[schema(value_type = Vec<Object>)]
    entries: Vec<serde_json::Value>,
    /// Where the next page begins; null on the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// True when a limit was reached and the page is shorter than it could be; `next_cursor` goes on.
    truncated: bool,
    /// Which limit.
    #[schema(required = true)]
    truncated_by: Option<Cut>,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search_logs))
}

/// Makes an answer of JSON that is written already.
pub fn json(bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Search entries.
///
/// Newest first, page by page. Beside the parameters here, `NAME=value` with the name of a field (`status=500`, or
/// `field.NAME=value` whatever its name is) takes the entries whose field has that value; given more than once, any of the
/// values. A cursor is a place in the log: while new entries arrive no entry comes twice and none of
/// those that were there at the first page is missing. Entries that arrive later are not on later pages.
#[utoipa::path(
    get, path = "/api/v1/logs", tag = "logs", security(("bearer" = [])), params(SearchParams),
    responses(
        (status = 200, body = SearchAnswer, example = json!({
            "entries": [{"ts": "2026-09-07T13:30:00Z", "level": "error", "message": "connection reset", "line": 17}],
            "next_cursor": null, "truncated": false, "truncated_by": null
        })),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn search_logs(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    Params(pairs): Params,
) -> Result<Response, ApiError> {
    let (scope, now) = (allowed.scope, state.now());
    let answer = answers::ask(&state, scope, "search", move |store, budget| {
        Search::read(pairs, scope.org(), now, || store.field_names())?.run(store, budget)
    });
    answer.await.map(json)
}
