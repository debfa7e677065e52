//! The entry writer: from a batch to bytes, in any format, on many threads.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::cells::Slot;
use super::delimited::{self, Dialect};
use super::palette::Palette;
use super::table::{self, Shape};
use super::text::Look;
use super::{json, logfmt, safe, text};
use crate::entry::{EntryBatch, Projection, field_order};
use crate::query::exec::{Rendered, Rendering};

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// `key=value` lines.
    Logfmt,
    /// Aligned columns.
    Table,
    /// The entry's lines as they stood in the log.
    Raw,
}

impl OutputFormat {
    /// Every format.
    pub const ALL: [OutputFormat; 7] = [
        OutputFormat::Text,
        OutputFormat::Json,
        OutputFormat::Csv,
        OutputFormat::Tsv,
        OutputFormat::Logfmt,
        OutputFormat::Table,
        OutputFormat::Raw,
    ];

    /// Returns the name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            OutputFormat::Text => "text",
            OutputFormat::Json => "json",
            OutputFormat::Csv => "csv",
            OutputFormat::Tsv => "tsv",
            OutputFormat::Logfmt => "logfmt",
            OutputFormat::Table => "table",
            OutputFormat::Raw => "raw",
        }
    }
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<OutputFormat, String> {
        let found = OutputFormat::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("no output format is called {name}"))
    }
}

/// What is written and for whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The format.
    pub format: OutputFormat,
    /// Exactly these columns, in this order; `None` for time, level, message and every field.
    pub columns: Option<Vec<String>>,
    /// Columns to leave out when `columns` is `None`.
    pub hidden: Vec<String>,
    /// Further columns at the end, of `source`, `line`, `offset`, `format` and `raw`.
    pub with: Vec<String>,
    /// True when the bytes go to a terminal: text from logs is made safe.
    pub terminal: bool,
    /// True to use colour.
    pub color: bool,
    /// Columns of the terminal, for tables.
    pub width: Option<u16>,
    /// True to leave CSV cells that look like formulas as they are.
    pub csv_raw: bool,
}

impl Options {
    /// Returns options for `format` that write everything, to something that is no terminal.
    pub fn new(format: OutputFormat) -> Options {
        Options {
            format,
            columns: None,
            hidden: Vec::new(),
            with: Vec::new(),
            terminal: false,
            color: false,
            width: None,
            csv_raw: false,
        }
    }

    /// Returns what a writer with these options reads of each entry.
    pub fn projection(&self) -> Projection {
        match (&self.columns, self.format) {
            (_, OutputFormat::Raw) => Projection::only(["raw"]),
            (Some(columns), _) => Projection::only(columns.iter().chain(&self.with).cloned()),
            (None, _) => {
                let mut projection = Projection::fields();
                self.with.iter().for_each(|name| projection.add(name));
                projection
            }
        }
    }

    /// Returns how tables are drawn.
    pub fn shape(&self) -> Shape {
        Shape { terminal: self.terminal, color: self.color, width: self.width }
    }

    /// Returns how CSV or TSV is written.
    pub fn dialect(&self) -> Dialect {
        match (self.format, self.csv_raw) {
            (OutputFormat::Tsv, _) => Dialect::Tsv,
            (_, true) => Dialect::CsvRaw,
            (_, false) => Dialect::Csv,
        }
    }
}

/// Rows of a batch.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// All of them: so many.
    All(usize),
    /// These, in this order.
    Some(&'a [u32]),
}

impl<'a> Rows<'a> {
    /// Returns the row numbers.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = u32> + 'a {
        let (all, some): (std::ops::Range<u32>, &[u32]) = match self {
            Rows::All(count) => (0..count as u32, &[]),
            Rows::Some(rows) => (0..0, rows),
        };
        all.chain(some.iter().copied())
    }

    /// Returns how many there are.
    pub fn len(self) -> usize {
        match self {
            Rows::All(count) => count,
            Rows::Some(rows) => rows.len(),
        }
    }

    /// Returns true when there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What a batch became: bytes, or entries that must wait until the columns are known.
#[derive(Debug)]
pub enum Piece {
    /// Finished lines.
    Bytes(Rendered),
    /// Entries for [`super::Assembler`] to hold.
    Entries(Box<EntryBatch>),
}

impl Default for Piece {
    fn default() -> Piece {
        Piece::Bytes(Rendered::default())
    }
}

impl Rendering for Piece {
    fn rows(&self) -> usize {
        match self {
            Piece::Bytes(rendered) => rendered.rows(),
            Piece::Entries(batch) => batch.rows,
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Piece::Bytes(rendered) => rendered.truncate(rows),
            Piece::Entries(batch) => {
                let kept: Vec<u32> = (0..rows as u32).collect();
                **batch = batch.gather(&kept, &Projection::all());
            }
        }
    }
}

/// The largest buffer that is kept for another batch.
const SPARE_BYTES: usize = 16 << 20;

/// Turns batches into bytes; called from many threads at once.
#[derive(Debug)]
pub struct EntryWriter {
    options: Options,
    palette: Palette,
    /// The columns of CSV and TSV, once they are fixed.
    columns: OnceLock<Vec<String>>,
    /// Fields that came too late for the columns, and how many values.
    left_out: Mutex<BTreeMap<String, u64>>,
    /// Buffers that were written out and can be filled again: 307 ns an access-log entry as JSON, against 495 with
    /// fresh ones, whose pages the system must clear.
    spare: Mutex<Vec<Rendered>>,
}

impl EntryWriter {
    /// Makes a writer.
    pub fn new(options: Options) -> EntryWriter {
        let columns = OnceLock::new();
        if let Some(names) = &options.columns {
            columns.get_or_init(|| names.iter().chain(&options.with).cloned().collect());
        }
        EntryWriter {
            palette: Palette::new(options.color),
            columns,
            left_out: Mutex::default(),
            spare: Mutex::default(),
            options,
        }
    }

    /// Returns the options.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Writes rows of a batch, or gathers them when they must wait for their columns.
    pub fn render(&self, batch: &EntryBatch, rows: Rows<'_>) -> Piece {
        if self.must_wait() {
            let all: Vec<u32> = rows.iter().collect();
            return Piece::Entries(Box::new(batch.gather(&all, &self.options.projection())));
        }
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut rendered = spare.unwrap_or_default();
        self.write(batch, rows, &mut rendered.bytes, Some(&mut rendered.ends));
        Piece::Bytes(rendered)
    }

    /// Takes back the buffers of a piece that was written out.
    pub(super) fn recycle(&self, mut rendered: Rendered) {
        // A batch of short rows may follow one of long rows: what is far too large is given back.
        if rendered.bytes.capacity() <= SPARE_BYTES {
            rendered.bytes.clear();
            rendered.ends.clear();
            self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(rendered);
        }
    }

    /// Returns true while rows cannot be written one batch at a time.
    fn must_wait(&self) -> bool {
        match self.options.format {
            OutputFormat::Table => true,
            OutputFormat::Csv | OutputFormat::Tsv => self.columns.get().is_none(),
            OutputFormat::Text | OutputFormat::Json | OutputFormat::Logfmt | OutputFormat::Raw => false,
        }
    }

    /// Appends rows of a batch to `out` and, when asked, where each ends to `ends`. A table is drawn whole;
    /// CSV and TSV take the batch's own columns unless columns are fixed.
    pub fn write(&self, batch: &EntryBatch, rows: Rows<'_>, out: &mut Vec<u8>, mut ends: Option<&mut Vec<usize>>) {
        let options = &self.options;
        let slots = || match &options.columns {
            Some(_) => Slot::of(batch, self.columns.get().map_or(&[], Vec::as_slice)),
            None => Slot::all(batch, &options.hidden, &options.with),
        };
        match options.format {
            OutputFormat::Text => {
                let short_forms = options.columns.is_none();
                Slot::in_groups(&slots(), rows, |rows, slots| {
                    let look = Look { palette: &self.palette, terminal: options.terminal, short_forms };
                    text::write(batch, rows, slots, look, out, ends.as_deref_mut());
                });
            }
            OutputFormat::Json => Slot::in_groups(&slots(), rows, |rows, slots| {
                json::write(batch, rows, slots, options.terminal, out, ends.as_deref_mut());
            }),
            OutputFormat::Logfmt => Slot::in_groups(&slots(), rows, |rows, slots| {
                logfmt::write(batch, rows, slots, options.terminal, out, ends.as_deref_mut());
            }),
            OutputFormat::Raw => write_raw(batch, rows, options.terminal, out, ends),
            OutputFormat::Csv | OutputFormat::Tsv => {
                let names = self.columns.get();
                let mut slots = names.map_or_else(slots, |names| Slot::of(batch, names));
                delimited::write(batch, rows, &mut slots, options.dialect(), options.terminal, out, ends);
                if let (Some(names), None) = (names, &options.columns) {
                    self.note_left_out(batch, rows, names);
                }
            }
            OutputFormat::Table => {
                let all: Vec<u32> = rows.iter().collect();
                let gathered = batch.gather(&all, &options.projection());
                self.draw(&[gathered], out);
                if let Some(ends) = ends {
                    ends.extend(rows.iter().map(|_| out.len()));
                }
            }
        }
    }

    /// Draws entries as one table.
    pub(super) fn draw(&self, batches: &[EntryBatch], out: &mut Vec<u8>) {
        let options = &self.options;
        let names = match &options.columns {
            Some(columns) => columns.iter().chain(&options.with).cloned().collect(),
            None => {
                let mut names = columns_of(batches, usize::MAX, &options.hidden);
                names.retain(|name| batches.iter().any(|batch| table::has_value(batch, name)));
                names.extend(options.with.iter().cloned());
                names
            }
        };
        table::draw_entries(batches, &names, options.shape(), out);
    }

    /// Fixes the columns of CSV and TSV, unless they are, and writes the header.
    pub(super) fn begin_columns(&self, first: &[EntryBatch], window: usize, out: &mut Vec<u8>) {
        let names = self.columns.get_or_init(|| {
            let mut names = columns_of(first, window, &self.options.hidden);
            names.extend(self.options.with.iter().cloned());
            names
        });
        let names = names.iter().map(String::as_str);
        delimited::write_header(names, self.options.dialect(), self.options.terminal, out);
    }

    fn note_left_out(&self, batch: &EntryBatch, rows: Rows<'_>, names: &[String]) {
        for (name, column) in batch
            .fields
            .iter()
            .filter(|(name, _)| !names.iter().chain(&self.options.hidden).any(|known| **known == **name))
        {
            let values = rows.iter().filter(|row| column.position(*row).is_some()).count() as u64;
            if values > 0 {
                let mut left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
                *left_out.entry(name.to_string()).or_default() += values;
            }
        }
    }

    /// Returns the fields that came after the columns of a CSV or TSV were fixed and so are not in it,
    /// with the number of their values.
    pub fn left_out(&self) -> Vec<(String, u64)> {
        let left_out = self.left_out.lock().unwrap_or_else(PoisonError::into_inner);
        left_out.iter().map(|(name, values)| (name.clone(), *values)).collect()
    }
}

/// Returns time, level, message and the fields of the first `window` entries in the order of [`field_order`], wherever
/// batches begin, without those of `hidden`.
pub(super) fn columns_of(batches: &[EntryBatch], window: usize, hidden: &[String]) -> Vec<String> {
    let mut names: Vec<String> = ["ts", "level", "message"].map(str::to_owned).into();
    let mut before = 0;
    for batch in batches {
        for (name, column) in &batch.fields {
            let first = before + if column.is_empty() { continue } else { column.row(0) as usize };
            if first < window && !names.iter().any(|known| **known == **name) {
                names.push(name.to_string());
            }
        }
        before += batch.rows;
    }
    names[3..].sort_by(|one, other| field_order(one).cmp(&field_order(other)));
    names.retain(|name| !hidden.contains(name));
    names
}

fn write_raw(batch: &EntryBatch, rows: Rows<'_>, terminal: bool, out: &mut Vec<u8>, mut ends: Option<&mut Vec<usize>>) {
    for row in rows.iter() {
        let raw = batch.raw.get(row as usize).map_or(&[][..], |span| batch.text().get(*span));
        if terminal {
            for line in raw.split(|byte| *byte == b'\n') {
                safe::write(line.strip_suffix(b"\r").unwrap_or(line), out);
                out.push(b'\n');
            }
        } else {
            out.extend_from_slice(raw);
            out.extend_from_slice(line_end(raw));
        }
        if let Some(ends) = &mut ends {
            ends.push(out.len());
        }
    }
}

/// Returns how the lines of an entry end: its last line end is not kept, but those within tell.
fn line_end(raw: &[u8]) -> &'static [u8] {
    let inner = memchr::memrchr(b'\n', raw);
    if inner.is_some_and(|at| raw[..at].ends_with(b"\r")) { b"\r\n" } else { b"\n" }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{batch_of, entry};
    use super::*;
    use crate::entry::Value;

    #[test]
    fn named_columns_come_in_the_order_asked() {
        let batch = batch_of(&[entry(0, None, Some("m"), &[("a", Value::Int(1)), ("b", Value::Int(2))])]);
        let columns = Some(vec!["b".to_owned(), "nosuch".to_owned(), "message".to_owned()]);
        for (format, expected) in [
            (OutputFormat::Json, "{\"b\":2,\"message\":\"m\"}\n"),
            (OutputFormat::Logfmt, "b=2 message=m\n"),
            (OutputFormat::Csv, "2,,m\n"),
            (OutputFormat::Tsv, "2\t\tm\n"),
            (OutputFormat::Text, "m b=2\n"),
        ] {
            let writer = EntryWriter::new(Options { columns: columns.clone(), ..Options::new(format) });
            let mut out = Vec::new();
            writer.write(&batch, Rows::All(1), &mut out, None);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{}", format.name());
        }
    }

    #[test]
    fn raw_gives_the_lines_back() {
        let mut one = entry(0, None, None, &[]);
        one.raw = Some(b"a \xff\r\n\x1b[1mb"[..].into());
        let batch = batch_of(&[one]);
        let mut options = Options::new(OutputFormat::Raw);
        for (terminal, expected) in [(false, &b"a \xff\r\n\x1b[1mb\r\n"[..]), (true, b"a \\xff\n\\x1b[1mb\n")] {
            options.terminal = terminal;
            let mut out = Vec::new();
            EntryWriter::new(options.clone()).write(&batch, Rows::Some(&[0]), &mut out, None);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn names_of_formats_read_back() {
        for format in OutputFormat::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert!("xml".parse::<OutputFormat>().is_err());
    }
}
