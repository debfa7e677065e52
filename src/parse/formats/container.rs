//! The lines container runtimes put around the lines of a program.
//!
//! Kubernetes (CRI) writes `2026-11-22T10:00:00.123456789Z stdout F inner line`. `P` instead of `F` marks a
//! line that was too long and goes on in the next one: every piece is an entry, its field `partial` is true.
//! Docker's JSON wrapper is noticed by [`super::json`]. The inner line of either is read here: as JSON, as
//! logfmt, or else it is the message, whose first word may name the level.

use super::json::{Source, Walk};
use super::keys::Role;
use super::keys::assembly::{Assembly, Found};
use super::keys::scan::{byte, skip_blanks};
use super::keys::table::Action;
use super::logfmt::Pairs;
use crate::entry::{BatchBuilder, FieldId, Kind, NO_TIME, Record};
use crate::parse::level_word::level_of_message;
use crate::parse::timestamp::TimeParser;

/// The parts of a line as Kubernetes writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CriLine {
    time: (usize, usize),
    stream: (usize, usize),
    partial: bool,
    inner: usize,
}

/// Takes a line apart that begins at `at`, or returns `None` when Kubernetes would not write it so.
pub fn cri(text: &[u8], at: usize, times: &mut TimeParser) -> Option<CriLine> {
    // The cheap tests come first: this is asked of every line of a mixed file.
    if byte(text, at + 4) != b'-' || byte(text, at + 10) != b'T' {
        return None;
    }
    let time_end = at + memchr::memchr(b' ', &text[at..text.len().min(at + 40)])?;
    let rest = &text[time_end + 1..];
    if !rest.starts_with(b"stdout ") && !rest.starts_with(b"stderr ") {
        return None;
    }
    let stream = (time_end + 1, time_end + 7);
    // More tags may follow the first one after a colon; there are none yet.
    let tags = stream.1 + 1;
    let partial = match byte(text, tags) {
        b'P' => true,
        b'F' => false,
        _ => return None,
    };
    let tags_end = memchr::memchr(b' ', &text[tags..]).map_or(text.len(), |length| tags + length);
    if tags_end > tags + 1 && byte(text, tags + 1) != b':' {
        return None;
    }
    match times.exact(&text[at..time_end]) {
        None | Some((NO_TIME, _)) => None,
        Some(_) => Some(CriLine { time: (at, time_end), stream, partial, inner: (tags_end + 1).min(text.len()) }),
    }
}

/// Reads the inner lines of wrappers.
#[derive(Debug)]
pub struct Inner {
    json: Walk,
    logfmt: Pairs,
    /// The fields `stream` and `partial`, once they are met.
    fields: Option<[Option<FieldId>; 2]>,
}

impl Inner {
    /// Makes one that knows no keys.
    pub fn new() -> Inner {
        Inner { json: Walk::new(), logfmt: Pairs::new(), fields: None }
    }

    /// Reads a line as Kubernetes writes it.
    pub fn read_cri(
        &mut self,
        source: Source<'_>,
        line: &CriLine,
        record: &mut Record,
        assembly: &mut Assembly,
        builder: &mut BatchBuilder,
    ) {
        let [stream, partial] =
            *self.fields.get_or_insert_with(|| [builder.field(b"stream"), builder.field(b"partial")]);
        assembly.offer(record, Role::Time, source.span(line.time.0, line.time.1));
        if let Some(field) = stream {
            assembly.take(record, Action::Field(field), Found::text(source.span(line.stream.0, line.stream.1)));
        }
        if let Some(field) = partial.filter(|_| line.partial) {
            let found = Found { kind: Kind::Bool, payload: 1, text: source.span(line.inner, line.inner) };
            assembly.take(record, Action::Field(field), found);
        }
        self.read(source, line.inner, record, assembly, builder);
    }

    /// Reads the inner line that begins at `start` and ends with the text.
    pub fn read(
        &mut self,
        source: Source<'_>,
        start: usize,
        record: &mut Record,
        assembly: &mut Assembly,
        builder: &mut BatchBuilder,
    ) {
        assembly.begin_inner(record);
        let text = source.text;
        let at = skip_blanks(text, start);
        let read = if byte(text, at) == b'{' {
            self.json.object(source, at, record, assembly, builder).is_ok()
        } else {
            self.logfmt.read(source, start, record, assembly, builder).is_ok()
        };
        if read {
            return;
        }
        assembly.undo_inner(record);
        assembly.offer(record, Role::Message, source.span(start, text.len()));
        if assembly.matters(Role::Level) {
            record.level = level_of_message(&text[start..]);
        }
    }
}
