//! Many entries as columns, and how they are built.

use std::sync::Arc;

use hashbrown::HashMap;

use super::column::TextRef;
use super::{
    Column, FieldId, Kind, LogEntry, LogLevel, NO_TIME, Projection, Runs, Span, TimeStyle, Timestamp, ValueRef,
    field_name, field_order,
};

/// Where an entry begins in its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// 1-based number of the entry's first line.
    pub line: u64,
    /// Byte offset of the entry's first line in the decompressed source.
    pub offset: u64,
}

/// A name for each row: seldom changes from row to row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    names: Vec<Arc<str>>,
    rows: Runs<u32>,
}

impl Names {
    /// Sets the name of `row`, the last row so far or a later one.
    #[inline]
    pub fn push(&mut self, row: u32, name: &Arc<str>) {
        let known = self.names.iter().rposition(|known| Arc::ptr_eq(known, name) || known == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name.clone());
            self.names.len() - 1
        });
        self.rows.push(row, index as u32);
    }

    /// Returns the name of `row`.
    pub fn get(&self, row: u32) -> Option<&Arc<str>> {
        self.rows.get(row).map(|index| &self.names[index as usize])
    }

    /// Returns the runs: first row and name of each.
    pub fn runs(&self) -> impl Iterator<Item = (u32, &Arc<str>)> {
        self.rows.runs().iter().map(|(row, index)| (*row, &self.names[*index as usize]))
    }
}

/// Many entries as columns: what moves between rooms.
///
/// Only what the [`Projection`] asked for is filled; what was not asked for is empty, never wrong.
#[derive(Clone, Debug, Default)]
pub struct EntryBatch {
    /// How many entries there are.
    pub rows: usize,
    /// The bytes the entries were read from.
    pub chunk: Vec<u8>,
    /// Text that had to be made.
    pub scratch: Vec<u8>,
    /// UTC nanoseconds a row, [`NO_TIME`] for none. Empty when not asked for.
    pub ts: Vec<i64>,
    /// How the timestamps were written.
    pub styles: Runs<TimeStyle>,
    /// [`LogLevel`] as a number a row, 0 for none. Empty when not asked for.
    pub levels: Vec<u8>,
    /// The messages (text).
    pub message: Column,
    /// The entry's lines without the last line end, a row. Empty when not asked for.
    pub raw: Vec<Span>,
    /// Where each entry begins, relative to `base`. Empty when not asked for.
    pub positions: Vec<Position>,
    /// What to add to each of `positions`. A parsed chunk learns its first line number only when the
    /// chunks before it are counted, so it is set late.
    pub base: Position,
    /// The format each entry was read by.
    pub formats: Names,
    /// The source each entry came from.
    pub sources: Names,
    /// The fields under their final names, in the order of [`field_order`].
    pub fields: Vec<(Arc<str>, Column)>,
}

impl EntryBatch {
    /// Returns the buffers the batch's spans point into.
    #[inline]
    pub fn text(&self) -> TextRef<'_> {
        TextRef { chunk: &self.chunk, scratch: &self.scratch }
    }

    /// Returns the column of a field (not of the reserved names).
    pub fn field(&self, name: &str) -> Option<&Column> {
        self.fields.iter().find(|(known, _)| &**known == name).map(|(_, column)| column)
    }

    /// Returns one entry.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn entry(&self, row: usize) -> EntryRef<'_> {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        EntryRef { batch: self, row: row as u32 }
    }

    /// Returns the entries in order.
    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'_>> {
        (0..self.rows).map(|row| self.entry(row))
    }

    /// Returns these rows, in this order, as a batch of its own that shares nothing with this one.
    pub fn gather(&self, rows: &[u32], projection: &Projection) -> EntryBatch {
        let mut builder = BatchBuilder::new(projection);
        rows.iter().for_each(|row| builder.push_entry(self.entry(*row as usize)));
        builder.finish(Vec::new())
    }
}

/// One entry of a batch.
#[derive(Clone, Copy, Debug)]
pub struct EntryRef<'a> {
    batch: &'a EntryBatch,
    row: u32,
}

impl<'a> EntryRef<'a> {
    /// Returns when it happened.
    pub fn ts(&self) -> Option<Timestamp> {
        self.batch.ts.get(self.row as usize).and_then(|nanos| Timestamp::from_nanos(*nanos))
    }

    /// Returns how the timestamp was written.
    pub fn style(&self) -> TimeStyle {
        self.batch.styles.get(self.row).unwrap_or_default()
    }

    /// Returns the level.
    pub fn level(&self) -> Option<LogLevel> {
        self.batch.levels.get(self.row as usize).and_then(|number| LogLevel::from_u8(*number))
    }

    /// Returns the message.
    pub fn message(&self) -> Option<&'a [u8]> {
        let batch = self.batch;
        let index = batch.message.position(self.row)?;
        match batch.message.value(index, batch.text()) {
            ValueRef::Text(text) | ValueRef::Json(text) => Some(text),
            ValueRef::Int(_) | ValueRef::Float(_) | ValueRef::Bool(_) => None,
        }
    }

    /// Returns the entry's lines without the last line end.
    pub fn raw(&self) -> Option<&'a [u8]> {
        let batch = self.batch;
        batch.raw.get(self.row as usize).map(|span| batch.text().get(*span))
    }

    /// Returns where the entry begins in its source.
    pub fn position(&self) -> Option<Position> {
        let base = self.batch.base;
        let position = self.batch.positions.get(self.row as usize)?;
        Some(Position { line: base.line + position.line, offset: base.offset + position.offset })
    }

    /// Returns the name of the format that read the entry.
    pub fn format(&self) -> Option<&'a Arc<str>> {
        self.batch.formats.get(self.row)
    }

    /// Returns the name of the source the entry came from.
    pub fn source(&self) -> Option<&'a Arc<str>> {
        self.batch.sources.get(self.row)
    }

    /// Returns the value of a field (not of the reserved names).
    pub fn field(&self, name: &str) -> Option<ValueRef<'a>> {
        let column = self.batch.field(name)?;
        column.position(self.row).map(|index| column.value(index, self.batch.text()))
    }

    /// Returns the fields the entry has, in the batch's order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a Arc<str>, ValueRef<'a>)> {
        let (batch, row) = (self.batch, self.row);
        batch.fields.iter().filter_map(move |(name, column)| {
            column.position(row).map(|index| (name, column.value(index, batch.text())))
        })
    }

    /// Returns the entry as one that owns everything.
    pub fn to_entry(&self) -> LogEntry {
        LogEntry {
            ts: self.ts(),
            style: self.style(),
            level: self.level(),
            message: self.message().map(Into::into),
            fields: self.fields().map(|(name, value)| (name.to_string(), value.to_value())).collect(),
            raw: self.raw().map(Into::into),
            position: self.position(),
            format: self.format().map(|name| name.to_string()),
            source: self.source().map(|name| name.to_string()),
        }
    }
}

/// One entry while it is parsed; reused from line to line.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// UTC nanoseconds, [`NO_TIME`] for none.
    pub ts: i64,
    /// How the timestamp was written.
    pub style: TimeStyle,
    /// The level.
    pub level: Option<LogLevel>,
    /// The message.
    pub message: Option<Span>,
    /// Field, kind and payload (see [`super::ColumnData::Plain`]) of each value.
    pub fields: Vec<(FieldId, Kind, u64)>,
}

impl Record {
    /// Empties the record for the next line.
    #[inline]
    pub fn clear(&mut self) {
        self.ts = NO_TIME;
        self.style = TimeStyle::default();
        self.level = None;
        self.message = None;
        self.fields.clear();
    }

    /// Adds a text value; `None` (a field nobody asked for) is passed over.
    #[inline]
    pub fn text(&mut self, field: Option<FieldId>, span: Span) {
        if let Some(field) = field {
            self.fields.push((field, Kind::Text, span.pack()));
        }
    }

    /// Adds an integer.
    #[inline]
    pub fn int(&mut self, field: Option<FieldId>, number: i64) {
        if let Some(field) = field {
            self.fields.push((field, Kind::Int, number as u64));
        }
    }

    /// Adds a float.
    #[inline]
    pub fn float(&mut self, field: Option<FieldId>, number: f64) {
        if let Some(field) = field {
            self.fields.push((field, Kind::Float, number.to_bits()));
        }
    }

    /// Adds a boolean.
    #[inline]
    pub fn bool(&mut self, field: Option<FieldId>, truth: bool) {
        if let Some(field) = field {
            self.fields.push((field, Kind::Bool, u64::from(truth)));
        }
    }

    /// Adds the source text of a JSON array or empty object.
    #[inline]
    pub fn json(&mut self, field: Option<FieldId>, span: Span) {
        if let Some(field) = field {
            self.fields.push((field, Kind::Json, span.pack()));
        }
    }
}

/// How many names that nobody wants are remembered.
const MAX_UNWANTED: usize = 10_000;

/// Builds [`EntryBatch`]es; keeps what it learnt of field names from one batch to the next.
#[derive(Debug)]
pub struct BatchBuilder {
    projection: Projection,
    wants_ts: bool,
    wants_level: bool,
    wants_message: bool,
    wants_raw: bool,
    wants_position: bool,
    wants_format: bool,
    wants_source: bool,
    names: Vec<Arc<str>>,
    ids: HashMap<Box<[u8]>, Option<FieldId>, foldhash::fast::FixedState>,
    batch: EntryBatch,
    columns: Vec<Column>,
    /// Numbers of the fields that have a value in this batch.
    seen: Vec<FieldId>,
}

impl BatchBuilder {
    /// Makes a builder that keeps what `projection` wants.
    pub fn new(projection: &Projection) -> BatchBuilder {
        BatchBuilder {
            wants_ts: projection.wants("ts"),
            wants_level: projection.wants("level"),
            wants_message: projection.wants("message"),
            wants_raw: projection.wants("raw"),
            wants_position: projection.wants("line") || projection.wants("offset"),
            wants_format: projection.wants("format"),
            wants_source: projection.wants("source"),
            projection: projection.clone(),
            names: Vec::new(),
            ids: HashMap::with_hasher(foldhash::fast::FixedState::default()),
            batch: EntryBatch::default(),
            columns: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// Returns what the builder keeps.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Returns how many entries the batch under construction has.
    #[inline]
    pub fn rows(&self) -> usize {
        self.batch.rows
    }

    /// Returns the number of the field that a log calls `name`, or `None` when nobody wants it. The
    /// answer holds for the life of the builder.
    pub fn field(&mut self, name: &[u8]) -> Option<FieldId> {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let final_name = field_name(name);
        let id = self.projection.wants(&final_name).then(|| self.own_field(&final_name));
        // Names nobody wants may be without number; those that are wanted are columns anyway.
        if id.is_some() || self.ids.len() < MAX_UNWANTED {
            self.ids.insert(name.into(), id);
        }
        id
    }

    /// Returns the number of a field by its final name, wanted or not.
    fn own_field(&mut self, final_name: &str) -> FieldId {
        if let Some(Some(known)) = self.ids.get(final_name.as_bytes()) {
            return *known;
        }
        let id = self.names.len() as FieldId;
        self.names.push(final_name.into());
        self.columns.push(Column::default());
        self.ids.insert(final_name.as_bytes().into(), Some(id));
        id
    }

    /// Returns the final name of a field that [`BatchBuilder::field`] numbered.
    ///
    /// # Panics
    /// When it did not.
    pub fn name(&self, field: FieldId) -> &str {
        &self.names[field as usize]
    }

    /// Returns how many different fields were seen since the builder was made.
    pub fn field_count(&self) -> usize {
        self.names.len()
    }

    /// Returns the buffer for text that has to be made; spans into it come from [`Span::scratch`].
    #[inline]
    pub fn scratch(&mut self) -> &mut Vec<u8> {
        &mut self.batch.scratch
    }

    /// Appends text to the scratch buffer and returns its place.
    pub fn keep(&mut self, text: &[u8]) -> Span {
        let start = self.batch.scratch.len();
        self.batch.scratch.extend_from_slice(text);
        Span::scratch(start, text.len())
    }

    /// Adds an entry. `raw` are its lines without the last line end, a piece of the chunk.
    #[inline]
    pub fn push(&mut self, record: &Record, raw: Span, position: Position, format: &Arc<str>) {
        let batch = &mut self.batch;
        let row = batch.rows as u32;
        batch.rows += 1;
        if self.wants_ts {
            batch.ts.push(record.ts);
            batch.styles.push(row, record.style);
        }
        if self.wants_level {
            batch.levels.push(record.level.map_or(0, |level| level as u8));
        }
        if self.wants_message
            && let Some(span) = record.message
        {
            batch.message.push(row, Kind::Text, span.pack());
        }
        if self.wants_raw {
            batch.raw.push(raw);
        }
        if self.wants_position {
            batch.positions.push(position);
        }
        if self.wants_format {
            batch.formats.push(row, format);
        }
        for (field, kind, payload) in &record.fields {
            let column = &mut self.columns[*field as usize];
            if column.is_empty() {
                self.seen.push(*field);
            }
            column.push(row, *kind, *payload);
        }
    }

    /// Gives the last entry this level, if it has none and levels are wanted.
    pub fn level_of_last(&mut self, level: LogLevel) {
        if let Some(number @ 0) = self.batch.levels.last_mut() {
            *number = level as u8;
        }
    }

    /// Joins lines to the last entry: its raw text now ends at `end` in the chunk, and its message,
    /// if it has one, takes the lines from `start` on. Returns false when there is no entry yet.
    pub fn extend_last(&mut self, chunk: &[u8], raw_start: usize, start: usize, end: usize) -> bool {
        let batch = &mut self.batch;
        let Some(row) = batch.rows.checked_sub(1) else { return false };
        if let Some(raw) = batch.raw.last_mut() {
            *raw = Span::chunk(raw_start, end - raw_start);
        }
        if !self.wants_message {
            return true;
        }
        let Some(index) = batch.message.position(row as u32) else { return true };
        let super::ColumnData::Plain { payload, .. } = &mut batch.message.data else { return true };
        let span = Span::unpack(payload[index]);
        // Usually the message ran to the end of its line, so the next line follows it in the chunk.
        let touches = !span.is_scratch()
            && span.end() <= start
            && chunk[span.end()..start].iter().all(|b| matches!(b, b'\n' | b'\r'));
        payload[index] = if touches {
            Span::chunk(span.start(), end - span.start()).pack()
        } else {
            let begin = if span.is_scratch() && span.end() == batch.scratch.len() {
                span.start()
            } else {
                let begin = batch.scratch.len();
                let old = TextRef { chunk, scratch: &batch.scratch }.get(span).to_vec();
                batch.scratch.extend_from_slice(&old);
                begin
            };
            batch.scratch.push(b'\n');
            batch.scratch.extend_from_slice(&chunk[start..end]);
            Span::scratch(begin, batch.scratch.len() - begin).pack()
        };
        true
    }

    /// Copies an entry of another batch, as far as the projection wants it.
    pub fn push_entry(&mut self, entry: EntryRef<'_>) {
        let row = self.batch.rows as u32;
        let mut record = Record { ts: NO_TIME, ..Record::default() };
        if let Some(ts) = entry.ts() {
            record.ts = ts.nanos();
        }
        record.style = entry.style();
        record.level = entry.level();
        record.message = entry.message().filter(|_| self.wants_message).map(|message| self.keep(message));
        for (name, value) in entry.fields() {
            if self.projection.wants(name) {
                self.push_value(&mut record, name, value);
            }
        }
        let raw = entry.raw().filter(|_| self.wants_raw).map(|raw| self.keep(raw));
        self.finish_owned(row, &record, raw, entry.position(), entry.format().cloned(), entry.source().cloned());
    }

    /// Adds an entry that owns its text, as far as the projection wants it.
    pub fn push_owned(&mut self, entry: &LogEntry) {
        let row = self.batch.rows as u32;
        let mut record = Record { ts: NO_TIME, ..Record::default() };
        if let Some(ts) = entry.ts {
            record.ts = ts.nanos();
        }
        record.style = entry.style;
        record.level = entry.level;
        record.message = entry.message.as_ref().filter(|_| self.wants_message).map(|message| self.keep(message));
        for (name, value) in &entry.fields {
            if self.projection.wants(name) {
                self.push_value(&mut record, name, value.as_ref());
            }
        }
        let raw = entry.raw.as_ref().filter(|_| self.wants_raw).map(|raw| self.keep(raw));
        let format = entry.format.as_deref().map(Into::into);
        let source = entry.source.as_deref().map(Into::into);
        self.finish_owned(row, &record, raw, entry.position, format, source);
    }

    /// Adds a value under a final name.
    fn push_value(&mut self, record: &mut Record, name: &str, value: ValueRef<'_>) {
        let field = self.own_field(name);
        let payload = match value {
            ValueRef::Text(text) | ValueRef::Json(text) => self.keep(text).pack(),
            ValueRef::Int(number) => number as u64,
            ValueRef::Float(number) => number.to_bits(),
            ValueRef::Bool(truth) => u64::from(truth),
        };
        record.fields.push((field, value.kind(), payload));
    }

    fn finish_owned(
        &mut self,
        row: u32,
        record: &Record,
        raw: Option<Span>,
        position: Option<Position>,
        format: Option<Arc<str>>,
        source: Option<Arc<str>>,
    ) {
        let format = format.unwrap_or_else(|| "".into());
        self.push(record, raw.unwrap_or_default(), position.unwrap_or_default(), &format);
        if self.wants_source {
            self.batch.sources.push(row, &source.unwrap_or_else(|| "".into()));
        }
    }

    /// Takes back a batch nobody needs any more, so that the next one need not allocate, and returns its
    /// chunk buffer. Call it between [`BatchBuilder::finish`] and the next entry.
    pub fn recycle(&mut self, mut old: EntryBatch) -> Vec<u8> {
        debug_assert_eq!(self.batch.rows, 0, "a batch is under construction");
        for (name, mut column) in old.fields.drain(..) {
            if let Some(Some(field)) = self.ids.get(name.as_bytes())
                && self.columns[*field as usize].is_empty()
                && column.clear()
            {
                self.columns[*field as usize] = column;
            }
        }
        let chunk = std::mem::take(&mut old.chunk);
        if old.message.clear() {
            self.batch.message = old.message;
        }
        old.scratch.clear();
        old.ts.clear();
        old.levels.clear();
        old.raw.clear();
        old.positions.clear();
        self.batch.scratch = old.scratch;
        self.batch.ts = old.ts;
        self.batch.levels = old.levels;
        self.batch.raw = old.raw;
        self.batch.positions = old.positions;
        chunk
    }

    /// Returns the batch and starts the next one. `chunk` is the buffer all chunk spans point into.
    pub fn finish(&mut self, chunk: Vec<u8>) -> EntryBatch {
        let mut batch = std::mem::take(&mut self.batch);
        batch.chunk = chunk;
        batch.fields = self
            .seen
            .drain(..)
            .map(|field| (self.names[field as usize].clone(), std::mem::take(&mut self.columns[field as usize])))
            .collect();
        batch.fields.sort_by(|(a, _), (b, _)| field_order(a).cmp(&field_order(b)));
        batch
    }
}
