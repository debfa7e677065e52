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

use crate::config::{self, Size};
use crate::entry::{EntryBatch, Reject, RejectReason, Timestamp};

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

/// Returns the class of a reason, for metrics: reasons themselves name what was sent, and are too many.
pub fn class_of(reason: &str) -> &'static str {
    match reason {
        _ if reason.starts_with("longer than") => "too_long",
        _ if reason.starts_with("nested deeper") => "too_deep",
        _ if reason.contains(" fields, more than ") => "too_many_fields",
        _ if reason.starts_with("a field name is longer") => "long_name",
        _ if reason.starts_with("elastic: ") => "unsupported",
        _ => "unreadable",
    }
}

/// Counts what was accepted and what was not, by where it came from and why.
pub fn count(source: &'static str, decoded: &Decoded) {
    metrics::counter!("logan_entries_accepted_total", "source" => source).increment(decoded.batch.rows as u64);
    // There, at zero, before the first: a rate needs two values.
    metrics::counter!("logan_entries_rejected_total", "source" => source, "reason" => "unreadable").increment(0);
    for reject in &decoded.rejects {
        let labels = [("source", source), ("reason", class_of(&reject.reason))];
        metrics::counter!("logan_entries_rejected_total", &labels).increment(1);
    }
}

/// The field that marks an entry whose time is that of its arrival.
pub const TS_ASSUMED: &str = "ts_assumed";

/// When a request arrived, and what it may have.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// When it arrived.
    pub now: Timestamp,
    /// What it may have.
    pub limits: Limits,
}

impl Arrival {
    /// A request that arrives `now` where nothing else is set.
    pub fn at(now: Timestamp) -> Arrival {
        Arrival { now, limits: Limits::default() }
    }
}

/// What one line and entry may have, as it is set; and one request, which is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a line, document or record.
    pub line: usize,
    /// Fields of an entry.
    pub fields: usize,
    /// Bytes of a field's name, nested names joined.
    pub field_name: usize,
    /// How deep the JSON of an entry, or a record's value, may be nested.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::of(&config::Limits::default())
    }
}

impl Limits {
    /// Returns the limits that are set.
    pub fn of(settings: &config::Limits) -> Limits {
        Limits {
            line: settings.line.as_usize(),
            fields: settings.fields as usize,
            field_name: settings.field_name.as_usize(),
            depth: settings.depth as usize,
        }
    }

    /// Why a line is not taken that is longer than [`Limits::line`].
    pub fn too_long(&self) -> RejectReason {
        format!("longer than {}", Size::from_bytes(self.line as u64)).into()
    }

    /// Why an entry is not taken that is nested deeper than [`Limits::depth`].
    pub fn too_deep(&self) -> RejectReason {
        format!("nested deeper than {}", self.depth).into()
    }

    /// Why an entry is not taken that has `count` fields, more than [`Limits::fields`].
    pub fn too_many_fields(&self, count: usize) -> RejectReason {
        format!("{count} fields, more than {}", self.fields).into()
    }

    /// Entries of a request.
    pub const ENTRIES: usize = 1_000_000;
    /// Values of all entries of a request. What stands once beside many lines (labels) counts for each.
    pub const VALUES: usize = 8_000_000;
    /// Bytes of what stands once beside many lines, counted for each: they may have to be written out.
    pub const BESIDE_BYTES: usize = 256 << 20;
    /// Rejects of a request.
    pub const REJECTS: usize = 100_000;
    /// Different field names of a request. Each costs some hundred bytes, and a name takes three to send.
    pub const NAMES: usize = 10_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_class_of_its_own() {
        let limits = Limits::default();
        let classes = [limits.too_long(), limits.too_deep(), limits.too_many_fields(300)].map(|one| class_of(&one));
        assert_eq!(classes, ["too_long", "too_deep", "too_many_fields"]);
        assert_eq!(class_of("a field name is longer than 128 bytes"), "long_name");
        assert_eq!(class_of("elastic: entries are not changed"), "unsupported");
        assert_eq!(class_of("json: the line ends inside a text"), "unreadable");
    }
}
