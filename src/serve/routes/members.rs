//! `/api/v1/orgs/{org}/members`: who is in an org.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::serve::auth::InOrg;
use crate::serve::auth::access::{ManageMembers, ReadOrg, Role};
use crate::serve::control::Member;
use crate::serve::error::ApiError;
use crate::serve::extract::{Id, Json, NoParams};
use crate::serve::ids::{OrgId, UserId};
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};

/// Who is in an org.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Members {
    /// The longest first.
    members: Vec<Member>,
}

/// What a member is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    /// The role from now on.
    role: Role,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change, remove))
}

/// List who is in the org.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org}/members", tag = "orgs", security(("bearer" = [])), operation_id = "list_members",
    params(("org" = OrgId, Path, description = "The org of the credential")),
    responses((status = 200, description = "The members", body = Members), Credential, Named, Always)
)]
async fn list(
    allowed: InOrg<ReadOrg>,
    _: NoParams,
    State(state): State<AppState>,
) -> Result<Answer<Members>, ApiError> {
    let members = blocking(move || state.control.members(&allowed.scope)).await?;
    Ok(Answer(Members { members }))
}

/// Change what a member is. Only an owner makes or changes owners; an org keeps one.
#[utoipa::path(
    patch, path = "/api/v1/orgs/{org}/members/{user}", tag = "orgs", security(("bearer" = [])),
    operation_id = "change_member",
    params(
        ("org" = OrgId, Path, description = "The org of the credential"),
        ("user" = UserId, Path, description = "The member"),
    ),
    request_body = MemberPatch,
    responses(
        (status = 200, description = "The member as it is now", body = Member),
        Body, Credential, Named, Conflicting, Always,
    )
)]
async fn change(
    allowed: InOrg<ManageMembers>,
    State(state): State<AppState>,
    origin: Origin,
    path: Id<(OrgId, UserId)>,
    Json(MemberPatch { role }): Json<MemberPatch>,
) -> Result<Answer<Member>, ApiError> {
    let Id((_, user)) = path;
    Ok(Answer(blocking(move || state.control.change_role(&allowed.scope, &origin, user, role)).await?))
}

/// Take somebody out of the org. Only an owner removes owners; an org keeps one.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org}/members/{user}", tag = "orgs", security(("bearer" = [])),
    operation_id = "remove_member",
    params(
        ("org" = OrgId, Path, description = "The org of the credential"),
        ("user" = UserId, Path, description = "The member"),
    ),
    responses((status = 204, description = "They are out"), Credential, Named, Conflicting, Always)
)]
async fn remove(
    allowed: InOrg<ManageMembers>,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
    path: Id<(OrgId, UserId)>,
) -> Result<StatusCode, ApiError> {
    let Id((_, user)) = path;
    blocking(move || state.control.remove_member(&allowed.scope, &origin, user)).await?;
    Ok(no_content())
}
