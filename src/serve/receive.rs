//! From a request with logs to the org's store: the body read within its limits, decoded on a thread, stored, on disk.
//!
//! Every protocol's route does these three steps and nothing else: [`Sent::read`], a decoder of [`super::intake`],
//! [`Sent::store`]. Who asks was checked, and counted, before the first byte of the body was asked for.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use xxhash_rust::xxh3::xxh3_128;

use super::auth::OrgScope;
use super::error::ApiError;
use super::intake::body::{BodyLimits, Encoding, unpack};
use super::intake::{Arguments, Arrival, Decoded, IntakeError, Limits};
use super::net::{is_too_slow, too_slow};
use super::org::{OpenError, OrgStore, Reserved};
use super::state::{AppState, blocking};
use crate::entry::{EntryBatch, Reject, Timestamp};
use crate::storage::{Append, AppendEntries, Appended, LiveBlock, RequestKey};

/// A body that is not larger is decoded at once: handing it to a thread would take longer.
const SMALL_BYTES: usize = 16 * 1024;
/// Memory is set aside for a body in steps of at most this size while it comes in.
const STEP_BYTES: usize = 1 << 20;
/// A batch of more entries, or of more bytes of text, is encoded by its sender's thread, not by the store's, and cut into
/// blocks there.
const ENCODED_ROWS: usize = 8 * 1024;
const ENCODED_BYTES: usize = 4 << 20;
/// The header by which a request is stored once, however often it is sent.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// How many bodies are decoded at once: as many as there are cores.
static DECODING: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// A request with logs whose body is there.
#[derive(Debug)]
pub struct Sent {
    scope: OrgScope,
    state: AppState,
    store: Arc<OrgStore>,
    packed: Vec<u8>,
    encoding: Encoding,
    /// Memory set aside for the body as it came.
    reserved: Vec<Reserved>,
    key: Option<String>,
    /// What else than its body tells the request from others with its key.
    asked: Vec<u8>,
    arguments: Option<Arc<Arguments>>,
    /// When it arrived.
    pub now: Timestamp,
}

/// A request that was decoded.
#[derive(Debug)]
pub struct Received<T> {
    sent: Sent,
    /// Its hash, when it has a key.
    body_hash: [u8; 16],
    bytes: usize,
    /// What its body is.
    pub value: T,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is on disk.
    Now,
    /// It was stored before, and answered so.
    Before(Vec<u8>),
    /// It was only to be read.
    Not,
}

impl Sent {
    /// Reads the body.
    ///
    /// # Errors
    /// 413 when it is too large, 415 when its packing is not read, 408 when it comes too slowly, 503 when too much
    /// waits to be stored.
    pub async fn read(state: &AppState, scope: OrgScope, headers: &HeaderMap, body: Body) -> Result<Sent, ApiError> {
        let encoding = Encoding::from_header(single(headers, "Content-Encoding")?.and_then(text))?;
        let key = idempotency_key(headers)?;
        let limit = state.settings.limits.body.as_usize();
        let declared = headers.get(header::CONTENT_LENGTH).and_then(text).and_then(|length| length.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limit as u64) {
            return Err(too_large(limit));
        }
        let store = match state.orgs.opened(&scope) {
            Some(store) => store,
            None => {
                let state = state.clone();
                blocking(move || state.orgs.get(&scope)).await?
            }
        };
        let mut sent = Sent {
            scope,
            state: state.clone(),
            store,
            packed: Vec::new(),
            encoding,
            reserved: Vec::new(),
            key,
            asked: Vec::new(),
            arguments: None,
            now: state.now(),
        };
        sent.collect(body, limit).await?;
        sent.now = state.now();
        Ok(sent)
    }

    async fn collect(&mut self, mut body: Body, limit: usize) -> Result<(), ApiError> {
        // No more than the longest body: the queue holds one, and need not hold a step.
        let step = STEP_BYTES.min(limit);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if is_too_slow(&error) {
                    return too_slow();
                }
                tracing::debug!(%error, "a body broke off");
                ApiError::bad_request("incomplete_body", "the body ended before it was complete")
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if self.packed.len() + data.len() > limit {
                return Err(too_large(limit));
            }
            while self.packed.len() + data.len() > SMALL_BYTES + self.reserved.len() * step {
                self.reserved.push(self.store.reserve(step)?);
            }
            self.packed.extend_from_slice(&data);
        }
        Ok(())
    }

    /// Tells how the entries are to be shaped, and whether they are to be stored.
    pub fn shaped(self, arguments: Option<Arc<Arguments>>) -> Sent {
        Sent { arguments, ..self }
    }

    /// Tells by which parameters the body is read: with others the same body is another request.
    pub fn asked_with(self, parameters: &[(String, String)]) -> Sent {
        let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
        sorted.sort();
        let parts = sorted.into_iter().flat_map(|(name, value)| [name, value]);
        let asked = parts.flat_map(|part| part.bytes().chain([0xff])).collect();
        Sent { asked, ..self }
    }

    /// Tells how the body is packed, where the protocol says so rather than the header.
    pub fn packed_as(mut self, encoding: Encoding) -> Sent {
        if self.encoding == Encoding::Identity {
            self.encoding = encoding;
        }
        self
    }

    /// Unpacks the body and decodes it: small ones at once, others on a thread.
    ///
    /// # Errors
    /// What the decoder says.
    pub async fn decode<T: Send + 'static>(
        mut self,
        decoder: impl FnOnce(Vec<u8>, Arrival) -> Result<T, IntakeError> + Send + 'static,
    ) -> Result<Received<T>, ApiError> {
        let limits = &self.state.settings.limits;
        let arrival = Arrival { now: self.now, limits: Limits::of(limits), arguments: self.arguments.clone() };
        let limits = BodyLimits { bytes: limits.body.as_usize(), ratio: limits.compression_ratio as usize };
        let (packed, encoding) = (std::mem::take(&mut self.packed), self.encoding);
        let asked = std::mem::take(&mut self.asked);
        let has_key = self.key.is_some();
        let is_small = packed.len() <= SMALL_BYTES && encoding == Encoding::Identity;
        let work = move || -> Result<_, IntakeError> {
            let body = unpack(packed, encoding, limits)?;
            let hash = if has_key { hash_of(&body, &asked) } else { [0; 16] };
            let bytes = body.len();
            Ok((decoder(body, arrival)?, hash, bytes))
        };
        let (value, body_hash, bytes) = if is_small {
            work()?
        } else {
            let _place = DECODING.acquire().await.map_err(|error| ApiError::internal(&error))?;
            blocking(work).await?
        };
        self.state.limits.ingest(&self.scope.org().to_string(), bytes)?;
        Ok(Received { sent: self, body_hash, bytes, value })
    }
}

impl<T> Received<T> {
    /// Stores what was decoded; on disk when it returns. `answer` is what a repetition of the request is answered.
    ///
    /// # Errors
    /// 409 when the request's key was used for another, 503 and 507 when it cannot be stored.
    pub async fn store(self, protocol: &'static str, decoded: Decoded, answer: &[u8]) -> Result<(T, Stored), ApiError> {
        self.store_from(protocol, protocol.into(), decoded, answer).await
    }

    /// The same with a source of its own for the entries.
    ///
    /// # Errors
    /// As [`Received::store`].
    pub async fn store_from(
        self,
        protocol: &'static str,
        source: Arc<str>,
        decoded: Decoded,
        answer: &[u8],
    ) -> Result<(T, Stored), ApiError> {
        let Received { sent, body_hash, bytes, value } = self;
        let Sent { scope, store, key, reserved, arguments, .. } = sent;
        let Decoded { batch, rejects, .. } = decoded;
        if arguments.is_some_and(|arguments| arguments.is_debug) {
            return Ok((value, Stored::Not));
        }
        count(protocol, &batch, &rejects);
        if batch.rows == 0 && rejects.is_empty() && key.is_none() {
            return Ok((value, Stored::Now));
        }
        drop(reserved);
        let reserved = store.reserve(bytes)?;
        let request = key.map(|key| RequestKey { client: scope.client(), key: format!("{protocol}:{key}"), body_hash });
        let answer = if request.is_some() { answer.to_vec() } else { Vec::new() };
        let entries = entries(batch, &source).await?;
        match store.append(Append { entries, rejects, source, request, answer }, reserved).await? {
            Appended::Stored { .. } => Ok((value, Stored::Now)),
            Appended::Repeated { answer } => Ok((value, Stored::Before(answer))),
            Appended::Conflict => Err(ApiError::conflict(
                "idempotency_conflict",
                "this Idempotency-Key was used for another body, or with other parameters; take a new key for every request",
            )),
        }
    }
}

/// Returns the hash of a body and what it was asked with; of a body alone when that is nothing.
fn hash_of(body: &[u8], asked: &[u8]) -> [u8; 16] {
    let hash = xxh3_128(body);
    if asked.is_empty() {
        return hash.to_le_bytes();
    }
    xxh3_128(&[&hash.to_le_bytes(), asked].concat()).to_le_bytes()
}

/// Counts what came.
fn count(protocol: &'static str, batch: &EntryBatch, rejects: &[Reject]) {
    metrics::counter!("logan_entries_accepted_total", "source" => protocol).increment(batch.rows as u64);
    for reject in rejects {
        let labels = [("source", protocol), ("reason", Limits::kind(&reject.reason))];
        metrics::counter!("logan_entries_rejected_total", &labels).increment(1);
    }
}

/// Large batches are encoded here, on a thread, so that the store's own thread only writes.
async fn entries(batch: EntryBatch, source: &Arc<str>) -> Result<AppendEntries, ApiError> {
    if batch.rows < ENCODED_ROWS && batch.chunk.len() + batch.scratch.len() < ENCODED_BYTES {
        return Ok(AppendEntries::Rows(Box::new(batch)));
    }
    let source = source.clone();
    blocking(move || Ok::<_, ApiError>(AppendEntries::Encoded(LiveBlock::encode(batch, &source)))).await
}

/// Reads the key, if there is one: it is looked up in a table and answered in no header, but must be the text it looks like.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = single(headers, IDEMPOTENCY_KEY)? else { return Ok(None) };
    let is_key = |text: &&str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let key = text(value).filter(is_key).map(str::to_owned);
    key.map(Some).ok_or_else(|| {
        ApiError::bad_request("invalid_header", "Idempotency-Key must have 1 to 255 visible ASCII characters")
    })
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// Returns a header, if it is there; where it is there more than once, which one counts would be a guess.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h HeaderValue>, ApiError> {
    let mut given = headers.get_all(name).iter();
    match (given.next(), given.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(ApiError::bad_request("invalid_header", format!("{name} stands there more than once"))),
    }
}

fn too_large(limit: usize) -> ApiError {
    let limit = crate::entry::grouped(limit as u64);
    ApiError::too_large(format!("the body has more than {limit} bytes; send it in smaller requests"))
}

/// The store of an org that the configuration binds a listener to.
#[derive(Debug)]
pub struct OrgSink {
    /// What the server's parts share.
    pub state: AppState,
    /// The server itself, for that org.
    pub scope: OrgScope,
    /// How it came: `syslog:tcp:127.0.0.1:514`.
    pub source: Arc<str>,
}

impl super::syslog::Sink for OrgSink {
    async fn append(&self, decoded: Decoded) -> Result<(), ApiError> {
        let (state, scope) = (self.state.clone(), self.scope);
        let store = match blocking(move || Ok::<_, ApiError>(state.orgs.get(&scope))).await? {
            Ok(store) => store,
            Err(OpenError::Deleted) => {
                // Nobody is left to read them, and asking again would not help.
                let messages = decoded.batch.rows + decoded.rejects.len();
                metrics::counter!("logan_syslog_dropped_total", "cause" => "org_deleted").increment(messages as u64);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let bytes = decoded.batch.chunk.len() + decoded.batch.scratch.len();
        let reserved = store.reserve(bytes)?;
        count("syslog", &decoded.batch, &decoded.rejects);
        let entries = entries(decoded.batch, &self.source).await?;
        let (rejects, source) = (decoded.rejects, self.source.clone());
        store.append(Append { entries, rejects, source, request: None, answer: Vec::new() }, reserved).await?;
        Ok(())
    }

    async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        self.state.orgs.room(bytes).await
    }

    fn arrival(&self) -> Arrival {
        Arrival { now: self.state.now(), limits: Limits::of(&self.state.settings.limits), arguments: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::answers::tests::server;
    use crate::serve::syslog::Sink;

    #[tokio::test]
    async fn messages_for_a_deleted_org_are_dropped_and_make_no_file() {
        let (_folder, state, scope) = server();
        let sink = OrgSink { state: state.clone(), scope, source: "syslog:udp:test".into() };
        sink.append(Decoded::default()).await.expect("stored");
        assert!(state.orgs.path(scope.org()).exists());
        state.orgs.delete(&scope).expect("deletes");
        sink.append(Decoded::default()).await.expect("taken, so that nobody tries again");
        assert!(!state.orgs.path(scope.org()).exists());
    }
}
