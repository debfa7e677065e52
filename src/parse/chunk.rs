//! A chunk of whole lines becomes a batch of entries, rejects and an account of every line.
//!
//! What a line is depends on the line and, when no format reads it, on the entry before it:
//!
//! - A line that the main format reads, or else one of the others, begins an entry. Lines that begin with
//!   a blank, and those of stack traces, are left to the main format.
//! - A line that no format reads may join the entry before it ([`Takes`]). An entry grows to
//!   [`MAX_ENTRY_BYTES`] at most; the lines beyond are rejects.
//! - In a `json` file, the pieces of a line that a container runtime has cut are one entry ([`piece`]).
//! - Blank lines are counted as such, but between an entry and a line that joins it they join as well.
//! - Of the rest, lines that begin with `#` are comments and all others rejects. Either ends the entry before it.
//!
//! So a chunk cut in two before any line that begins an entry gives the same entries as the whole, but for the
//! year of timestamps that name none. It follows from those before them: a parser remembers them from chunk to
//! chunk, and can be told what stood before a chunk that does not follow its last one.

use std::sync::Arc;

use memchr::memchr;

use super::formats::AnyParser;
use super::formats::piece;
use super::formats::plain::level_of_second_line;
use super::timestamp::years::{Passage, SharedWalk, YearRule, YearWalk, Yearless};
use super::{Format, FormatSet, LineParser, ParsedChunk, Settings};
use crate::entry::{Account, BatchBuilder, EntryBatch, Position, Record, Reject, RejectReason, Span};

/// How long an entry may become by lines that join it, counted from its first byte.
pub const MAX_ENTRY_BYTES: usize = 1 << 20;

/// Parses chunks of one source; keeps its buffers from chunk to chunk.
#[derive(Debug)]
pub struct ChunkParser {
    main: AnyParser,
    main_format: Format,
    main_name: Arc<str>,
    others: Vec<Other>,
    builder: BatchBuilder,
    record: Record,
    walk: SharedWalk,
    years: YearRule,
    /// What the parser was made of, to make it anew.
    formats: FormatSet,
    settings: Settings,
}

/// How many different fields a parser keeps in mind; a source that has more is forgotten between chunks.
const MAX_FIELDS: usize = 20_000;

/// A format tried on lines the main one refuses.
#[derive(Debug)]
struct Other {
    format: Format,
    name: Arc<str>,
    parser: AnyParser,
    /// Entries of the current chunk.
    entries: u64,
}

impl ChunkParser {
    /// Makes a parser for sources of these formats.
    pub fn new(formats: &FormatSet, settings: &Settings) -> ChunkParser {
        let mut builder = BatchBuilder::new(&settings.projection);
        let walk = SharedWalk::default();
        let mut parser = |format| {
            let mut parser = AnyParser::new(format, settings, &mut builder);
            parser.join(&walk);
            parser
        };
        ChunkParser {
            main: parser(formats.main()),
            main_format: formats.main(),
            main_name: formats.main().name().into(),
            others: formats
                .others()
                .iter()
                .map(|format| Other {
                    format: *format,
                    name: format.name().into(),
                    parser: parser(*format),
                    entries: 0,
                })
                .collect(),
            builder,
            record: Record::default(),
            walk,
            years: YearRule::new(settings.zone, settings.reference),
            formats: formats.clone(),
            settings: settings.clone(),
        }
    }

    /// Parses whole lines; the last may lack its line end.
    ///
    /// # Panics
    /// When the chunk has 2 GiB or more.
    pub fn parse(&mut self, chunk: Vec<u8>) -> ParsedChunk {
        assert!(chunk.len() <= Span::MAX_BUFFER, "a chunk of {} bytes", chunk.len());
        if self.builder.field_count() > MAX_FIELDS {
            let walk = self.walk.get();
            *self = ChunkParser::new(&self.formats, &self.settings);
            self.walk.set(walk);
        }
        self.walk.set(self.walk.get());
        let mut lines = Lines {
            chunk: &chunk,
            others: &mut self.others,
            builder: &mut self.builder,
            record: &mut self.record,
            name: &self.main_name,
            format: self.main_format,
            account: Account { bytes: chunk.len() as u64, ..Account::default() },
            rejects: Vec::new(),
            open: None,
            blanks: Blanks::default(),
            apart: 0,
        };
        // One parser a loop: the compiler sees through each.
        match &mut self.main {
            AnyParser::Combined(parser) | AnyParser::Common(parser) => lines.run(parser),
            AnyParser::Json(parser) => lines.run(parser),
            AnyParser::Logfmt(parser) => lines.run(parser),
            AnyParser::Syslog(parser) => lines.run(parser),
            AnyParser::Plain(parser) => lines.run(parser),
        }
        let Lines { account, rejects, .. } = lines;
        debug_assert!(account.adds_up(), "{account:?}");
        let formats = self.take_counts(account.entries);
        let years = self.walk.passage();
        ParsedChunk { batch: self.builder.finish(chunk), rejects, account, formats, years }
    }

    /// Tells the parser which timestamps without a year stood before the next chunk.
    pub fn set_years(&mut self, walk: YearWalk) {
        self.walk.set(walk);
    }

    /// Returns true when a chunk would have come out the same if the parser had been told `walk` before it.
    pub fn agrees(&self, passage: &Passage, walk: YearWalk) -> bool {
        self.years.agrees(passage, walk)
    }

    /// Returns the first timestamp without a year of a line, whether or not an entry begins with it.
    pub fn yearless(&mut self, line: &[u8]) -> Option<Yearless> {
        self.walk.set(YearWalk::default());
        self.begins_entry(b"", line);
        self.walk.first()
    }

    /// Takes back a batch nobody needs any more, so that the next one need not allocate, and returns its chunk
    /// buffer, likewise for reuse.
    pub fn recycle(&mut self, batch: EntryBatch) -> Vec<u8> {
        self.builder.recycle(batch)
    }

    /// Returns true when the line begins an entry whatever stands before `before`, the line before it, which is empty
    /// for the first line there is. Either may have its line end.
    pub fn begins_entry(&mut self, before: &[u8], line: &[u8]) -> bool {
        let [before, line] = [before, line].map(without_line_end);
        if is_blank(line) || self.main_format == Format::Json && piece::continues(before, line) {
            return false;
        }
        let mark = self.builder.scratch().len();
        self.record.clear();
        let mut accepted = self.main.parse(line, 0, line.len(), &mut self.record, &mut self.builder).is_ok();
        if !accepted && !is_trace(line) {
            accepted = self.others.iter_mut().any(|other| {
                self.record.clear();
                other.parser.parse(line, 0, line.len(), &mut self.record, &mut self.builder).is_ok()
            });
        }
        self.builder.scratch().truncate(mark);
        accepted
    }

    /// Returns true when the line, with or without its line end, may belong to an entry before it, of which nothing
    /// is known.
    pub fn may_continue(&mut self, line: &[u8]) -> bool {
        self.main_format == Format::Json && piece::may_continue(without_line_end(line)) || !self.begins_entry(b"", line)
    }

    /// Returns the entries of each format that read any, and counts anew.
    fn take_counts(&mut self, entries: u64) -> Vec<(Arc<str>, u64)> {
        let others: Vec<_> = self
            .others
            .iter_mut()
            .map(|other| (other.name.clone(), std::mem::take(&mut other.entries)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let main = entries - others.iter().map(|(_, count)| count).sum::<u64>();
        let main = (main > 0).then(|| (self.main_name.clone(), main));
        main.into_iter().chain(others).collect()
    }
}

/// Which lines that no format reads join an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Every line: text logs break their messages as they like.
    All,
    /// Indented lines and those of stack traces; the format has a line end of its own.
    Traces,
    /// None: an access log has one line an entry.
    Nothing,
}

/// The entry that lines may join.
#[derive(Clone, Copy, Debug)]
struct Open {
    format: Format,
    start: usize,
    /// After its last line so far, without the line end.
    end: usize,
}

impl Open {
    fn takes(self, chunk: &[u8]) -> Takes {
        match self.format {
            Format::Plain => Takes::All,
            Format::Syslog if chunk[self.start] != b'<' => Takes::All,
            Format::Syslog | Format::Json | Format::Logfmt => Takes::Traces,
            Format::Combined | Format::Common => Takes::Nothing,
        }
    }
}

/// The blank lines since the last line that was not blank.
#[derive(Clone, Copy, Debug, Default)]
struct Blanks {
    count: u64,
    start: usize,
}

/// One line: where it begins, where it ends without its line end, and where the next one begins.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// 1-based within the chunk.
    number: u64,
    start: usize,
    end: usize,
    next: usize,
}

impl Line {
    /// The line that begins at `start`.
    #[inline]
    fn at(chunk: &[u8], number: u64, start: usize) -> Line {
        match memchr(b'\n', &chunk[start..]) {
            Some(length) if length > 0 && chunk[start + length - 1] == b'\r' => {
                Line { number, start, end: start + length - 1, next: start + length + 1 }
            }
            Some(length) => Line { number, start, end: start + length, next: start + length + 1 },
            None => Line { number, start, end: chunk.len(), next: chunk.len() },
        }
    }

    fn position(self) -> Position {
        Position { line: self.number, offset: self.start as u64 }
    }
}

/// A chunk while its lines are gone through.
struct Lines<'a> {
    chunk: &'a [u8],
    others: &'a mut [Other],
    builder: &'a mut BatchBuilder,
    record: &'a mut Record,
    name: &'a Arc<str>,
    format: Format,
    account: Account,
    rejects: Vec<Reject>,
    open: Option<Open>,
    blanks: Blanks,
    /// Pieces that begin before this offset did not give an entry together: each stands for itself.
    apart: usize,
}

impl Lines<'_> {
    fn run<P: LineParser>(&mut self, parser: &mut P) {
        let chunk = self.chunk;
        let (mut number, mut start) = (0, 0);
        let unites = self.format == Format::Json;
        while start < chunk.len() {
            number += 1;
            let line = Line::at(chunk, number, start);
            start = line.next;
            if is_blank(&chunk[line.start..line.end]) {
                self.blank(line);
                continue;
            }
            if unites
                && line.start >= self.apart
                && piece::goes_on(&chunk[line.start..line.end])
                && let Some(last) = self.unite(line, parser)
            {
                (number, start) = (last.number, last.next);
                continue;
            }
            self.record.clear();
            match parser.parse(chunk, line.start, line.end, self.record, self.builder) {
                Ok(()) => self.begin(line, self.format, self.name),
                Err(reason) => self.refused(line, reason),
            }
        }
        self.account.lines = number;
        self.account.entries = self.builder.rows() as u64;
    }

    /// Takes the record as an entry that begins with the line.
    #[inline]
    fn begin(&mut self, line: Line, format: Format, name: &Arc<str>) {
        let length = line.end - line.start;
        self.builder.push(self.record, Span::chunk(line.start, length), line.position(), name);
        self.open = Some(Open { format, start: line.start, end: line.end });
        self.blanks.count = 0;
        self.account.entry_bytes += length as u64;
        self.account.separator_bytes += (line.next - line.end) as u64;
    }

    /// Makes one entry of the pieces of a line, of which this is the first, and returns the last. `None` when it is the
    /// only one, or when they do not give an entry together: then each is a line of its own.
    #[cold]
    #[inline(never)]
    fn unite<P: LineParser>(&mut self, first: Line, parser: &mut P) -> Option<Line> {
        let chunk = self.chunk;
        let mut last = first;
        let mut pieces = vec![(first.start, first.end)];
        while last.next < chunk.len() {
            let next = Line::at(chunk, last.number + 1, last.next);
            if next.end - first.start > MAX_ENTRY_BYTES
                || !piece::continues(&chunk[last.start..last.end], &chunk[next.start..next.end])
            {
                break;
            }
            pieces.push((next.start, next.end));
            last = next;
        }
        if pieces.len() == 1 {
            return None;
        }
        let mark = self.builder.scratch().len();
        self.record.clear();
        if parser.parse_pieces(chunk, &pieces, self.record, self.builder).is_err() {
            self.builder.scratch().truncate(mark);
            // To try it again from the second piece on, and so on, would take the square of their number.
            self.apart = last.next;
            return None;
        }
        self.begin(Line { end: last.end, next: last.next, ..first }, self.format, self.name);
        self.account.continuation += pieces.len() as u64 - 1;
        Some(last)
    }

    fn blank(&mut self, line: Line) {
        if self.blanks.count == 0 {
            self.blanks.start = line.start;
        }
        self.blanks.count += 1;
        self.account.blank += 1;
        self.account.separator_bytes += (line.next - line.start) as u64;
    }

    /// Finds another use for a line the main format refused.
    #[cold]
    #[inline(never)]
    fn refused(&mut self, line: Line, reason: RejectReason) {
        let text = &self.chunk[line.start..line.end];
        let mark = self.builder.scratch().len();
        let is_trace = is_trace(text);
        if !is_trace {
            for index in 0..self.others.len() {
                let other = &mut self.others[index];
                self.record.clear();
                if other.parser.parse(self.chunk, line.start, line.end, self.record, self.builder).is_ok() {
                    other.entries += 1;
                    let (format, name) = (other.format, other.name.clone());
                    return self.begin(line, format, &name);
                }
                self.builder.scratch().truncate(mark);
            }
        }
        let Some(open) = self.open else { return self.put_aside(line, reason) };
        let joins = match open.takes(self.chunk) {
            Takes::All => true,
            Takes::Traces => is_trace,
            Takes::Nothing => false,
        };
        match joins {
            true if line.end - open.start <= MAX_ENTRY_BYTES => self.join(line, open),
            true => self.put_aside(line, "the entry before it has grown to 1 MiB".into()),
            false => self.put_aside(line, reason),
        }
    }

    /// Adds the line, and the blank lines before it, to the entry before it.
    fn join(&mut self, line: Line, open: Open) {
        let start = if self.blanks.count > 0 { self.blanks.start } else { line.start };
        let joined = self.builder.extend_last(self.chunk, open.start, start, line.end);
        debug_assert!(joined, "an open entry is in the batch");
        if open.format == Format::Plain
            && self.blanks.count == 0
            && memchr(b'\n', &self.chunk[open.start..open.end]).is_none()
            && let Some(level) = level_of_second_line(&self.chunk[line.start..line.end])
        {
            self.builder.level_of_last(level);
        }
        let account = &mut self.account;
        account.continuation += 1 + self.blanks.count;
        account.blank -= self.blanks.count;
        account.entry_bytes += (line.end - open.end) as u64;
        // What lay between the lines now lies within the entry.
        account.separator_bytes -= (line.start - open.end) as u64;
        account.separator_bytes += (line.next - line.end) as u64;
        self.blanks.count = 0;
        self.open = Some(Open { end: line.end, ..open });
    }

    /// Counts the line as a comment or a reject.
    fn put_aside(&mut self, line: Line, reason: RejectReason) {
        self.open = None;
        self.blanks.count = 0;
        let text = &self.chunk[line.start..line.end];
        if text.first() == Some(&b'#') {
            self.account.comment += 1;
            self.account.separator_bytes += (line.next - line.start) as u64;
            return;
        }
        self.account.rejects += 1;
        self.account.reject_bytes += text.len() as u64;
        self.account.separator_bytes += (line.next - line.end) as u64;
        self.rejects.push(Reject {
            line: line.number,
            offset: line.start as u64,
            length: text.len() as u64,
            reason,
            raw: text[..text.len().min(Reject::MAX_KEPT)].into(),
        });
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Returns true for a line of nothing but blanks.
#[inline]
pub(super) fn is_blank(text: &[u8]) -> bool {
    match text.first() {
        None => true,
        Some(b' ' | b'\t') => text.iter().all(|byte| matches!(byte, b' ' | b'\t')),
        Some(_) => false,
    }
}

/// Returns true for a line that by itself looks like part of the entry before it: indented, or of a stack trace.
fn is_trace(text: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 4] = [b"Caused by:", b"at ", b"Traceback (", b"Suppressed:"];
    matches!(text.first(), Some(b' ' | b'\t'))
        || BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
        || (text.starts_with(b"... ") && text.ends_with(b" more"))
}

#[cfg(test)]
mod tests;
