//! `GET /api/v1/histogram`: how many entries when.

use axum::Json;
use axum::extract::State;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::answers;
use crate::serve::answers::histogram::{HistogramAnswer, HistogramAsked};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::Params;
use crate::serve::state::AppState;

/// What a histogram is asked by. `field.NAME=value` and `NAME=value` are taken as in `GET /api/v1/logs`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct HistogramParams {
    /// A filter of the query language.
    #[param(required = false, max_length = 4096)]
    q: String,
    /// Entries of this level or a worse one.
    #[param(required = false)]
    level: String,
    /// Words that all stand in the message.
    #[param(required = false)]
    keywords: String,
    /// Entries from this time on; from the first when nobody says.
    #[param(required = false, example = "2h")]
    since: String,
    /// Entries until this time; until the last when nobody says.
    #[param(required = false, example = "now")]
    until: String,
    /// The zone of times that name none.
    #[param(required = false, example = "UTC")]
    tz: String,
    /// Bins at most, of a width that reads well; 60 when nobody says.
    #[param(required = false, minimum = 1, maximum = 2000)]
    bins: u64,
    /// The width of a bin, instead of `bins`; at most 2000 of them.
    #[param(required = false, example = "5m")]
    every: String,
    /// `level`: counts each level apart.
    #[param(required = false, pattern = "^level$", example = "level")]
    by: String,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_histogram))
}

/// Count entries over time.
///
/// Bins begin at multiples of their width since 1970 UTC, whole weeks on Mondays; empty ones are there too. The names of
/// fields are parameters as in `GET /api/v1/logs`.
#[utoipa::path(
    get, path = "/api/v1/histogram", tag = "logs", security(("bearer" = [])), params(HistogramParams),
    responses(
        (status = 200, body = HistogramAnswer),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn get_histogram(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    Params(pairs): Params,
) -> Result<Json<HistogramAnswer>, ApiError> {
    let now = state.now();
    let answer = answers::ask(&state, allowed.scope, "histogram", move |store, budget| {
        HistogramAsked::read(pairs, now, || store.field_names())?.run(store, budget)
    });
    answer.await.map(Json)
}
