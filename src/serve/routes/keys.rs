//! `/api/v1/keys`: API keys of the org.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::days_after;
use super::refusals::{Always, Body, Conflicting, Credential, Named};
use crate::serve::auth::access::{KeyScope, ManageKeys};
use crate::serve::auth::{Allowed, NewApiKey};
use crate::serve::control::{self, Key};
use crate::serve::error::ApiError;
use crate::serve::extract::{Id, Json, NoParams};
use crate::serve::ids::KeyId;
use crate::serve::origin::Origin;
use crate::serve::router::no_content;
use crate::serve::state::{AppState, blocking};
use crate::serve::words::{Name, whole};

/// API keys.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Keys {
    /// The oldest first.
    keys: Vec<Key>,
}

/// An API key to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    name: Name,
    /// What it may do.
    scope: KeyScope,
    /// How many days it is good; for ever if it is not given.
    #[serde(default, deserialize_with = "whole")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650, example = 365)]
    expires_in_days: Option<i64>,
}

/// An API key that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeKey {
    /// The text to send with requests, shown this once.
    #[schema(example = "lgn_01JDB2QX3V8Z5N4M7K6H9G0F1E_Zm9v…")]
    key: String,
    /// The key.
    #[serde(flatten)]
    made: Key,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(delete))
}

/// List the API keys.
#[utoipa::path(
    get, path = "/api/v1/keys", tag = "keys", security(("bearer" = [])), operation_id = "list_keys",
    responses((status = 200, description = "The keys", body = Keys), Credential, Always)
)]
async fn list(
    allowed: Allowed<ManageKeys>,
    _: NoParams,
    State(state): State<AppState>,
) -> Result<Answer<Keys>, ApiError> {
    let keys = move || {
        state.note_used_keys()?;
        state.control.keys(&allowed.scope)
    };
    Ok(Answer(Keys { keys: blocking(keys).await? }))
}

/// Make an API key that may do no more than whoever makes it.
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "keys", security(("bearer" = [])), operation_id = "create_key",
    request_body = NewKey,
    responses(
        (status = 201, description = "The key, with its text", body = MadeKey),
        Body, Credential, Conflicting, Always,
    )
)]
async fn create(
    allowed: Allowed<ManageKeys>,
    State(state): State<AppState>,
    origin: Origin,
    Json(body): Json<NewKey>,
) -> Result<(StatusCode, Answer<MadeKey>), ApiError> {
    let expires = body.expires_in_days.map(|days| days_after(origin.now, days, 3650)).transpose()?;
    let secret = NewApiKey::generate().map_err(|error| ApiError::internal(&error))?;
    let (name, scope) = (body.name.into_string(), body.scope);
    let new = control::NewKey { id: secret.id, secret: secret.hash, name, scope, expires };
    let made = blocking(move || state.control.create_key(&allowed.scope, &origin, &new)).await?;
    Ok((StatusCode::CREATED, Answer(MadeKey { key: secret.expose().to_owned(), made })))
}

/// Delete an API key: the next request with it is refused.
#[utoipa::path(
    delete, path = "/api/v1/keys/{key}", tag = "keys", security(("bearer" = [])), operation_id = "delete_key",
    params(("key" = KeyId, Path, description = "The key")),
    responses((status = 204, description = "It is deleted"), Credential, Named, Always)
)]
async fn delete(
    allowed: Allowed<ManageKeys>,
    _: NoParams,
    State(state): State<AppState>,
    origin: Origin,
    Id(key): Id<KeyId>,
) -> Result<StatusCode, ApiError> {
    blocking(move || state.control.delete_key(&allowed.scope, &origin, key)).await?;
    Ok(no_content())
}
