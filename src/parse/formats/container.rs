//! The lines container runtimes put around the lines of a program.
//!
//! Kubernetes (CRI) writes `2026-11-22T10:00:00.123456789Z stdout F inner line`. `P` instead of `F` marks a
//! line that was too long and goes on in the next one ([`super::piece`]); where that is missing, the field `partial` is true.
//! Docker's JSON wrapper is noticed by [`super::json`]. The inner line of either is read here: as JSON, as
//! logfmt, as any of the text formats, or else it is the message, whose first word may name the level. The time of a
//! text line counts only where the wrapper has none: the wrapper's has a year, a zone and nanoseconds.

use super::combined::CombinedParser;
use super::json::{Source, Walk};
use super::keys::Role;
use super::keys::assembly::{Assembly, Found};
use super::keys::scan::{byte, skip_blanks};
use super::keys::table::Action;
use super::logfmt::Pairs;
use super::plain::PlainParser;
use super::syslog::SyslogParser;
use crate::entry::{BatchBuilder, FieldId, Kind, NO_TIME, Record, Span};
use crate::parse::level_word::level_of_message;
use crate::parse::timestamp::TimeParser;
use crate::parse::{LineParser, Settings};

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

/// The inner line of several pieces.
#[derive(Debug, Default)]
pub struct CriPieces {
    text: Vec<u8>,
    /// True when the last piece says that the line goes on.
    partial: bool,
}

impl CriPieces {
    /// Puts the pieces together; `None` when one of them is not what Kubernetes writes.
    pub fn unite(&mut self, chunk: &[u8], pieces: &[(usize, usize)], times: &mut TimeParser) -> Option<()> {
        self.text.clear();
        for &(start, end) in pieces {
            let piece = cri(&chunk[..end], start, times)?;
            self.text.extend_from_slice(&chunk[piece.inner..end]);
            self.partial = piece.partial;
        }
        Some(())
    }
}

/// Reads the inner lines of wrappers.
#[derive(Debug)]
pub struct Inner {
    json: Walk,
    logfmt: Pairs,
    /// The fields `stream` and `partial`, once they are met.
    fields: Option<[Option<FieldId>; 2]>,
    /// Made when the first text line is met.
    texts: Option<Box<Texts>>,
    settings: Settings,
}

/// Reads inner lines of the text formats.
#[derive(Debug)]
struct Texts {
    combined: CombinedParser,
    common: CombinedParser,
    syslog: SyslogParser,
    plain: PlainParser,
    record: Record,
}

impl Texts {
    fn new(settings: &Settings, builder: &mut BatchBuilder) -> Texts {
        Texts {
            combined: CombinedParser::new(settings, builder),
            common: CombinedParser::common(settings, builder),
            syslog: SyslogParser::new(settings, builder),
            plain: PlainParser::new(settings, builder),
            record: Record::default(),
        }
    }

    /// Reads the line `text[start..]` into `self.record`. Returns false when no text format does.
    fn parse(&mut self, text: &[u8], start: usize, builder: &mut BatchBuilder) -> bool {
        let mark = builder.scratch().len();
        let record = &mut self.record;
        let parsers: [&mut dyn LineParser; 4] =
            [&mut self.combined, &mut self.common, &mut self.syslog, &mut self.plain];
        parsers.into_iter().any(|parser| {
            record.clear();
            let reads = parser.parse(text, start, text.len(), record, builder).is_ok();
            if !reads {
                builder.scratch().truncate(mark);
            }
            reads
        })
    }
}

impl Inner {
    /// Makes one that knows no keys.
    pub fn new(settings: &Settings) -> Inner {
        Inner { json: Walk::new(), logfmt: Pairs::new(), fields: None, texts: None, settings: settings.clone() }
    }

    /// Reads a line as Kubernetes writes it.
    pub(super) fn read_cri(
        &mut self,
        source: Source<'_>,
        line: &CriLine,
        record: &mut Record,
        assembly: &mut Assembly,
        builder: &mut BatchBuilder,
    ) {
        self.note_cri(source, line, line.partial, record, assembly, builder);
        self.read(source, line.inner, record, assembly, builder);
    }

    /// Reads a line that Kubernetes has cut: `chunk` holds its pieces, of which `first` is the first one.
    pub fn read_cri_pieces(
        &mut self,
        chunk: &[u8],
        first: &CriLine,
        line: &CriPieces,
        record: &mut Record,
        assembly: &mut Assembly,
        builder: &mut BatchBuilder,
    ) {
        self.note_cri(Source { text: chunk, scratch: None }, first, line.partial, record, assembly, builder);
        let source = Source { text: &line.text, scratch: Some(builder.scratch().len()) };
        builder.keep(&line.text);
        self.read(source, 0, record, assembly, builder);
    }

    /// Notes what a line of Kubernetes' says before its inner line.
    fn note_cri(
        &mut self,
        source: Source<'_>,
        line: &CriLine,
        is_partial: bool,
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
        if let Some(field) = partial.filter(|_| is_partial) {
            let found = Found { kind: Kind::Bool, payload: 1, text: source.span(line.inner, line.inner) };
            assembly.take(record, Action::Field(field), found);
        }
    }

    /// Reads the inner line that begins at `start` and ends with the text.
    pub(super) fn read(
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
        let texts = self.texts.get_or_insert_with(|| Box::new(Texts::new(&self.settings, builder)));
        if texts.parse(text, at, builder) {
            return take_text(source, &texts.record, record, assembly);
        }
        assembly.offer(record, Role::Message, source.span(start, text.len()));
        if assembly.matters(Role::Level) {
            record.level = level_of_message(&text[start..]);
        }
    }
}

/// Takes over what a text format read.
fn take_text(source: Source<'_>, read: &Record, record: &mut Record, assembly: &mut Assembly) {
    // Text that had to be made stands in the scratch buffer wherever the line does.
    let place = |span: Span| if span.is_scratch() { span } else { source.span(span.start(), span.end()) };
    for &(field, kind, payload) in &read.fields {
        let found = match kind {
            Kind::Text | Kind::Json => {
                let text = place(Span::unpack(payload));
                Found { kind, payload: text.pack(), text }
            }
            Kind::Int | Kind::Float | Kind::Bool => Found { kind, payload, text: source.span(0, 0) },
        };
        assembly.take(record, Action::Field(field), found);
    }
    if let Some(message) = read.message {
        assembly.offer(record, Role::Message, place(message));
    }
    (record.ts, record.style) = (read.ts, read.style);
    if assembly.matters(Role::Level) {
        let message = read.message.filter(|message| !message.is_scratch());
        let of_message = || message.and_then(|message| level_of_message(&source.text[message.start()..message.end()]));
        record.level = read.level.or_else(of_message);
    }
}
