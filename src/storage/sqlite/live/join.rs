//! Several batches become one.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::entry::{Column, ColumnData, EntryBatch, Kind, Names, Position, Span, TimeStyle, field_order};

/// Which parts a batch has at all. Only batches of one shape are joined: what an entry does not have, the joined
/// batch could not say of it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    ts: bool,
    levels: bool,
    raw: bool,
    formats: bool,
}

impl Shape {
    /// Returns the shape of a batch that has entries.
    pub fn of(batch: &EntryBatch) -> Shape {
        Shape {
            ts: !batch.ts.is_empty(),
            levels: !batch.levels.is_empty(),
            raw: !batch.raw.is_empty(),
            formats: batch.formats != Names::default(),
        }
    }
}

/// Joins batches in order.
#[derive(Debug, Default)]
pub struct Joiner {
    batch: EntryBatch,
    shape: Option<Shape>,
    columns: HashMap<Arc<str>, usize>,
}

impl Joiner {
    /// Returns how many entries were joined.
    pub fn rows(&self) -> usize {
        self.batch.rows
    }

    /// Returns true when `part` may be added and the text will not exceed `most` bytes. Anything fits an empty joiner.
    pub fn fits(&self, part: &EntryBatch, most: usize) -> bool {
        let text = part.chunk.len() + part.scratch.len() + self.batch.chunk.len() + dictionary_bytes(part);
        self.batch.rows == 0 || (self.shape == Some(Shape::of(part)) && text <= most.min(Span::MAX_BUFFER))
    }

    /// Adds a batch that has entries.
    pub fn add(&mut self, part: &EntryBatch) {
        let first = self.batch.rows as u32;
        self.shape = Some(Shape::of(part));
        let batch = &mut self.batch;
        let places = Places { chunk: batch.chunk.len(), scratch: batch.chunk.len() + part.chunk.len() };
        batch.chunk.extend_from_slice(&part.chunk);
        batch.chunk.extend_from_slice(&part.scratch);
        batch.ts.extend_from_slice(&part.ts);
        if !part.ts.is_empty() {
            // A batch without styles is in the usual one; the last style of the batch before must not reach into it.
            if part.styles.get(0).is_none() {
                batch.styles.push(first, TimeStyle::default());
            }
            part.styles.runs().iter().for_each(|(row, style)| batch.styles.push(first + row, *style));
        }
        batch.levels.extend_from_slice(&part.levels);
        batch.raw.extend(part.raw.iter().map(|span| places.moved(*span)));
        let base = part.base;
        let absolute = |at: &Position| Position { line: base.line + at.line, offset: base.offset + at.offset };
        batch.positions.extend(part.positions.iter().map(absolute));
        part.formats.runs().for_each(|(row, name)| batch.formats.push(first + row, name));
        part.sources.runs().for_each(|(row, name)| batch.sources.push(first + row, name));
        append(&mut batch.message, &part.message, first, places, &mut batch.chunk);
        for (name, column) in &part.fields {
            let index = *self.columns.entry_ref(name).or_insert_with(|| {
                batch.fields.push((name.clone(), Column::default()));
                batch.fields.len() - 1
            });
            append(&mut batch.fields[index].1, column, first, places, &mut batch.chunk);
        }
        batch.rows += part.rows;
    }

    /// Returns the joined batch, and is empty again.
    pub fn finish(&mut self) -> EntryBatch {
        let mut batch = std::mem::take(self).batch;
        batch.fields.sort_by(|(a, _), (b, _)| field_order(a).cmp(&field_order(b)));
        batch
    }
}

/// Where the buffers of a part begin among those of the whole.
#[derive(Clone, Copy)]
struct Places {
    chunk: usize,
    scratch: usize,
}

impl Places {
    fn moved(self, span: Span) -> Span {
        let by = if span.is_scratch() { self.scratch } else { self.chunk };
        Span::chunk(by + span.start(), span.len as usize)
    }
}

/// Returns the bytes of text that the columns of a batch hold themselves.
fn dictionary_bytes(batch: &EntryBatch) -> usize {
    let columns = std::iter::once(&batch.message).chain(batch.fields.iter().map(|(_, column)| column));
    let bytes = |column: &Column| match &column.data {
        ColumnData::Plain { .. } => 0,
        ColumnData::Dict { dictionary, .. } => dictionary.text.len(),
    };
    columns.map(bytes).sum()
}

/// Appends the values of a column whose row 0 becomes row `first`. A dictionary's text goes to `chunk` once.
fn append(whole: &mut Column, part: &Column, first: u32, places: Places, chunk: &mut Vec<u8>) {
    let mut push = |index: usize, kind: Kind, payload: u64, places: Places| {
        let moved = if kind.is_text() { places.moved(Span::unpack(payload)).pack() } else { payload };
        whole.push(first + part.row(index), kind, moved);
    };
    match &part.data {
        ColumnData::Plain { kinds, payload } => {
            payload.iter().enumerate().for_each(|(index, payload)| push(index, kinds.get(index), *payload, places));
        }
        ColumnData::Dict { codes, dictionary } => {
            let places = Places { chunk: chunk.len(), scratch: chunk.len() };
            chunk.extend_from_slice(&dictionary.text);
            for (index, code) in codes.iter().enumerate() {
                let code = *code as usize;
                push(index, dictionary.kinds.get(code), dictionary.payload[code], places);
            }
        }
    }
}
