//! `/api/v1/orgs`: the orgs of whoever asks.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::serve::auth::access::{ManageOrg, OwnOrg, ReadOrg};
use crate::serve::auth::enter::may_make_org;
use crate::serve::auth::{Allowed, InOrg, SignedIn};
use crate::serve::control::{ControlError, Org, OrgChange};
use crate::serve::error::ApiError;
use crate::serve::extract::{Json, NoParams};
use crate::serve::ids::OrgId;
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};
use crate::serve::words::{Name, given_whole};

/// Orgs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Orgs {
    /// The one the user has been in for longest first.
    orgs: Vec<Org>,
}

/// An org to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrg {
    /// Its name.
    name: Name,
}

/// What is to be another way; what is not given stays as it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrgPatch {
    /// Its name.
    #[serde(default)]
    name: Option<Name>,
    /// How many days entries are kept; null is as the server is set.
    #[serde(default, deserialize_with = "given_whole")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 36500, example = 30)]
    retention_days: Option<Option<i64>>,
    /// How many bytes of entries are kept; null is as the server is set.
    #[serde(default, deserialize_with = "given_whole")]
    #[schema(value_type = Option<i64>, minimum = 1048576, maximum = 1125899906842624_i64, example = 1073741824)]
    retention_bytes: Option<Option<i64>>,
}

impl OrgPatch {
    fn check(self) -> Result<OrgChange, ApiError> {
        let outside = |given: Option<Option<i64>>, allowed: std::ops::RangeInclusive<i64>| {
            given.flatten().is_some_and(|value| !allowed.contains(&value))
        };
        if outside(self.retention_days, 1..=36_500) {
            return Err(ApiError::bad_request("invalid_body", "retention_days is 1 to 36500"));
        }
        if outside(self.retention_bytes, 1 << 20..=1 << 50) {
            return Err(ApiError::bad_request("invalid_body", "retention_bytes is 1 MiB to 1 PiB"));
        }
        let name = self.name.map(Name::into_string);
        Ok(OrgChange { name, retention_days: self.retention_days, retention_bytes: self.retention_bytes })
    }
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, change, delete))
}

/// List the orgs one is in.
#[utoipa::path(
    get, path = "/api/v1/orgs", tag = "orgs", security(("bearer" = [])), operation_id = "list_orgs",
    responses((status = 200, description = "The orgs", body = Orgs), Credential, Always)
)]
async fn list(allowed: Allowed<ReadOrg>, _: NoParams, State(state): State<AppState>) -> Result<Answer<Orgs>, ApiError> {
    let orgs = blocking(move || state.control.orgs(&allowed.scope)).await?;
    Ok(Answer(Orgs { orgs }))
}

/// Make another org; log in again, or refresh, to be in it. Where sign-up is not open the operator makes orgs.
#[utoipa::path(
    post, path = "/api/v1/orgs", tag = "orgs", security(("bearer" = [])), operation_id = "create_org",
    request_body = NewOrg,
    responses((status = 201, description = "The org", body = Org), Body, Credential, Conflicting, Always)
)]
async fn create(
    signed_in: SignedIn,
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<NewOrg>,
) -> Result<(StatusCode, Answer<Org>), ApiError> {
    may_make_org(&state)?;
    let made = blocking(move || state.control.create_org(&origin, signed_in.user, body.name.as_str())).await?;
    Ok((StatusCode::CREATED, Answer(made)))
}

/// See an org.
#[utoipa::path(
    get, path = "/api/v1/orgs/{org}", tag = "orgs", security(("bearer" = [])), operation_id = "get_org",
    params(("org" = OrgId, Path, description = "The org of the credential")),
    responses((status = 200, description = "The org", body = Org), Credential, Named, Always)
)]
async fn get(allowed: InOrg<ReadOrg>, _: NoParams, State(state): State<AppState>) -> Result<Answer<Org>, ApiError> {
    Ok(Answer(blocking(move || state.control.org(&allowed.scope)).await?))
}

/// Change an org's name or how long its entries are kept. Who sets a retention, the same one again or a shorter one, asks
/// for what it deletes, also when that is more than half of the entries.
#[utoipa::path(
    patch, path = "/api/v1/orgs/{org}", tag = "orgs", security(("bearer" = [])), operation_id = "change_org",
    params(("org" = OrgId, Path, description = "The org of the credential")), request_body = OrgPatch,
    responses((status = 200, description = "The org as it is now", body = Org), Body, Credential, Named, Always)
)]
async fn change(
    allowed: InOrg<ManageOrg>,
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<OrgPatch>,
) -> Result<Answer<Org>, ApiError> {
    let change = body.check()?;
    Ok(Answer(blocking(move || state.control.change_org(&allowed.scope, &origin, &change)).await?))
}

/// Delete an org with its members' sessions, its keys and invitations. The only one that whoever asks is in stays (409):
/// make another one first.
#[utoipa::path(
    delete, path = "/api/v1/orgs/{org}", tag = "orgs", security(("bearer" = [])), operation_id = "delete_org",
    params(("org" = OrgId, Path, description = "The org of the credential")),
    responses((status = 204, description = "It is deleted"), Credential, Named, Conflicting, Always)
)]
async fn delete(
    allowed: InOrg<OwnOrg>,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
) -> Result<StatusCode, ApiError> {
    let delete = move || {
        state.control.delete_org(&allowed.scope, &origin)?;
        // The org is gone whatever becomes of its file, which nobody can ask for any more.
        if let Err(error) = state.orgs.delete(&allowed.scope) {
            tracing::error!(%error, "the store of a deleted org could not be deleted");
        }
        Ok::<(), ControlError>(())
    };
    blocking(delete).await?;
    Ok(no_content())
}
