//! One file a resource: a handler reads its input, calls the library, shapes the answer.

mod fields;
mod histogram;
mod orgs;
mod query;
mod rejects;
mod search;
mod tail;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

/// Returns all routes with their descriptions.
pub fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(orgs::routes())
        .merge(search::routes())
        .merge(query::routes())
        .merge(fields::routes())
        .merge(histogram::routes())
        .merge(tail::routes())
        .merge(rejects::routes())
}
