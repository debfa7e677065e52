//! `/api/v1/sessions`: where one is logged in.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Credential, Named};
use crate::serve::auth::SignedIn;
use crate::serve::control::Session;
use crate::serve::error::ApiError;
use crate::serve::extract::{Id, NoParams};
use crate::serve::ids::SessionId;
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};

/// The sessions of a user.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Sessions {
    /// The last used first.
    sessions: Vec<Session>,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(end))
}

/// List where one is logged in, in all orgs.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "accounts", security(("bearer" = [])), operation_id = "list_sessions",
    responses((status = 200, description = "The sessions", body = Sessions), Credential, Always)
)]
async fn list(signed_in: SignedIn, _: NoParams, State(state): State<AppState>) -> Result<Answer<Sessions>, ApiError> {
    let SignedIn { user, session, .. } = signed_in;
    let sessions = blocking(move || state.control.sessions(user, session, state.now())).await?;
    Ok(Answer(Sessions { sessions }))
}

/// End one of one's sessions.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{session}", tag = "accounts", security(("bearer" = [])),
    operation_id = "end_session",
    params(("session" = SessionId, Path, description = "The session")),
    responses((status = 204, description = "It has ended"), Credential, Named, Always)
)]
async fn end(
    signed_in: SignedIn,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
    Id(session): Id<SessionId>,
) -> Result<StatusCode, ApiError> {
    blocking(move || state.control.end_session(&origin, signed_in.user, session, "session.ended")).await?;
    Ok(no_content())
}
