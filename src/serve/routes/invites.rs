//! `/api/v1/orgs/{org}/invites`: letting somebody in.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::days_after;
use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::config::SignUp;
use crate::serve::auth::access::{ManageMembers, Role};
use crate::serve::auth::{InOrg, NewSecret, Principal, SecretKind};
use crate::serve::control::{self, Invite};
use crate::serve::error::ApiError;
use crate::serve::extract::{Id, Json, NoParams};
use crate::serve::ids::{InviteId, OrgId};
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};
use crate::serve::words::{Email, whole};

/// Invitations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Invites {
    /// Those that are good, the oldest first.
    invites: Vec<Invite>,
}

/// An invitation to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvite {
    /// What whoever uses it becomes.
    role: Role,
    /// Whom it is for; anybody who has it if it is not given.
    #[serde(default)]
    email: Option<Email>,
    /// How many days it is good; as the server is set if it is not given.
    #[serde(default, deserialize_with = "whole")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 30, example = 7)]
    expires_in_days: Option<i64>,
}

/// An invitation that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeInvite {
    /// The text to hand on, shown this once.
    token: String,
    /// True when somebody without an account can sign up with it; where `signup` is closed, only who has one can use it.
    signs_up: bool,
    /// The invitation.
    #[serde(flatten)]
    invite: Invite,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(delete))
}

/// List the invitations that are good.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org}/invites", tag = "orgs", security(("bearer" = [])), operation_id = "list_invites",
    params(("org" = OrgId, Path, description = "The org of the credential")),
    responses((status = 200, description = "The invitations", body = Invites), Credential, Named, Always)
)]
async fn list(
    allowed: InOrg<ManageMembers>,
    _: NoParams,
    State(state): State<AppState>,
) -> Result<Answer<Invites>, ApiError> {
    let invites = blocking(move || state.control.invites(&allowed.scope, state.now())).await?;
    Ok(Answer(Invites { invites }))
}

/// Invite somebody. Whoever has the text gives it when signing up or logging in.
#[utoipa::path(
    post, path = "/api/v1/orgs/{org}/invites", tag = "orgs", security(("bearer" = [])),
    operation_id = "create_invite",
    params(("org" = OrgId, Path, description = "The org of the credential")), request_body = NewInvite,
    responses(
        (status = 201, description = "The invitation, with its text", body = MadeInvite),
        Body, Credential, Named, Conflicting, Always,
    )
)]
async fn create(
    allowed: InOrg<ManageMembers>,
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<NewInvite>,
) -> Result<(StatusCode, Answer<MadeInvite>), ApiError> {
    let usual = i64::try_from(state.settings.auth.invite.get().as_secs().div_ceil(86_400)).unwrap_or(30);
    let expires = days_after(origin.now, body.expires_in_days.unwrap_or(usual.clamp(1, 30)), 30)?;
    // The access table lets no key do this.
    let Principal::User { user, .. } = allowed.scope.principal() else {
        return Err(ApiError::forbidden("no key may invite people; somebody who is logged in may"));
    };
    let secret = NewSecret::generate(SecretKind::Invite).map_err(|error| ApiError::internal(&error))?;
    let email = body.email.map(|email| email.as_str().to_owned());
    let signs_up = state.settings.sign_up() != SignUp::Closed;
    let new = control::NewInvite { role: body.role, email, secret: secret.hash, created_by: user, expires };
    let invite = blocking(move || state.control.create_invite(&allowed.scope, &origin, &new)).await?;
    Ok((StatusCode::CREATED, Answer(MadeInvite { token: secret.expose().to_owned(), signs_up, invite })))
}

/// Take an invitation back.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org}/invites/{invite}", tag = "orgs", security(("bearer" = [])),
    operation_id = "delete_invite",
    params(
        ("org" = OrgId, Path, description = "The org of the credential"),
        ("invite" = InviteId, Path, description = "The invitation"),
    ),
    responses((status = 204, description = "It is not good any more"), Credential, Named, Always)
)]
async fn delete(
    allowed: InOrg<ManageMembers>,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
    path: Id<(OrgId, InviteId)>,
) -> Result<StatusCode, ApiError> {
    let Id((_, invite)) = path;
    blocking(move || state.control.delete_invite(&allowed.scope, &origin, invite)).await?;
    Ok(no_content())
}
