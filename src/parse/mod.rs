//! One line in, one entry out.
//!
//! [`ChunkParser`] takes a chunk of whole lines and makes an [`EntryBatch`], rejects and an account of
//! every line. Each usual format is a byte scanner of its own under `formats/` that borrows from the
//! chunk. Whether a line begins an entry depends on that line alone, so chunks can be cut at any such
//! line and parsed in parallel with the same result; only the year of timestamps that name none depends on those
//! before them ([`YearWalk`]).

use std::sync::Arc;

use crate::entry::{Account, EntryBatch, Position, Projection, Record, Reject, RejectReason, Timestamp};

mod chunk;
mod detect;
mod format;
pub mod formats;
mod level_word;
pub mod timestamp;

pub use chunk::{ChunkParser, MAX_ENTRY_BYTES};
pub use detect::{Candidate, Detection, detect};
pub use format::{Format, FormatSet, UnknownFormat};
pub use timestamp::TimeParser;
pub use timestamp::years::{Passage, YearRule, YearWalk, Yearless};

pub use crate::entry::{UnknownZone, Zone};

/// Reads one format.
pub trait LineParser {
    /// Parses `chunk[start..end]`, one line without its line end, into `record` (which is cleared).
    ///
    /// Spans point into `chunk`, or into `builder`'s scratch buffer for text that had to be made. Fields
    /// are numbered by [`crate::entry::BatchBuilder::field`]; what nobody wants need not be decoded, but
    /// whether the line is accepted must not depend on what is wanted. Of a refused line, what was added to
    /// the scratch buffer is thrown away.
    ///
    /// # Errors
    /// The reason, when the line is not of this format.
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        builder: &mut crate::entry::BatchBuilder,
    ) -> Result<(), RejectReason>;

    /// Parses a line that a container runtime has cut: where each piece begins and ends in `chunk`. Else as
    /// [`LineParser::parse`].
    ///
    /// # Errors
    /// The reason, when the pieces are not of this format.
    fn parse_pieces(
        &mut self,
        _chunk: &[u8],
        _pieces: &[(usize, usize)],
        _record: &mut Record,
        _builder: &mut crate::entry::BatchBuilder,
    ) -> Result<(), RejectReason> {
        Err("the format has no lines in pieces".into())
    }
}

/// How lines are read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is wanted of each entry.
    pub projection: Projection,
    /// The zone of timestamps that name none.
    pub zone: Zone,
    /// About when the source was last written: with it the first timestamp without a year is placed, at the
    /// latest year in which it does not lie more than a day after.
    pub reference: Option<Timestamp>,
}

/// What a chunk became.
#[derive(Debug, Default)]
pub struct ParsedChunk {
    /// The entries; positions are relative to the chunk until [`ParsedChunk::place`].
    pub batch: EntryBatch,
    /// The rejects, likewise relative (line 1 is the chunk's first line).
    pub rejects: Vec<Reject>,
    /// The account; adds up.
    pub account: Account,
    /// How many entries each format read.
    pub formats: Vec<(Arc<str>, u64)>,
    /// What there was of timestamps without a year.
    pub years: Option<Passage>,
}

impl ParsedChunk {
    /// Says where the chunk begins in its source: `base.line` lines and `base.offset` bytes lie before it.
    pub fn place(&mut self, base: Position) {
        self.batch.base = base;
        for reject in &mut self.rejects {
            reject.line += base.line;
            reject.offset += base.offset;
        }
    }
}
