//! `GET /api/v1/rejects`: lines that came and were no entries.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::answers;
use crate::serve::answers::parameters::Parameters;
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::Params;
use crate::serve::state::AppState;
use crate::storage::LiveReject;

/// Which rejects.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct RejectsParams {
    /// Rejects of a page; 100 when nobody says.
    #[param(required = false, minimum = 1, maximum = 1000)]
    limit: u64,
    /// `next_cursor` of the page before.
    #[param(required = false, pattern = "^r[0-9]{1,18}$")]
    cursor: String,
}

/// A page of rejects.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectsAnswer {
    /// The rejects, newest first.
    rejects: Vec<RejectedLine>,
    /// Where the next page begins; null on the last.
    next_cursor: Option<String>,
    /// Rejects that were not kept, because there were too many.
    dropped: u64,
    /// True when the page was ended early because it is large; `next_cursor` goes on.
    truncated: bool,
}

/// A line that is no entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct RejectedLine {
    /// Its number: a later reject has a greater one.
    id: i64,
    /// How it came.
    #[schema(example = "http")]
    source: String,
    /// When it came.
    #[schema(example = "2026-09-07T13:30:00.000Z")]
    arrived: Option<String>,
    /// Which line of its request it is, counted from 1.
    line: u64,
    /// Its first byte in the request, after decompression.
    offset: u64,
    /// Its bytes.
    length: u64,
    /// Why it is no entry.
    reason: String,
    /// What it says, at most the first 64 KiB; bytes that are no UTF-8 are replaced.
    raw: String,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_rejects))
}

/// List rejects.
///
/// Lines that were sent and are of no known format, newest first. The newest 100,000 are kept.
#[utoipa::path(
    get, path = "/api/v1/rejects", tag = "logs", security(("bearer" = [])), params(RejectsParams),
    responses(
        (status = 200, body = RejectsAnswer),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn get_rejects(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    Params(pairs): Params,
) -> Result<Json<RejectsAnswer>, ApiError> {
    let mut parameters = Parameters::new(pairs);
    let limit = parameters.number("limit", 1..=1000)?.unwrap_or(100) as usize;
    let before = parameters.take("cursor")?.map(|text| place(&text)).transpose()?;
    parameters.end()?;
    let most_bytes = state.settings.query.result.as_usize();
    let answer = answers::ask(&state, allowed.scope, "rejects", move |store, _| {
        let page = store.reader().live_rejects(before, limit)?;
        Ok(RejectsAnswer::of(page, most_bytes))
    });
    answer.await.map(Json)
}

/// Reads a cursor.
fn place(text: &str) -> Result<i64, ApiError> {
    let digits =
        text.strip_prefix('r').filter(|digits| digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit()));
    let wrong = || ApiError::bad_request("invalid_cursor", "the cursor is none; give back next_cursor as it came");
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)
}

impl RejectsAnswer {
    fn of(page: crate::storage::RejectPage, most_bytes: usize) -> RejectsAnswer {
        let count = page.rejects.len();
        let mut bytes = 0;
        let mut rejects: Vec<RejectedLine> = Vec::with_capacity(count);
        for reject in page.rejects {
            bytes += reject.reject.raw.len();
            if bytes > most_bytes && !rejects.is_empty() {
                break;
            }
            rejects.push(RejectedLine::of(reject));
        }
        let truncated = rejects.len() < count;
        let next = if truncated { rejects.last().map(|last| last.id) } else { page.next };
        RejectsAnswer { rejects, next_cursor: next.map(|id| format!("r{id}")), dropped: page.dropped, truncated }
    }
}

impl RejectedLine {
    fn of(LiveReject { id, source, arrived, reject }: LiveReject) -> RejectedLine {
        RejectedLine {
            id,
            source,
            arrived: arrived.map(|time| time.to_rfc3339(3)),
            line: reject.line,
            offset: reject.offset,
            length: reject.length,
            reason: reject.reason.into_owned(),
            raw: String::from_utf8_lossy(&reject.raw).into_owned(),
        }
    }
}
