//! An answer sent while it is found: JSON lines.
//!
//! The last line of an answer that was cut is `{"truncated":{"by":"rows"}}`. No entry and no row looks like that: nested
//! objects are flattened before they are stored. An answer that fails on its way is broken off, so that no client takes
//! a part for the whole.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::answer::Question;
use super::budget::{Budget, CancelOnDrop, Cut};
use crate::serve::auth::OrgScope;
use crate::serve::error::ApiError;
use crate::serve::state::AppState;

/// The media type of JSON lines.
pub const NDJSON: &str = "application/x-ndjson";
/// Pieces that wait for a slow client.
const PIECES: usize = 4;

type End = Result<Option<Cut>, ApiError>;

/// What is left to send. Dropped with the connection, and the question with it.
struct Rest {
    pieces: mpsc::Receiver<Vec<u8>>,
    end: Option<oneshot::Receiver<End>>,
    _cancel: CancelOnDrop,
}

/// Answers a question in JSON lines. It is read when its turn has come: that may be work as well.
///
/// # Errors
/// 429 when too many of the org wait already; what the question says before its first row.
pub async fn answer(
    state: &AppState,
    scope: OrgScope,
    question: impl FnOnce() -> Result<Question, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let store = super::store(state, scope).await?;
    let slot = store.query_slot().await?;
    let budget = Arc::new(Budget::of(&state.settings.query));
    let (piece, pieces) = mpsc::channel(PIECES);
    let (ended, end) = oneshot::channel();
    let mut rest = Rest { pieces, end: Some(end), _cancel: CancelOnDrop(budget.clone()) };
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut send = |bytes: Vec<u8>| send(&runtime, &piece, &budget, bytes);
        let answered = super::timed("stream", &budget, || question()?.run(&store, &budget, &mut send));
        drop((piece, slot));
        // Nobody to hear it is somebody who hung up.
        _ = ended.send(answered.map(|answered| answered.truncated_by));
    });
    // What is wrong before the first row can still be told by the status.
    let first = match rest.pieces.recv().await {
        Some(piece) => Bytes::from(piece),
        None => last_line(rest.end().await?),
    };
    let body = futures_util::stream::unfold((Some(first), rest), |(first, mut rest)| async move {
        if let Some(first) = first {
            return Some((Ok(first), (None, rest)));
        }
        if let Some(piece) = rest.pieces.recv().await {
            return Some((Ok(Bytes::from(piece)), (None, rest)));
        }
        rest.end.as_ref()?;
        let last = rest.end().await.map(last_line).map_err(|error| io::Error::other(error.message));
        Some((last, (None, rest)))
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    Ok(response)
}

impl Rest {
    async fn end(&mut self) -> End {
        let Some(end) = self.end.take() else { return Ok(None) };
        end.await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
    }
}

fn last_line(cut: Option<Cut>) -> Bytes {
    cut.map_or(Bytes::new(), |cut| Bytes::from(format!("{}\n", json!({"truncated": {"by": cut}}))))
}

/// Hands a piece to the connection. A client that takes too long to read cuts its answer: it holds a place and a state of
/// the store.
fn send(runtime: &Handle, piece: &mpsc::Sender<Vec<u8>>, budget: &Budget, bytes: Vec<u8>) {
    if budget.is_cancelled() || budget.reason() == Some(Cut::Time) {
        return;
    }
    // A little is always left, or an answer that was found at the last moment would be thrown away.
    let wait = budget.deadline().saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
    // The clock of a timeout is that of the runtime, which a thread of the scan is not part of by itself.
    match runtime.block_on(async { tokio::time::timeout(wait, piece.send(bytes)).await }) {
        Ok(Ok(())) => {}
        Ok(Err(_)) => budget.cancel(),
        Err(_) => budget.cut(Cut::Time),
    }
}
