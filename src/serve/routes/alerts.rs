//! `/api/v1/alerts`: what was found, and what became of it.

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::query::literal::{self, Clock};
use crate::serve::answers::parameters::{Parameters, wrong};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::{HandleAlerts, ReadAlerts};
use crate::serve::control::alerts::{Alert, AlertDetail, AlertFilter};
use crate::serve::control::words::{AlertState, Severity};
use crate::serve::error::ApiError;
use crate::serve::extract::{Id, Json, NoParams, Params};
use crate::serve::ids::{AlertId, RuleId};
use crate::serve::origin::Origin;
use crate::serve::state::{AppState, blocking};

/// Longest note.
const MOST_NOTE: usize = 2000;

/// Alerts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Alerts {
    /// The newest first.
    alerts: Vec<Alert>,
    /// Where the next page begins; null when this is the last.
    next_cursor: Option<AlertId>,
}

/// Which alerts are wanted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct Wanted {
    /// In this state.
    state: Option<AlertState>,
    /// Of this severity.
    severity: Option<Severity>,
    /// Of this rule.
    rule: Option<RuleId>,
    /// Seen last at this time or later: `2026-09-07T13:30:00Z`, `2h`, `yesterday`.
    #[param(max_length = 64, example = "24h")]
    since: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<AlertId>,
    /// How many at most; 100 if it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// What an alert can be put into.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Somebody knows.
    Acknowledged,
    /// It is over.
    Resolved,
}

/// What somebody does to an alert.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertHandling {
    /// What it is put into.
    state: Handling,
    /// What they say.
    #[serde(default)]
    #[schema(max_length = 2000, example = "the deploy of 13:20; rolled back")]
    note: String,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get, handle))
}

/// List alerts, the newest first.
#[utoipa::path(
    get, path = "/api/v1/alerts", tag = "alerts", security(("bearer" = [])), operation_id = "list_alerts",
    params(Wanted),
    responses((status = 200, description = "The alerts", body = Alerts), Credential, Always)
)]
async fn list(
    allowed: Allowed<ReadAlerts>,
    State(state): State<AppState>,
    Params(pairs): Params,
) -> Result<Answer<Alerts>, ApiError> {
    let mut parameters = Parameters::new(pairs);
    let limit = parameters.number("limit", 1..=1000)?.unwrap_or(100) as u32;
    let clock = Clock { now: state.now(), zone: crate::entry::Zone::default() };
    let time = |text: String| {
        let span = literal::time(&text, &clock);
        span.map(|span| span.start)
            .ok_or_else(|| wrong("since", "write a time like 2026-09-07T13:30:00Z, 2h or yesterday"))
    };
    let filter = AlertFilter {
        state: parameters.choice("state", AlertState::WORDS)?,
        severity: parameters.choice("severity", Severity::WORDS)?,
        rule: parameters.parsed("rule")?,
        since: parameters.take("since")?.map(time).transpose()?,
        before: parameters.parsed("cursor")?,
    };
    parameters.end()?;
    let mut alerts = blocking(move || state.control.alerts(&allowed.scope, &filter, limit + 1)).await?;
    let more = alerts.len() > limit as usize;
    alerts.truncate(limit as usize);
    let next_cursor = alerts.last().filter(|_| more).map(|alert| alert.id);
    Ok(Answer(Alerts { alerts, next_cursor }))
}

/// See an alert and all that was done to it.
#[utoipa::path(
    get, path = "/api/v1/alerts/{alert}", tag = "alerts", security(("bearer" = [])), operation_id = "get_alert",
    params(("alert" = AlertId, Path, description = "The alert")),
    responses((status = 200, description = "The alert", body = AlertDetail), Credential, Named, Always)
)]
async fn get(
    allowed: Allowed<ReadAlerts>,
    _: NoParams,
    State(state): State<AppState>,
    Id(alert): Id<AlertId>,
) -> Result<Answer<AlertDetail>, ApiError> {
    Ok(Answer(blocking(move || state.control.alert(&allowed.scope, alert)).await?))
}

/// Acknowledge or resolve an alert. When it fires again after that, it is a new alert.
#[utoipa::path(
    patch, path = "/api/v1/alerts/{alert}", tag = "alerts", security(("bearer" = [])), operation_id = "handle_alert",
    params(("alert" = AlertId, Path, description = "The alert")),
    request_body = AlertHandling,
    responses(
        (status = 200, description = "The alert as it is now", body = AlertDetail),
        Body, Credential, Named, Conflicting, Always,
    )
)]
async fn handle(
    allowed: Allowed<HandleAlerts>,
    State(state): State<AppState>,
    origin: Origin,
    Id(alert): Id<AlertId>,
    Json(body): Json<AlertHandling>,
) -> Result<Answer<AlertDetail>, ApiError> {
    if body.note.chars().count() > MOST_NOTE {
        return Err(ApiError::bad_request("invalid_body", "note: at most 2000 characters"));
    }
    let into = match body.state {
        Handling::Acknowledged => AlertState::Acknowledged,
        Handling::Resolved => AlertState::Resolved,
    };
    let handle = move || state.control.handle_alert(&allowed.scope, alert, into, &body.note, &origin);
    Ok(Answer(blocking(handle).await?))
}
