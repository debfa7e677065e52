//! One file a resource: a handler reads its input, calls the library, shapes the answer.

mod docs;
mod orgs;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

pub use self::docs::pages;

/// Returns all routes with their descriptions.
pub fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(orgs::routes()).merge(docs::routes())
}
