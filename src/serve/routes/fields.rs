//! `/api/v1/fields`: which fields there are, and their values.

use axum::Json;
use axum::extract::State;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::answers;
use crate::serve::answers::fields::{FieldsAnswer, FieldsAsked, ValuesAnswer, ValuesAsked};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::{Id, Params};
use crate::serve::state::AppState;

/// A stretch of time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct FieldsParams {
    /// Entries from this time on.
    #[param(required = false, example = "2h")]
    since: String,
    /// Entries until this time.
    #[param(required = false, example = "now")]
    until: String,
    /// The zone of times that name none.
    #[param(required = false, example = "UTC")]
    tz: String,
}

/// Which values. `field.NAME=value` and `NAME=value` are taken as in `GET /api/v1/logs`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct ValuesParams {
    /// How many values.
    #[param(required = false, minimum = 1, maximum = 1000)]
    limit: u64,
    /// How the values begin; case counts.
    #[param(required = false, max_length = 4096)]
    prefix: String,
    /// A filter of the query language.
    #[param(required = false, max_length = 4096)]
    q: String,
    /// Entries of this level or a worse one.
    #[param(required = false)]
    level: String,
    /// Words that all stand in the message.
    #[param(required = false)]
    keywords: String,
    /// Entries from this time on.
    #[param(required = false, example = "2h")]
    since: String,
    /// Entries until this time.
    #[param(required = false, example = "now")]
    until: String,
    /// The zone of times that name none.
    #[param(required = false, example = "UTC")]
    tz: String,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_fields)).routes(routes!(get_field_values))
}

/// List the fields.
///
/// Counts are exact; kinds, least and greatest numbers are those of the blocks the stretch of time touches.
#[utoipa::path(
    get, path = "/api/v1/fields", tag = "logs", security(("bearer" = [])), params(FieldsParams),
    responses(
        (status = 200, body = FieldsAnswer),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn get_fields(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    Params(pairs): Params,
) -> Result<Json<FieldsAnswer>, ApiError> {
    let now = state.now();
    let answer = answers::ask(&state, allowed.scope, "fields", move |store, budget| {
        FieldsAsked::read(pairs, now)?.run(store, budget)
    });
    answer.await.map(Json)
}

/// List the most frequent values of a field.
///
/// A field that no entry has has no values. The names of other fields are parameters as in `GET /api/v1/logs`.
#[utoipa::path(
    get, path = "/api/v1/fields/{name}/values", tag = "logs", security(("bearer" = [])),
    params(("name" = String, Path, description = "The field", example = "status"), ValuesParams),
    responses(
        (status = 200, body = ValuesAnswer),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "The path is no UTF-8"),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn get_field_values(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    Id(name): Id<String>,
    Params(pairs): Params,
) -> Result<Json<ValuesAnswer>, ApiError> {
    let now = state.now();
    let answer = answers::ask(&state, allowed.scope, "values", move |store, budget| {
        ValuesAsked::read(&name, pairs, now, || store.field_names())?.run(store, budget)
    });
    answer.await.map(Json)
}
