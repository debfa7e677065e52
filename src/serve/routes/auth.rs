//! `/api/v1/auth`: logging in, staying, leaving, changing the password.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::serve::auth::SignedIn;
use crate::serve::auth::enter::{self, Entered};
use crate::serve::control::{Org, User};
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::{Json, NoParams};
use crate::serve::ids::OrgId;
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};
use crate::serve::words::{Email, NewPassword, Shown};

/// Who logs in, and where.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The e-mail address of the account.
    email: Email,
    /// Its password.
    password: Shown,
    /// The org to be in; the one the user has been in for longest if it is not given. Not together with `invite`.
    #[serde(default)]
    org: Option<OrgId>,
    /// The text of an invitation to another org, to be used and to be in.
    #[serde(default)]
    invite: Option<Shown>,
}

/// A refresh token, used up by this.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The refresh token of the last answer.
    refresh_token: Shown,
    /// Another org to be in from now on.
    #[serde(default)]
    org: Option<OrgId>,
}

/// A password to be changed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    current: Shown,
    /// The password from now on.
    new: NewPassword,
}

/// Tokens of a session.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Tokens {
    /// To be shown with each request: `Authorization: Bearer …`.
    access_token: String,
    /// How it is shown.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How many seconds it is good.
    #[schema(example = 900)]
    expires_in: u64,
    /// Gets the next tokens, once.
    refresh_token: String,
    /// The org the session is in.
    org: Org,
    /// Who logged in.
    user: User,
}

impl From<Entered> for Answer<Tokens> {
    fn from(entered: Entered) -> Answer<Tokens> {
        let refresh_token = entered.refresh.expose().to_owned();
        Answer(Tokens {
            access_token: entered.access,
            token_type: "Bearer",
            expires_in: entered.life.as_secs(),
            refresh_token,
            org: entered.started.org,
            user: entered.started.user,
        })
    }
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(log_in))
        .routes(routes!(refresh))
        .routes(routes!(log_out))
        .routes(routes!(change_password))
}

/// Log in. Somebody who is in no org any more gets a new one of their own, where sign-up is open.
#[utoipa::path(
    post, path = "/api/v1/auth/login", tag = "accounts", request_body = Login,
    responses(
        (status = 200, description = "The tokens of a new session", body = Tokens),
        (status = 401, description = "Wrong e-mail address or password", body = ErrorBody),
        (status = 403, description = "The user is in no org, and only the operator makes orgs; or the invitation is not good", body = ErrorBody),
        Body, Named, Conflicting, Always,
    )
)]
async fn log_in(
    State(state): State<AppState>,
    origin: Origin,
    Json(Login { email, password, org, invite }): Json<Login>,
) -> Result<Answer<Tokens>, ApiError> {
    if org.is_some() && invite.is_some() {
        return Err(ApiError::bad_request("invalid_body", "give either org or invite, not both"));
    }
    Ok(enter::log_in(&state, origin, enter::Login { email, password, org, invite }).await?.into())
}

/// Get the next tokens of a session. A refresh token that is used twice ends the session.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "accounts", request_body = Refresh,
    responses(
        (status = 200, description = "The next tokens", body = Tokens),
        (status = 401, description = "The refresh token is not known, was used or has expired", body = ErrorBody),
        Body, Named, Always,
    )
)]
async fn refresh(
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<Refresh>,
) -> Result<Answer<Tokens>, ApiError> {
    Ok(enter::refresh(&state, origin, &body.refresh_token, body.org).await?.into())
}

/// End the session.
#[utoipa::path(
    post, path = "/api/v1/auth/logout", tag = "accounts", security(("bearer" = [])),
    responses((status = 204, description = "It has ended"), Credential, Always)
)]
async fn log_out(
    signed_in: SignedIn,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
) -> Result<StatusCode, ApiError> {
    let SignedIn { user, session, .. } = signed_in;
    match blocking(move || state.control.end_session(&origin, user, session, "logout")).await {
        // It ended while this was asked.
        Err(error) if error.status == StatusCode::NOT_FOUND => Ok(no_content()),
        ended => ended.map(|()| no_content()),
    }
}

/// Change the password; all other sessions of the user end.
#[utoipa::path(
    post, path = "/api/v1/auth/password", tag = "accounts", security(("bearer" = [])), request_body = PasswordChange,
    responses((status = 204, description = "It is changed"), Body, Credential, Always)
)]
async fn change_password(
    signed_in: SignedIn,
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let who = (signed_in.user, signed_in.session);
    enter::change_password(&state, origin, signed_in.scope, who, &body.current, &body.new).await?;
    Ok(no_content())
}
