//! `/api/v1/query`: the whole query language.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::search::json;
use crate::serve::answers::answer::{AnswerColumn, AnswerStats, Asked, Form};
use crate::serve::answers::stream::{self, NDJSON};
use crate::serve::answers::{self, Cut};
use crate::serve::auth::access::ReadLogs;
use crate::serve::auth::{Allowed, OrgScope};
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::{Json, Params};
use crate::serve::state::AppState;

/// What a question is asked by.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct QueryParams {
    /// The question in the query language.
    #[param(max_length = 4096, example = "level >= warn | stats count() by status")]
    query: String,
    /// Entries from this time on.
    #[param(required = false, example = "2h")]
    since: String,
    /// Entries until this time.
    #[param(required = false, example = "now")]
    until: String,
    /// The zone of times that name none.
    #[param(required = false, example = "UTC")]
    tz: String,
    /// Rows of the answer.
    #[param(required = false, minimum = 1, maximum = 1_000_000)]
    limit: u64,
    /// Some of `source`, `line`, `offset`, `format`, `raw`, with commas between.
    #[param(required = false, example = "line")]
    with: String,
    /// In which form the answer comes.
    #[param(required = false, inline)]
    format: Form,
}

/// An answer.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "written as bytes: this describes them")]
pub struct QueryAnswer {
    /// The entries, when entries are the answer, each as `logan query -o json` prints it.
    #[schema(value_type = Vec<Object>, required = false)]
    entries: Vec<serde_json::Value>,
    /// The rows, when a table is the answer: an object each, with the columns as names.
    #[schema(value_type = Vec<Object>, required = false)]
    rows: Vec<serde_json::Value>,
    /// The columns of a table.
    #[schema(required = false)]
    columns: Vec<AnswerColumn>,
    /// What it took.
    stats: AnswerStats,
    /// True when quantiles or counts of different values are estimates, because there were very many.
    estimated: bool,
    /// Fields the question names that no entry has: misspelt, perhaps.
    missing_fields: Vec<String>,
    /// True when a limit was reached: the answer is of what was looked at, or its first rows.
    truncated: bool,
    /// Which limit.
    #[schema(required = true)]
    truncated_by: Option<Cut>,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_query, post_query))
}

/// Ask a question.
///
/// With `Accept: application/x-ndjson` or `format=ndjson` the answer is the lines that `logan query -o json` prints, sent
/// while they are found. When a limit cuts it, one more line comes last: `{"truncated":{"by":"rows"}}`.
#[utoipa::path(
    get, path = "/api/v1/query", tag = "logs", security(("bearer" = [])), params(QueryParams),
    responses(
        (status = 200, content((QueryAnswer = "application/json"), (String = "application/x-ndjson"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn get_query(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    headers: HeaderMap,
    Params(pairs): Params,
) -> Result<Response, ApiError> {
    answer(&state, allowed.scope, &headers, Asked::read(pairs)?).await
}

/// Ask a question that is long.
///
/// As `GET`, with the parameters as JSON.
#[utoipa::path(
    post, path = "/api/v1/query", tag = "logs", security(("bearer" = [])), request_body = Asked,
    responses(
        (status = 200, content((QueryAnswer = "application/json"), (String = "application/x-ndjson"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn post_query(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    headers: HeaderMap,
    Json(asked): Json<Asked>,
) -> Result<Response, ApiError> {
    answer(&state, allowed.scope, &headers, asked).await
}

async fn answer(state: &AppState, scope: OrgScope, headers: &HeaderMap, asked: Asked) -> Result<Response, ApiError> {
    let now = state.now();
    let form = asked.format.unwrap_or_else(|| accepted(headers));
    match form {
        Form::Ndjson => stream::answer(state, scope, move || asked.question(now)).await,
        Form::Json => {
            let answer =
                answers::ask(state, scope, "query", move |store, budget| asked.question(now)?.object(store, budget));
            answer.await.map(json)
        }
    }
}

/// Returns the form the header `Accept` asks for.
fn accepted(headers: &HeaderMap) -> Form {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accept.flat_map(|value| value.split(',')).map(|kind| kind.split(';').next().unwrap_or("").trim());
    if kinds.any(|kind| kind.eq_ignore_ascii_case(NDJSON)) { Form::Ndjson } else { Form::Json }
}
