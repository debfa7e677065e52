//! `GET /api/v1/tail`: what arrives, as it arrives.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::answers;
use crate::serve::answers::tail::{Followed, events, follow};
use crate::serve::auth::Allowed;
use crate::serve::auth::access::ReadLogs;
use crate::serve::error::{ApiError, ErrorBody};
use crate::serve::extract::Params;
use crate::serve::state::{AppState, blocking};

/// What is followed. `field.NAME=value` and `NAME=value` are taken as in `GET /api/v1/logs`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "read by name: this describes them")]
struct TailParams {
    /// A filter of the query language.
    #[param(required = false, max_length = 4096)]
    q: String,
    /// Entries of this level or a worse one.
    #[param(required = false)]
    level: String,
    /// Words that all stand in the message.
    #[param(required = false)]
    keywords: String,
    /// The zone of times in `q` that name none.
    #[param(required = false, example = "UTC")]
    tz: String,
}

/// Returns the routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_tail))
}

/// Follow the log.
///
/// Server-sent events: `entry` with an entry as `GET /api/v1/logs` gives it and its arrival number as id; `dropped` with
/// `{"entries": 12, "exact": true}` when more matched than were sent; comments that keep the connection open. The header
/// `Last-Event-ID` goes on after that entry, otherwise only what arrives from now on is sent. The names of fields are
/// parameters as in `GET /api/v1/logs`.
#[utoipa::path(
    get, path = "/api/v1/tail", tag = "logs", security(("bearer" = [])), params(TailParams),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    )
)]
async fn get_tail(
    allowed: Allowed<ReadLogs>,
    State(state): State<AppState>,
    headers: HeaderMap,
    Params(pairs): Params,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let now = state.now();
    let store = answers::store(&state, allowed.scope).await?;
    let slot = store.tail_slot()?;
    let asked = store.clone();
    let read = move || {
        let followed = Followed::read(pairs, now, || asked.field_names())?;
        Ok::<_, ApiError>((followed, asked.reader().newest_line()?))
    };
    let (followed, newest) = blocking(read).await?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let (sender, receiver) = events();
    tokio::spawn(async move {
        follow(state, allowed.scope, store, followed, last.unwrap_or(newest), sender).await;
        drop(slot);
    });
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}
