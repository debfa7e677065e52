//! Bodies in: what clients send, each in its own protocol, becomes batches of entries and rejects.
//!
//! Pure and blocking: bytes and the time of arrival go in, a [`Decoded`] comes out. Lines are read by the engine's own
//! parsers, so that a line means the same in a file and over HTTP. [`body`] takes the compression off; one file a
//! protocol follows; [`settle`] holds the limits all of them share, and says when an entry came that brought no time.
//!
//! What a request may make the server hold is bounded whatever its bytes say: nothing is allocated by a declared size,
//! nested messages are walked rather than unfolded ([`scan`], [`wire`]), and [`Limits`] ends a request that grows
//! beyond. Such a request is refused whole; a line that is wrong by itself is a reject, and its neighbours are taken.

pub mod body;
pub mod elastic;
mod error;
mod gather;
pub mod jsonline;
mod line;
pub mod loki;
pub mod native;
pub mod otlp;
mod scan;
mod settle;
pub mod syslog;
mod text;
mod wire;

use crate::entry::{EntryBatch, Reject};

pub use error::IntakeError;

/// What a body became.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The entries that were accepted, each with a time.
    pub batch: EntryBatch,
    /// What was not accepted, in the order of the body. `line` is the number of the line, element or item, from 1.
    pub rejects: Vec<Reject>,
    /// How many lines, elements or items the body had.
    pub lines: u64,
}

/// The field that marks an entry whose time is that of its arrival.
pub const TS_ASSUMED: &str = "ts_assumed";

/// What one request, line and entry may have.
#[derive(Clone, Copy, Debug)]
pub struct Limits;

impl Limits {
    /// Bytes of a line, document or record.
    pub const LINE_BYTES: usize = 1 << 20;
    /// Fields of an entry.
    pub const FIELDS: usize = 256;
    /// Bytes of a field's name, nested names joined.
    pub const NAME_BYTES: usize = 128;
    /// Entries of a request.
    pub const ENTRIES: usize = 1_000_000;
    /// Values of all entries of a request. What stands once beside many lines (labels) counts for each.
    pub const VALUES: usize = 8_000_000;
    /// Rejects of a request.
    pub const REJECTS: usize = 100_000;
    /// Different field names of a request. Each costs some hundred bytes, and a name takes three to send.
    pub const NAMES: usize = 10_000;
}
