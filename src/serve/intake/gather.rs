//! Entries and rejects of one request while they are read.

use std::sync::Arc;

use super::arguments::Shaper;
use super::scan;
use super::settle::{check_room, reject, settle};
use super::{Arrival, Decoded, IntakeError, Limits};
use crate::entry::{BatchBuilder, FieldId, Position, Projection, Record, Reject, RejectReason, Span};
use crate::parse::formats::json::JsonParser;
use crate::parse::{LineParser, Settings, Zone};

/// Returns how lines that come over the network are read: everything is kept.
pub fn settings(arrival: &Arrival, zone: Zone) -> Settings {
    Settings { projection: Projection::all(), zone, reference: Some(arrival.now) }
}

/// Entries and rejects of one request while they are read. The parsers number their fields by `builder` and fill
/// `record`; [`Gather::push`] takes it.
#[derive(Debug)]
pub struct Gather {
    /// What the entries are put into.
    pub builder: BatchBuilder,
    /// The entry under construction.
    pub record: Record,
    rejects: Vec<Reject>,
    values: usize,
    beside: usize,
    arrival: Arrival,
    /// Applies what was asked for beside the body.
    shaper: Option<Box<Shaper>>,
}

impl Gather {
    /// Begins a request.
    pub fn new(arrival: &Arrival) -> Gather {
        let mut gather = Gather {
            builder: BatchBuilder::new(&Projection::all()),
            record: Record::default(),
            rejects: Vec::new(),
            values: 0,
            beside: 0,
            arrival: arrival.clone(),
            shaper: None,
        };
        let shaper = arrival.arguments.as_deref().map(|arguments| Shaper::new(arguments, &mut gather, arrival));
        gather.shaper = shaper.map(Box::new);
        gather
    }

    /// Returns what the request's lines and entries may have.
    pub fn limits(&self) -> &Limits {
        &self.arrival.limits
    }

    /// Reads `text[start..end]` into the record.
    ///
    /// # Errors
    /// The reason, when it is not of the parser's format or too long; nothing of it is kept then.
    #[inline]
    pub fn parse<P: LineParser>(
        &mut self,
        parser: &mut P,
        text: &[u8],
        start: usize,
        end: usize,
    ) -> Result<(), RejectReason> {
        self.record.clear();
        if end - start > self.arrival.limits.line {
            return Err(self.arrival.limits.too_long());
        }
        let mark = self.builder.scratch().len();
        let read = parser.parse(text, start, end, &mut self.record, &mut self.builder);
        if read.is_err() {
            self.builder.scratch().truncate(mark);
        }
        read
    }

    /// Reads a JSON object; one that is nested too deep is none.
    ///
    /// # Errors
    /// As [`Gather::parse`].
    #[inline]
    pub fn parse_json(
        &mut self,
        parser: &mut JsonParser,
        text: &[u8],
        start: usize,
        end: usize,
    ) -> Result<(), RejectReason> {
        self.parse(parser, text, start, end)?;
        if scan::is_deeper(&text[start..end], self.arrival.limits.depth) {
            return Err(self.arrival.limits.too_deep());
        }
        Ok(())
    }

    /// Takes the record as an entry whose exact bytes are `raw`, and which is this line of the request and begins at this
    /// offset. `text` is what its spans point into.
    ///
    /// # Errors
    /// When the request has become too large.
    #[inline]
    pub fn push(
        &mut self,
        text: &[u8],
        mut raw: Span,
        (line, offset): (u64, usize),
        format: &Arc<str>,
    ) -> Result<(), IntakeError> {
        if let Some(mut shaper) = self.shaper.take() {
            raw = shaper.shape(self, text, raw);
            self.shaper = Some(shaper);
        }
        self.builder.push(&self.record, raw, Position { line, offset: offset as u64 }, format);
        self.values += self.record.fields.len();
        if self.values > Limits::VALUES {
            return Err(IntakeError::TooLarge(
                "more than 8,000,000 values in one request; nothing of it was stored".into(),
            ));
        }
        if self.beside > Limits::BESIDE_BYTES {
            return Err(IntakeError::TooLarge(
                "labels or attributes beside the lines have more than 256 MiB, counted for each line; \
                 nothing of the request was stored"
                    .into(),
            ));
        }
        check_room(self.builder.rows(), 0, self.builder.field_count())
    }

    /// Notes that a line, element or item is not accepted.
    ///
    /// # Errors
    /// When the request has become too large.
    pub fn reject(
        &mut self,
        line: u64,
        offset: usize,
        text: &[u8],
        reason: impl Into<RejectReason>,
    ) -> Result<(), IntakeError> {
        self.rejects.push(reject(line, offset as u64, text, reason));
        // What a refused line has named stays known as well.
        check_room(0, self.rejects.len(), self.builder.field_count())
    }

    /// Counts bytes of texts that the record has from beside it.
    pub fn count_beside(&mut self, bytes: usize) {
        self.beside = self.beside.saturating_add(bytes);
    }

    /// Adds a text to the record's fields.
    pub fn text(&mut self, field: Option<FieldId>, text: &[u8]) {
        let span = self.builder.keep(text);
        self.record.text(field, span);
    }

    /// Ends the request of `lines` lines. `chunk` is what the spans point into.
    ///
    /// # Errors
    /// When the request is too large as a whole.
    pub fn finish(mut self, chunk: Vec<u8>, lines: u64) -> Result<Decoded, IntakeError> {
        let batch = self.builder.finish(chunk);
        settle(batch, self.rejects, lines, &self.arrival)
    }
}
