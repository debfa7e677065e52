//! The `json` format: one JSON object a line.
//!
//! Any object is an entry. Nested objects are flattened, their names joined with dots; arrays, empty
//! objects and objects nested deeper than 64 are kept as JSON text. Null means that the entry does not
//! have the field. Of a name that comes twice the last value counts. An integer that no `i64` holds, or
//! a number beyond a double, is kept as text with its exact digits. Time, level and message are taken
//! from the keys listed in [`super::keys`]; an object without a time is an entry without timestamp.
//!
//! The grammar is that of RFC 8259, with two liberties: strings may hold bytes that are not UTF-8, and
//! half a surrogate pair becomes U+FFFD. A line of more than 1000 values, or with a name longer than
//! 4096 bytes, is refused.
//!
//! Two wrappers that containers put around lines are opened: Docker's
//! `{"log":"…\n","stream":"stdout","time":"…"}` (with whatever other keys a collector has added) and
//! the line format of Kubernetes ([`super::container`]). The inner line is read as JSON, logfmt or any text format;
//! what it says goes before what the wrapper says.

mod skip;
mod string;
#[cfg(test)]
mod tests;
mod walk;

use std::borrow::Cow;

use super::container::{self, CriPieces, Inner};
use super::keys::assembly::Assembly;
use super::keys::scan::{byte, skip_blanks};
use crate::entry::{BatchBuilder, Record, RejectReason, Span};
use crate::parse::timestamp::TimeParser;
use crate::parse::{LineParser, Settings};
use walk::Wrapped;

pub(super) use string::{skip_string, unescape};
pub(super) use walk::Walk;

/// Where a line stopped being what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    what: &'static str,
    at: usize,
}

impl Fault {
    /// Something wrong at position `at`.
    pub fn new(what: &'static str, at: usize) -> Fault {
        Fault { what, at }
    }

    /// Something else was expected at `at`; at the end of the text it is the end that is wrong.
    pub fn expected(what: &'static str, text: &[u8], at: usize) -> Fault {
        if at >= text.len() { Fault::new("line ends inside the object", text.len()) } else { Fault::new(what, at) }
    }

    /// Tells it to the user; `start` is where the line begins.
    #[cold]
    pub fn reason(&self, format: &str, start: usize) -> RejectReason {
        Cow::Owned(format!("{format}: {} at column {}", self.what, self.at - start + 1))
    }
}

/// The text a line is read from: it ends with the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// The chunk up to the line's end, or an inner line.
    pub text: &'a [u8],
    /// Where a copy of the text begins in the scratch buffer; `None` when it is the chunk.
    pub scratch: Option<usize>,
}

impl Source<'_> {
    /// Returns the place of `text[start..end]`.
    #[inline(always)]
    pub fn span(&self, start: usize, end: usize) -> Span {
        match self.scratch {
            None => Span::chunk(start, end - start),
            Some(base) => Span::scratch(base + start, end - start),
        }
    }
}

/// Reads `json` lines.
#[derive(Debug)]
pub struct JsonParser {
    walk: Walk,
    assembly: Assembly,
    inner: Inner,
    /// A Docker wrapper's inner line, escapes undone.
    line: Vec<u8>,
    /// A line that Kubernetes had cut.
    pieces: CriPieces,
}

impl JsonParser {
    /// Returns the parser of times.
    pub(super) fn times(&mut self) -> &mut TimeParser {
        self.assembly.times()
    }

    /// Makes a parser whose fields are numbered by `builder`.
    pub fn new(settings: &Settings, builder: &mut BatchBuilder) -> JsonParser {
        // Fields are numbered when they are first met.
        let _ = builder;
        JsonParser {
            walk: Walk::new(),
            assembly: Assembly::new(settings),
            inner: Inner::new(settings),
            line: Vec::new(),
            pieces: CriPieces::default(),
        }
    }

    /// Puts the inner line in the place of a Docker wrapper.
    #[cold]
    fn open_docker(&mut self, text: &[u8], wrapped: Wrapped, record: &mut Record, builder: &mut BatchBuilder) {
        let Some((start, end, key)) = wrapped.log else { return };
        self.assembly.drop_message_of(key);
        // The line end is mostly the only escape: without it nothing needs to be copied.
        let content = without_line_end(&text[start..end]);
        let end = start + content.len();
        if memchr::memchr(b'\\', content).is_none() {
            let source = Source { text: &text[..end], scratch: None };
            return self.inner.read(source, start, record, &mut self.assembly, builder);
        }
        self.line.clear();
        unescape(content, &mut self.line);
        let source = Source { text: &self.line, scratch: Some(builder.scratch().len()) };
        builder.keep(&self.line);
        self.inner.read(source, 0, record, &mut self.assembly, builder);
    }

    /// Reads a line that Docker has cut.
    fn docker_pieces(
        &mut self,
        chunk: &[u8],
        pieces: &[(usize, usize)],
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), Fault> {
        let mark = builder.scratch().len();
        let mut logs = Vec::with_capacity(pieces.len());
        // The first piece comes last: what it says beside the line is what stays.
        for &(start, end) in pieces.iter().rev() {
            builder.scratch().truncate(mark);
            record.clear();
            self.assembly.begin(record);
            let source = Source { text: &chunk[..end], scratch: None };
            let wrapped = self.walk.object(source, start, record, &mut self.assembly, builder)?;
            let log = wrapped.log.filter(|_| wrapped.stream);
            logs.push(log.ok_or(Fault::new("expected a line of Docker's", start))?);
        }
        if let Some((_, _, key)) = logs.last() {
            self.assembly.drop_message_of(*key);
        }
        self.line.clear();
        for (place, (start, end, _)) in logs.iter().enumerate().rev() {
            let log = &chunk[*start..*end];
            unescape(if place == 0 { without_line_end(log) } else { log }, &mut self.line);
        }
        let source = Source { text: &self.line, scratch: Some(builder.scratch().len()) };
        builder.keep(&self.line);
        self.inner.read(source, 0, record, &mut self.assembly, builder);
        Ok(())
    }
}

/// Returns the text without the line end that it ends with, which is an escape.
pub(super) fn without_line_end(mut text: &[u8]) -> &[u8] {
    for line_end in [b"\\n", b"\\r"] {
        if text.ends_with(line_end) && opens_escape(&text[..text.len() - 1]) {
            text = &text[..text.len() - line_end.len()];
        }
    }
    text
}

/// Returns true when the text ends in a backslash that begins an escape, not one that ends one.
fn opens_escape(text: &[u8]) -> bool {
    text.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

impl LineParser for JsonParser {
    fn parse(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        let text = &chunk[..end];
        self.assembly.begin(record);
        let source = Source { text, scratch: None };
        let at = skip_blanks(text, start);
        if byte(text, at) == b'{' {
            let wrapped = self
                .walk
                .object(source, at, record, &mut self.assembly, builder)
                .map_err(|fault| fault.reason("json", start))?;
            if wrapped.stream && wrapped.log.is_some() {
                self.open_docker(text, wrapped, record, builder);
            }
        } else {
            let Some(line) = container::cri(text, at, self.assembly.times()) else {
                return Err(Fault::new("expected '{'", at).reason("json", start));
            };
            self.inner.read_cri(source, &line, record, &mut self.assembly, builder);
        }
        self.assembly.finish(chunk, record, builder);
        Ok(())
    }

    #[cold]
    fn parse_pieces(
        &mut self,
        chunk: &[u8],
        pieces: &[(usize, usize)],
        record: &mut Record,
        builder: &mut BatchBuilder,
    ) -> Result<(), RejectReason> {
        let &[(start, end), ..] = pieces else { return Err("json: no piece of a line".into()) };
        if byte(&chunk[..end], start) == b'{' {
            self.docker_pieces(chunk, pieces, record, builder).map_err(|fault| fault.reason("json", fault.at))?;
        } else {
            let refused = || Fault::new("expected a line of Kubernetes'", start).reason("json", start);
            self.pieces.unite(chunk, pieces, self.assembly.times()).ok_or_else(refused)?;
            let first = container::cri(&chunk[..end], start, self.assembly.times()).ok_or_else(refused)?;
            self.assembly.begin(record);
            self.inner.read_cri_pieces(chunk, &first, &self.pieces, record, &mut self.assembly, builder);
        }
        self.assembly.finish(chunk, record, builder);
        Ok(())
    }
}
