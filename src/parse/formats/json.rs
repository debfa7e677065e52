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

use super::container::{self, Inner};
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
        }
    }

    /// Puts the inner line in the place of a Docker wrapper.
    #[cold]
    fn open_docker(&mut self, text: &[u8], wrapped: Wrapped, record: &mut Record, builder: &mut BatchBuilder) {
        let Some((start, end, key)) = wrapped.log else { return };
        self.assembly.drop_message_of(key);
        // The line end is an escape, and mostly the only one: without it nothing needs to be copied.
        let mut end = end;
        for line_end in [&b"\\n"[..], b"\\r"] {
            if text[start..end].ends_with(line_end) && opens_escape(&text[start..end - 1]) {
                end -= line_end.len();
            }
        }
        let content = &text[start..end];
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
}
