//! `/api/v1/users`: signing up, and who one is.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Body, Conflicting, Credential};
use crate::serve::auth::SignedIn;
use crate::serve::auth::enter::{self, Newcomer, Wants};
use crate::serve::control::{ControlError, Org, User};
use crate::serve::error::ApiError;
use crate::serve::extract::{Json, NoParams};
use crate::serve::origin::Origin;
use crate::serve::state::{AppState, blocking};
use crate::serve::words::{Email, Name, NewPassword, Shown};

/// An account to be made. With `invite` it is in the org of the invitation, else in a new org of its own.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    /// What to log in with.
    email: Email,
    /// Not one that is easily guessed: of common words, of sequences, of the names in this request.
    password: NewPassword,
    /// What to be called; the part of the e-mail address before `@` if it is not given.
    #[serde(default)]
    name: Option<Name>,
    /// The name of the new org; the person's name if it is not given. Not together with `invite`.
    #[serde(default)]
    org: Option<Name>,
    /// The text of an invitation. Not together with `org`.
    #[serde(default)]
    invite: Option<Shown>,
    /// The text of `logan serve admin-token`: makes an account whoever else may.
    #[serde(default)]
    admin_token: Option<Shown>,
}

/// A user in an org.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserInOrg {
    /// The user.
    user: User,
    /// The org.
    org: Org,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(sign_up)).routes(routes!(me))
}

/// Make an account.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "accounts", request_body = SignUp,
    responses(
        (status = 201, description = "The account is made; log in with it", body = UserInOrg),
        (status = 403, description = "Accounts are not made like this here, or the invitation is not good", body = crate::serve::error::ErrorBody),
        Body, Conflicting, Always,
    )
)]
async fn sign_up(
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<SignUp>,
) -> Result<(StatusCode, Answer<UserInOrg>), ApiError> {
    let SignUp { email, password, name, org, invite, admin_token } = body;
    let name = name.map_or_else(|| email.as_str().split('@').next().unwrap_or_default().to_owned(), Name::into_string);
    let wants = match (org, invite) {
        (Some(_), Some(_)) => {
            return Err(ApiError::bad_request("invalid_body", "give either org or invite, not both"));
        }
        (org, None) => Wants::OwnOrg(org.map_or_else(|| name.clone(), Name::into_string)),
        (None, Some(invite)) => Wants::Invite(invite),
    };
    let account = enter::sign_up(&state, origin, Newcomer { email, password, name, wants, admin_token }).await?;
    Ok((StatusCode::CREATED, Answer(UserInOrg { user: account.user, org: account.org })))
}

/// See who one is, and in which org the session is.
#[utoipa::path(
    get, path = "/api/v1/users/me", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, description = "The user", body = UserInOrg), Credential, Always)
)]
async fn me(signed_in: SignedIn, _: NoParams, State(state): State<AppState>) -> Result<Answer<UserInOrg>, ApiError> {
    let found = move || {
        let (user, org) = (state.control.user(signed_in.user)?, state.control.org(&signed_in.scope)?);
        Ok::<_, ControlError>(UserInOrg { user, org })
    };
    Ok(Answer(blocking(found).await?))
}
