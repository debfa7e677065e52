//! Lines that can be rebuilt from their columns need not be stored.
//!
//! A layout says how a format writes a line. While a block is made each line is rebuilt and compared
//! with what was read; only lines that differ are stored. Rebuilding and comparing run through the same
//! code ([`LineWriter::write`]), so what was proven when storing holds when reading.

use super::bytes::{Fault, Reader};
use crate::entry::{Column, ColumnData, Kind, Kinds, NO_TIME, Runs, Span, TextRef, TimeStyle, Timestamp, ValueRef};

/// A piece of a line.
enum Part {
    /// These bytes.
    Text(&'static [u8]),
    /// The value of a field, or these bytes when the entry does not have it.
    Field(&'static str, &'static [u8]),
    /// These bytes, the value of a field and these bytes; nothing when the entry does not have it.
    Optional(&'static [u8], &'static str, &'static [u8]),
    /// The timestamp as `07/Sep/2026:13:55:36 +0000`.
    Time,
    /// The first parts when the entry has the field, else the second.
    Either(&'static str, &'static [Part], &'static [Part]),
}

const HEAD: &[Part] = &[
    Part::Optional(b"", "host", b" "),
    Part::Field("client_ip", b"-"),
    Part::Text(b" "),
    Part::Field("ident", b"-"),
    Part::Text(b" "),
    Part::Field("user", b"-"),
    Part::Text(b" ["),
    Part::Time,
    Part::Text(b"] \""),
    Part::Either(
        "method",
        &[
            Part::Field("method", b""),
            Part::Text(b" "),
            Part::Field("path", b""),
            Part::Optional(b"?", "query", b""),
            Part::Text(b" "),
            Part::Field("protocol", b""),
        ],
        &[Part::Field("request", b"-")],
    ),
    Part::Text(b"\" "),
    Part::Field("status", b"-"),
    Part::Text(b" "),
    Part::Field("bytes", b"-"),
];

const QUOTED_TAIL: &[Part] = &[
    Part::Text(b" \""),
    Part::Field("referer", b"-"),
    Part::Text(b"\" \""),
    Part::Field("user_agent", b"-"),
    Part::Text(b"\""),
];

const REST: &[Part] = &[Part::Optional(b" ", "duration", b""), Part::Optional(b" ", "extra", b"")];

/// A format whose lines can be rebuilt. The number is what blocks store.
struct Known {
    number: u8,
    format: &'static str,
    parts: &'static [&'static [Part]],
}

const KNOWN: &[Known] = &[
    Known { number: 1, format: "combined", parts: &[HEAD, QUOTED_TAIL, REST] },
    Known { number: 2, format: "common", parts: &[HEAD, REST] },
];

/// How the lines of a block are rebuilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Index into [`KNOWN`].
    known: usize,
    /// Digits after the point of floats, or [`Layout::SHORTEST`].
    digits: u8,
}

impl Layout {
    const SHORTEST: u8 = 255;

    /// Returns the layout of a format. `sample` is a line of it: its last fraction shows how floats are written.
    pub fn of(format: &str, sample: &[u8]) -> Option<Layout> {
        let known = KNOWN.iter().position(|known| known.format == format)?;
        let after_quote = sample.rsplit(|byte| *byte == b'"').next().unwrap_or(sample);
        let fraction = after_quote.split(|byte| *byte == b' ').find_map(|word| {
            let point = word.iter().position(|byte| *byte == b'.')?;
            Some(word.len() - point - 1)
        });
        Some(Layout { known, digits: fraction.filter(|digits| *digits <= 9).map_or(Layout::SHORTEST, |n| n as u8) })
    }

    /// Returns the name of the format.
    pub fn format(self) -> &'static str {
        KNOWN[self.known].format
    }

    /// Returns true when floats are written with as few digits as tell them apart, perhaps with an exponent.
    pub fn writes_shortest_floats(self) -> bool {
        self.digits == Layout::SHORTEST
    }

    /// Writes the layout as two bytes; no layout is `0 0`.
    pub fn pack(layout: Option<Layout>) -> [u8; 2] {
        layout.map_or([0, 0], |layout| [KNOWN[layout.known].number, layout.digits])
    }

    /// Reads what [`Layout::pack`] wrote.
    pub fn unpack(reader: &mut Reader<'_>) -> Result<Option<Layout>, Fault> {
        let (number, digits) = (reader.byte()?, reader.byte()?);
        if number == 0 {
            return Ok(None);
        }
        let known = KNOWN.iter().position(|known| known.number == number);
        known.map(|known| Some(Layout { known, digits })).ok_or(Fault::new("a line layout is unknown"))
    }

    /// Returns the fields a line is rebuilt from.
    pub fn fields(self) -> Vec<&'static str> {
        fn collect(parts: &'static [Part], names: &mut Vec<&'static str>) {
            for part in parts {
                match part {
                    Part::Text(_) | Part::Time => {}
                    Part::Field(name, _) | Part::Optional(_, name, _) => names.push(name),
                    Part::Either(_, has, has_not) => {
                        collect(has, names);
                        collect(has_not, names);
                    }
                }
            }
        }
        let mut names = Vec::new();
        KNOWN[self.known].parts.iter().for_each(|parts| collect(parts, &mut names));
        names
    }
}

/// Takes the pieces of a line.
pub trait LineSink {
    /// Takes the next piece; false when the line cannot be right any more.
    fn put(&mut self, piece: &[u8]) -> bool;

    /// Takes the next piece, a span of these buffers.
    #[inline]
    fn put_span(&mut self, span: Span, text: TextRef<'_>) -> bool {
        self.put(text.get(span))
    }
}

impl LineSink for Vec<u8> {
    #[inline]
    fn put(&mut self, piece: &[u8]) -> bool {
        self.extend_from_slice(piece);
        true
    }
}

/// Compares the pieces with a line instead of keeping them.
struct Compare<'a> {
    line: &'a [u8],
    at: usize,
    /// Where the line begins in the chunk, for a line that stands there.
    start: usize,
}

impl LineSink for Compare<'_> {
    #[inline]
    fn put(&mut self, piece: &[u8]) -> bool {
        let Some(place) = self.line.get(self.at..self.at + piece.len()) else { return false };
        self.at += piece.len();
        // Most pieces are shorter than a call of memcmp is worth.
        if piece.len() < 8 { piece.iter().zip(place).all(|(a, b)| a == b) } else { piece == place }
    }

    #[inline]
    fn put_span(&mut self, span: Span, text: TextRef<'_>) -> bool {
        // A value that was parsed from this very place needs no comparison.
        if self.start + self.at != span.start() || span.is_scratch() {
            return self.put(text.get(span));
        }
        self.at += span.len as usize;
        self.at <= self.line.len()
    }
}

/// A field of the lines, walked in row order.
struct Walk<'a> {
    /// The rows that have the field; `None` when the first rows have it.
    rows: Option<&'a [u32]>,
    count: usize,
    /// The value that belongs to the row looked for, or to the first row after it.
    cursor: usize,
    values: WalkValues<'a>,
}

/// The values of a field. The usual kinds are told apart once, not line by line.
enum WalkValues<'a> {
    /// Text as it was parsed.
    Spans { payload: &'a [u64], text: TextRef<'a> },
    /// Text as it was stored.
    Codes { codes: &'a [u32], payload: &'a [u64], text: TextRef<'a> },
    /// Everything else.
    Any { column: &'a Column, text: TextRef<'a> },
}

impl<'a> Walk<'a> {
    fn new(column: &'a Column, text: TextRef<'a>) -> Walk<'a> {
        let values = match &column.data {
            ColumnData::Plain { kinds: Kinds::Same(Kind::Text), payload } => WalkValues::Spans { payload, text },
            ColumnData::Dict { codes, dictionary } if dictionary.kinds == Kinds::Same(Kind::Text) => {
                let text = TextRef { chunk: &dictionary.text, scratch: &[] };
                WalkValues::Codes { codes, payload: &dictionary.payload, text }
            }
            ColumnData::Plain { .. } | ColumnData::Dict { .. } => WalkValues::Any { column, text },
        };
        Walk { rows: column.rows.as_deref(), count: column.len(), cursor: 0, values }
    }

    /// Goes to a row, never back; false when it does not have the field.
    #[inline]
    fn seek(&mut self, row: u32) -> bool {
        let Some(rows) = self.rows else {
            self.cursor = row as usize;
            return self.cursor < self.count;
        };
        // Mostly the row asked for is the one after the last, and so is its value.
        let mut step = 1;
        while rows.get(self.cursor + step).is_some_and(|next| *next <= row) {
            self.cursor += step;
            step *= 2;
        }
        while rows.get(self.cursor).is_some_and(|next| *next < row) {
            self.cursor += 1;
        }
        rows.get(self.cursor) == Some(&row)
    }

    /// Writes the value that [`Walk::seek`] found.
    #[inline(always)]
    fn put(&self, digits: u8, sink: &mut impl LineSink) -> bool {
        match &self.values {
            WalkValues::Spans { payload, text } => sink.put_span(Span::unpack(payload[self.cursor]), *text),
            WalkValues::Codes { codes, payload, text } => {
                sink.put(text.get(Span::unpack(payload[codes[self.cursor] as usize])))
            }
            WalkValues::Any { column, text } => put_value(column.value(self.cursor, *text), digits, sink),
        }
    }
}

/// The timestamps lines are rebuilt with.
#[derive(Clone, Copy)]
pub enum Times<'a> {
    /// One a row.
    All(&'a [i64]),
    /// Of some rows, ascending.
    Some(&'a [(u32, i64)]),
}

impl Times<'_> {
    #[inline]
    fn get(self, row: u32) -> i64 {
        let found = match self {
            Times::All(times) => times.get(row as usize).copied(),
            Times::Some(times) => times.binary_search_by_key(&row, |(row, _)| *row).ok().map(|place| times[place].1),
        };
        found.unwrap_or(NO_TIME)
    }
}

/// Rebuilds the lines of a block in ascending order of rows.
pub struct LineWriter<'a> {
    steps: Vec<Step<'a>>,
    walks: Vec<Walk<'a>>,
    digits: u8,
    times: Times<'a>,
    styles: &'a Runs<TimeStyle>,
    clock: Clock,
}

/// A [`Part`] with its field found.
enum Step<'a> {
    Text(&'a [u8]),
    Field(usize, &'a [u8]),
    Optional(&'a [u8], usize, &'a [u8]),
    Time,
    Either(usize, Vec<Step<'a>>, Vec<Step<'a>>),
}

impl<'a> LineWriter<'a> {
    /// Prepares to rebuild lines. `column` finds the column of a field; `times` and `styles` are the block's.
    pub fn new(
        layout: Layout,
        column: &dyn Fn(&str) -> Option<(&'a Column, TextRef<'a>)>,
        times: Times<'a>,
        styles: &'a Runs<TimeStyle>,
    ) -> LineWriter<'a> {
        let mut names = Vec::new();
        let mut walks = Vec::new();
        let mut find = |name: &'static str| {
            if let Some((_, walk)) = names.iter().find(|(known, _)| *known == name) {
                return *walk;
            }
            let walk = column(name).map(|(column, text)| {
                walks.push(Walk::new(column, text));
                walks.len() - 1
            });
            names.push((name, walk));
            walk
        };
        let parts = KNOWN[layout.known].parts.iter().flat_map(|parts| parts.iter());
        let steps = steps(parts, &mut find);
        LineWriter { steps, walks, digits: layout.digits, times, styles, clock: Clock::default() }
    }

    /// Writes the line of a row; false when the columns cannot tell it, or `sink` refused it.
    pub fn write(&mut self, row: u32, sink: &mut impl LineSink) -> bool {
        let LineWriter { steps, walks, digits, times, styles, clock } = self;
        let mut line = Line { row, digits: *digits, walks, times: *times, styles, clock };
        line.write_steps(steps, sink)
    }

    /// Returns true when the row's line is rebuilt as it was. `raw` is a span of `text`.
    pub fn proves(&mut self, row: u32, raw: Span, text: TextRef<'_>) -> bool {
        // No line begins at the last address, so such a start never meets a span.
        let start = if raw.is_scratch() { usize::MAX / 2 } else { raw.start() };
        let mut compare = Compare { line: text.get(raw), at: 0, start };
        self.write(row, &mut compare) && compare.at == compare.line.len()
    }
}

/// One line being written.
struct Line<'w, 'a> {
    row: u32,
    digits: u8,
    walks: &'w mut [Walk<'a>],
    times: Times<'a>,
    styles: &'a Runs<TimeStyle>,
    clock: &'w mut Clock,
}

impl Line<'_, '_> {
    fn write_steps(&mut self, steps: &[Step<'_>], sink: &mut impl LineSink) -> bool {
        for step in steps {
            if !self.write_step(step, sink) {
                return false;
            }
        }
        true
    }

    #[inline]
    fn write_step(&mut self, step: &Step<'_>, sink: &mut impl LineSink) -> bool {
        let (row, digits) = (self.row, self.digits);
        match step {
            Step::Text(text) => sink.put(text),
            Step::Field(walk, absent) => {
                let walk = &mut self.walks[*walk];
                if walk.seek(row) { walk.put(digits, sink) } else { sink.put(absent) }
            }
            Step::Optional(before, walk, after) => {
                let walk = &mut self.walks[*walk];
                !walk.seek(row) || (sink.put(before) && walk.put(digits, sink) && sink.put(after))
            }
            Step::Time => {
                let nanos = self.times.get(row);
                let style = self.styles.get(row).unwrap_or_default();
                self.clock.text(nanos, style).is_some_and(|text| sink.put(text))
            }
            Step::Either(walk, has, has_not) => {
                let present = self.walks[*walk].seek(row);
                self.write_steps(if present { has } else { has_not }, sink)
            }
        }
    }
}

/// Finds the fields of parts; fields that no entry of the block has are written as absent once and for all.
fn steps<'a>(
    parts: impl Iterator<Item = &'static Part>,
    find: &mut impl FnMut(&'static str) -> Option<usize>,
) -> Vec<Step<'a>> {
    let mut made = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => made.push(Step::Text(text)),
            Part::Field(name, absent) => match find(name) {
                Some(walk) => made.push(Step::Field(walk, absent)),
                None => made.push(Step::Text(absent)),
            },
            Part::Optional(before, name, after) => {
                made.extend(find(name).map(|walk| Step::Optional(before, walk, after)));
            }
            Part::Time => made.push(Step::Time),
            Part::Either(name, has, has_not) => match find(name) {
                Some(walk) => {
                    let (has, has_not) = (steps(has.iter(), find), steps(has_not.iter(), find));
                    made.push(Step::Either(walk, has, has_not));
                }
                None => made.extend(steps(has_not.iter(), find)),
            },
        }
    }
    made
}

#[inline]
fn put_value(value: ValueRef<'_>, digits: u8, sink: &mut impl LineSink) -> bool {
    match value {
        ValueRef::Text(text) => sink.put(text),
        ValueRef::Int(number) => sink.put(itoa::Buffer::new().format(number).as_bytes()),
        ValueRef::Float(number) if digits == Layout::SHORTEST => {
            sink.put(zmij::Buffer::new().format(number).as_bytes())
        }
        ValueRef::Float(number) => put_decimal(number, digits, sink),
        ValueRef::Bool(_) | ValueRef::Json(_) => false,
    }
}

/// Writes a float with a fixed number of digits after the point.
fn put_decimal(number: f64, digits: u8, sink: &mut impl LineSink) -> bool {
    let power = 10_u64.pow(digits.min(9) as u32);
    let scaled = (number * power as f64).round();
    if !(0.0..1e15).contains(&scaled) {
        return false;
    }
    let (whole, fraction) = (scaled as u64 / power, scaled as u64 % power);
    let mut buffer = itoa::Buffer::new();
    if !sink.put(buffer.format(whole).as_bytes()) || !sink.put(b".") {
        return false;
    }
    let fraction = buffer.format(fraction).as_bytes();
    sink.put(&b"000000000"[..(digits as usize).saturating_sub(fraction.len())]) && (digits == 0 || sink.put(fraction))
}

/// Writes the times of access logs, mostly equal to that of the line before.
#[derive(Default)]
struct Clock {
    text: [u8; 26],
    shown: Option<(i64, i16)>,
}

impl Clock {
    #[inline]
    fn text(&mut self, nanos: i64, style: TimeStyle) -> Option<&[u8]> {
        let key = (nanos, style.offset_minutes);
        if self.shown != Some(key) {
            self.shown = None;
            self.set(nanos, style.offset_minutes)?;
            self.shown = Some(key);
        }
        Some(&self.text)
    }

    fn set(&mut self, nanos: i64, offset_minutes: i16) -> Option<()> {
        const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let seconds = Timestamp::from_nanos(nanos)?.seconds() + offset_minutes as i64 * 60;
        let (year, month, day) = Timestamp::from_seconds(seconds, 0)?.civil();
        let of_day = seconds.rem_euclid(86_400) as u32;
        let zone = offset_minutes.unsigned_abs() as u32;
        let sign = if offset_minutes < 0 { b'-' } else { b'+' };
        self.text = *b"00/Jan/0000:00:00:00 +0000";
        let mut two = |at: usize, number: u32| {
            self.text[at] = b'0' + (number / 10 % 10) as u8;
            self.text[at + 1] = b'0' + (number % 10) as u8;
        };
        two(0, day);
        two(7, year as u32 / 100);
        two(9, year as u32);
        two(12, of_day / 3600);
        two(15, of_day / 60 % 60);
        two(18, of_day % 60);
        two(22, zone / 60);
        two(24, zone % 60);
        self.text[21] = sign;
        let month = (month as usize - 1) * 3;
        self.text[3..6].copy_from_slice(&MONTHS[month..month + 3]);
        Some(())
    }
}
