//! `/api/v1/orgs`: the org of whoever asks.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadOrg;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::Id;
use crate::serve::ids::OrgId;
use crate::serve::state::{AppState, blocking};

/// An org.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its name.
    pub name: String,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_org))
}

/// See an org.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org}", tag = "orgs", security(("bearer" = [])),
    params(("org" = OrgId, Path, description = "The org of the credential")),
    responses(
        (status = 200, body = Org),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 429, body = ErrorBody),
    )
)]
async fn get_org(
    allowed: Allowed<ReadOrg>,
    State(state): State<AppState>,
    Id(org): Id<OrgId>,
) -> Result<Json<Org>, ApiError> {
    if org != allowed.scope.org() {
        return Err(ApiError::not_found());
    }
    let name = blocking(move || state.control.org_name(&allowed.scope)).await?;
    Ok(Json(Org { id: org, name }))
}
