//! How long a connection may do nothing. hyper knows one time limit for the head of a request, which also counts while a
//! connection waits for its next request, and none for a client that does not read its answer.
//!
//! The stream and the service note what a connection does; one timer per connection looks at the notes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::refusal;

/// No time limit runs.
const NONE: u64 = u64::MAX;

/// How long each may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the head of a request is there, from its first byte; of the first request, from the connection on.
    pub head: Duration,
    /// Until the next request begins, and until a client reads more of its answer.
    pub idle: Duration,
}

/// What a connection does, as times at which patience ends (in milliseconds since it began).
#[derive(Debug)]
pub struct Watch {
    patience: Patience,
    began: Instant,
    read_by: AtomicU64,
    write_by: AtomicU64,
    /// True between two requests.
    waits: AtomicBool,
    /// True once there was a request.
    was_asked: AtomicBool,
}

impl Watch {
    /// Begins with the head of the first request.
    pub fn new(patience: Patience) -> Arc<Watch> {
        let watch = Watch {
            patience,
            began: Instant::now(),
            read_by: AtomicU64::new(NONE),
            write_by: AtomicU64::new(NONE),
            waits: AtomicBool::new(false),
            was_asked: AtomicBool::new(false),
        };
        watch.read_by.store(watch.after(patience.head), Ordering::Relaxed);
        Arc::new(watch)
    }

    fn after(&self, period: Duration) -> u64 {
        u64::try_from((self.began.elapsed() + period).as_millis()).unwrap_or(NONE)
    }

    /// A request is there; its body has limits of its own.
    pub fn request_began(&self) {
        self.was_asked.store(true, Ordering::Relaxed);
        self.waits.store(false, Ordering::Relaxed);
        self.read_by.store(NONE, Ordering::Relaxed);
    }

    /// Its answer is there.
    fn request_ended(&self) {
        self.read_by.store(self.after(self.patience.idle), Ordering::Relaxed);
        self.waits.store(true, Ordering::Relaxed);
    }

    fn was_read(&self) {
        if self.waits.swap(false, Ordering::Relaxed) {
            self.read_by.store(self.after(self.patience.head), Ordering::Relaxed);
        }
    }

    fn was_written(&self, is_stuck: bool) {
        if !is_stuck {
            self.write_by.store(NONE, Ordering::Relaxed);
        } else if self.write_by.load(Ordering::Relaxed) == NONE {
            self.write_by.store(self.after(self.patience.idle), Ordering::Relaxed);
        }
    }

    /// Returns true when there was a request.
    pub fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed)
    }

    /// Returns when patience has ended.
    pub async fn ended(&self) {
        // No limit that begins later can end before this has passed.
        let look_again = self.patience.head.min(self.patience.idle);
        loop {
            let by = self.read_by.load(Ordering::Relaxed).min(self.write_by.load(Ordering::Relaxed));
            let left = Duration::from_millis(by).saturating_sub(self.began.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(look_again)).await;
        }
    }
}

/// A stream that notes what is read and written, and holds back what hyper says by itself of what is no request.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
    /// Bytes that are read before those of the stream.
    first: Bytes,
    /// The status of what was held back.
    refusal: Option<StatusCode>,
}

impl<S> Watched<S> {
    /// A stream at its beginning.
    pub fn new(stream: S, watch: Arc<Watch>) -> Watched<S> {
        Watched { stream, watch, first: Bytes::new(), refusal: None }
    }

    /// The same with bytes that are read before those that come.
    pub fn behind(self, first: Vec<u8>) -> Watched<S> {
        Watched { first: first.into(), ..self }
    }

    /// Returns what was held back, and the stream to say something else on.
    pub fn into_refused(self) -> Option<(StatusCode, S)> {
        Some((self.refusal?, self.stream))
    }

    /// Holds back what is written if it is a refusal of hyper's own, and all that follows.
    fn holds_back(&mut self, bytes: &[u8]) -> bool {
        self.refusal = self.refusal.or_else(|| refusal::status(bytes));
        self.refusal.is_some()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if !self.first.is_empty() {
            let count = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(count));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.watch.was_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        if self.holds_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch.was_written(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let first = pieces.iter().find(|piece| !piece.is_empty());
        if let Some(first) = first
            && self.holds_back(first)
        {
            return Poll::Ready(Ok(first.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.watch.was_written(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch.was_written(flushed.is_pending());
        flushed
    }

    /// Closes the stream, unless there is something to be said yet.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if self.refusal.is_some() {
            return Poll::Ready(Ok(()));
        }
        let closed = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch.was_written(closed.is_pending());
        closed
    }
}

/// The body of an answer; with it the request ends.
#[derive(Debug)]
pub struct Answer {
    body: Body,
    watch: Arc<Watch>,
}

impl Answer {
    /// Notes the end of the request when this body has been sent or dropped.
    pub fn new(body: Body, watch: Arc<Watch>) -> Answer {
        Answer { body, watch }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.watch.request_ended();
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
