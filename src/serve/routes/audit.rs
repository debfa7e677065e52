//! `/api/v1/audit`: what was done in the org, and by whom.

use axum::Json as Answer;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Credential};
use crate::serve::answers::parameters::Parameters;
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadAudit;
use crate::serve::control::AuditEvent;
use crate::serve::error::ApiError;
use crate::serve::extract::Params;
use crate::serve::state::{AppState, blocking};

/// Which events.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
pub struct Page {
    /// How many at most; 100 if it is not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
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
    next_cursor: Option<i64>,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Read the audit log, the newest events first.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", security(("bearer" = [])), operation_id = "list_audit", params(Page),
    responses((status = 200, description = "A page of events", body = Events), Credential, Always)
)]
async fn list(
    allowed: Allowed<ReadAudit>,
    State(state): State<AppState>,
    Params(pairs): Params,
) -> Result<Answer<Events>, ApiError> {
    let mut parameters = Parameters::new(pairs);
    let limit = parameters.number("limit", 1..=1000)?.unwrap_or(100) as u32;
    let cursor = parameters.number("cursor", 1..=i64::MAX as u64)?.map(u64::cast_signed);
    parameters.end()?;
    let mut events = blocking(move || {
        state.note_used_keys()?;
        state.control.audit(&allowed.scope, cursor, limit + 1)
    })
    .await?;
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next_cursor = events.last().filter(|_| more).map(|event| event.id);
    Ok(Answer(Events { events, next_cursor }))
}
