//! Questions of the orgs' logs: the engine, run with limits.
//!
//! [`ask`] gives a question its place among those of its org, a [`Budget`] and a thread; it ends with the request that
//! asked. What a question is ([`parameters`], [`selection`]) and what its answer looks like ([`page`], [`answer`],
//! [`fields`], [`histogram`], [`tail`]) stands in a file each; the routes only name them.
//!
//! A limit that is reached cuts the answer, and the answer says so ([`Cut`]); it is never shorter in silence.

pub mod answer;
pub mod budget;
pub mod cursor;
pub mod fields;
pub mod histogram;
pub mod page;
pub mod parameters;
pub mod selection;
pub mod stream;
pub mod tail;
#[cfg(test)]
pub(in crate::serve) mod tests;

use std::sync::Arc;
use std::time::Instant;

pub use self::budget::{Budget, Cut};
use super::auth::OrgScope;
use super::error::ApiError;
use super::org::OrgStore;
use super::state::{AppState, blocking};
use budget::CancelOnDrop;

/// Returns the store of an org, opened if it was not.
///
/// # Errors
/// When it cannot be opened.
pub async fn store(state: &AppState, scope: OrgScope) -> Result<Arc<OrgStore>, ApiError> {
    if let Some(store) = state.orgs.opened(&scope) {
        return Ok(store);
    }
    let state = state.clone();
    blocking(move || state.orgs.get(&scope)).await
}

/// Runs a question on a thread for it, when its turn has come. When the future is dropped, because the client has hung
/// up, the question ends as well.
///
/// # Errors
/// 429 when too many of the org wait already; what the question says.
pub async fn ask<T: Send + 'static>(
    state: &AppState,
    scope: OrgScope,
    kind: &'static str,
    question: impl FnOnce(&OrgStore, &Budget) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let store = store(state, scope).await?;
    let slot = store.query_slot().await?;
    let budget = Arc::new(Budget::of(&state.settings.query));
    let _cancel = CancelOnDrop(budget.clone());
    blocking(move || {
        // Given back when the work has ended, not when the client has gone.
        let _slot = slot;
        timed(kind, &budget, || question(&store, &budget))
    })
    .await
}

/// Runs a question and notes how long it took, and how it ended.
fn timed<T>(
    kind: &'static str,
    budget: &Budget,
    question: impl FnOnce() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let began = Instant::now();
    let answer = question();
    let outcome = match &answer {
        _ if budget.is_cancelled() => "cancelled",
        Ok(_) if budget.reason().is_some() => "cut",
        Ok(_) => "answered",
        Err(error) if error.status.is_client_error() => "refused",
        Err(_) => "failed",
    };
    let seconds = began.elapsed().as_secs_f64();
    metrics::histogram!("logan_query_seconds", "kind" => kind, "outcome" => outcome).record(seconds);
    answer
}
