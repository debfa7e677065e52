//! `/api/v1/audit`: what was done in the org, and by whom.

use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Arguments, Credential};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadAudit;
use crate::serve::control::AuditEvent;
use crate::serve::error::ApiError;
use crate::serve::extract::Params;
use crate::serve::state::{AppState, blocking};

/// Which events.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// How many at most; 100 if it is not given.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    #[param(minimum = 1)]
    cursor: Option<i64>,
}

/// Events, the newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Events {
    /// The events.
    events: Vec<AuditEvent>,
    /// The cursor of the next page; null when this is the last.
    #[schema(minimum = 1)]
    next: Option<i64>,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Read the audit log, the newest events first.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", security(("bearer" = [])), operation_id = "list_audit", params(Page),
    responses((status = 200, description = "A page of events", body = Events), Arguments, Credential, Always)
)]
async fn list(
    allowed: Allowed<ReadAudit>,
    State(state): State<AppState>,
    Params(page): Params<Page>,
) -> Result<Answer<Events>, ApiError> {
    let limit = page.limit.unwrap_or(100);
    if !(1..=1000).contains(&limit) || page.cursor.is_some_and(|cursor| cursor < 1) {
        return Err(ApiError::bad_request("invalid_parameter", "limit is 1 to 1000, cursor at least 1"));
    }
    let mut events = blocking(move || {
        state.note_used_keys()?;
        state.control.audit(&allowed.scope, page.cursor, limit + 1)
    })
    .await?;
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next = events.last().filter(|_| more).map(|event| event.id);
    Ok(Answer(Events { events, next }))
}
