//! Bodies of requests must come at some pace: 408 for those that do not.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::config::Limits;
use crate::serve::error::ApiError;

/// The slowest a body may be.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two pieces.
    idle: Duration,
    /// For all of it.
    total: Duration,
    /// Bytes a second.
    rate: u64,
}

impl Pace {
    /// As the settings say.
    pub fn of(limits: &Limits) -> Pace {
        Pace { idle: limits.body_idle.into(), total: limits.body_total.into(), rate: limits.body_rate.bytes() }
    }

    /// Returns when a body that began at `began` and of which `bytes` are here must have sent more. It may fall behind
    /// its rate by as much as it may be idle, so that a short body is no slower than the first look at it.
    fn until(&self, began: Instant, now: Instant, bytes: u64) -> Instant {
        let worth = Duration::from_secs_f64(bytes as f64 / self.rate as f64);
        (began + self.total).min(now + self.idle).min(began + self.idle + worth.min(self.total))
    }
}

/// A body that fails when it is too slow.
struct Paced {
    body: Body,
    pace: Pace,
    began: Instant,
    bytes: u64,
    timer: Pin<Box<Sleep>>,
    was_slow: Arc<AtomicBool>,
}

#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                if let Some(Ok(frame)) = &frame {
                    self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                    let until = self.pace.until(self.began, Instant::now(), self.bytes);
                    self.timer.as_mut().reset(until);
                }
                Poll::Ready(frame)
            }
            Poll::Pending if self.timer.as_mut().poll(context).is_ready() => {
                self.was_slow.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Returns true when reading a body failed because it came too slowly.
pub fn is_too_slow(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// 408: the body came too slowly.
pub fn too_slow() -> ApiError {
    let message = "the body came too slowly; nothing of it was stored";
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message)
}

/// Reads the body at its pace; whatever a handler makes of one that was too slow, the answer is 408.
pub async fn keep_pace(State(pace): State<Pace>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let was_slow = Arc::new(AtomicBool::new(false));
    let now = Instant::now();
    let flag = was_slow.clone();
    let request = request.map(|body| {
        let timer = Box::pin(tokio::time::sleep_until(pace.until(now, now, 0)));
        Body::new(Paced { body, pace, began: now, bytes: 0, timer, was_slow: flag })
    });
    let response = next.run(request).await;
    if !was_slow.load(Ordering::Relaxed) {
        return response;
    }
    // A handler that speaks another protocol says so in its words.
    let mut response =
        if response.status() == StatusCode::REQUEST_TIMEOUT { response } else { too_slow().into_response() };
    // The rest of the body may still come: nothing else can be asked here.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_must_keep_its_rate_and_may_be_idle_only_so_long() {
        let pace = Pace { idle: Duration::from_secs(10), total: Duration::from_secs(60), rate: 1024 };
        let began = Instant::now();
        // Seconds since the beginning, bytes until then, second by which more must be there.
        let cases = [(0, 0, 10), (5, 1, 10), (5, 1024, 11), (5, 100_000, 15), (30, 1024 * 25, 35), (55, 1_000_000, 60)];
        for (at, bytes, expected) in cases {
            let until = pace.until(began, began + Duration::from_secs(at), bytes);
            assert_eq!((until - began).as_secs(), expected, "{bytes} bytes after {at} s");
        }
    }

    /// Posts `body` to a handler that reads it all.
    fn post(pace: Pace, body: Body) -> (StatusCode, Option<HeaderValue>) {
        use tower::ServiceExt;

        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let service: axum::Router = axum::Router::new()
            .route("/", axum::routing::post(|body: Bytes| async move { body.len().to_string() }))
            .layer(axum::middleware::from_fn_with_state(pace, keep_pace));
        let request = Request::post("/").body(body).expect("a request");
        let response = runtime.block_on(service.oneshot(request)).expect("an answer");
        (response.status(), response.headers().get(header::CONNECTION).cloned())
    }

    #[test]
    fn a_body_that_stops_coming_is_answered_408_and_the_connection_closed() {
        use futures_util::StreamExt;
        use futures_util::stream::{iter, pending};

        let pace = Pace { idle: Duration::from_millis(20), total: Duration::from_secs(600), rate: 1 };
        let pieces = || iter([Ok::<_, std::io::Error>("a piece, "), Ok("another")]);
        assert_eq!(post(pace, Body::from_stream(pieces())), (StatusCode::OK, None));
        let stuck = Body::from_stream(pieces().chain(pending()));
        assert_eq!(post(pace, stuck), (StatusCode::REQUEST_TIMEOUT, Some(HeaderValue::from_static("close"))));
        let never = Body::from_stream(pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(post(pace, never).0, StatusCode::REQUEST_TIMEOUT);
    }
}
