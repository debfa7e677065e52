//! One file a resource: a handler reads its input, calls the library, shapes the answer.

mod orgs;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

/// Returns all routes with their descriptions.
pub fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(orgs::routes())
}
