//! One file a resource: a handler reads its input, calls the library, shapes the answer.

mod audit;
mod auth;
mod invites;
mod keys;
mod members;
mod orgs;
mod refusals;
mod sessions;
mod users;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;

use super::error::ApiError;
use super::state::AppState;
use crate::entry::Timestamp;

/// Longest body of a request about accounts.
const ACCOUNT_BODY_BYTES: usize = 64 * 1024;

/// Returns all routes with their descriptions.
pub fn all() -> OpenApiRouter<AppState> {
    accounts()
}

/// People, orgs, keys.
fn accounts() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(users::routes())
        .merge(auth::routes())
        .merge(sessions::routes())
        .merge(orgs::routes())
        .merge(members::routes())
        .merge(invites::routes())
        .merge(keys::routes())
        .merge(audit::routes())
        .layer(DefaultBodyLimit::max(ACCOUNT_BODY_BYTES))
}

/// Returns the time so many days later; 400 unless they are 1 to `most`.
fn days_after(now: Timestamp, days: i64, most: i64) -> Result<Timestamp, ApiError> {
    let wrong = || ApiError::bad_request("invalid_body", format!("expires_in_days is 1 to {most}"));
    let seconds = (1..=most).contains(&days).then_some(days * 86_400).ok_or_else(wrong)?;
    Timestamp::from_seconds(now.seconds() + seconds, 0).ok_or_else(wrong)
}
