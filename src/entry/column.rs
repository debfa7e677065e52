//! One field of many entries.

use super::{Kind, ValueRef};

/// Where a piece of text stands: in a batch's chunk, or in its scratch buffer when it had to be made
/// (escapes undone, lines joined).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    start: u32,
    /// Length in bytes.
    pub len: u32,
}

impl Span {
    const SCRATCH: u32 = 1 << 31;
    /// The largest chunk and scratch buffer a span can point into.
    pub const MAX_BUFFER: usize = (1 << 31) - 1;

    /// A piece of the chunk.
    #[inline]
    pub fn chunk(start: usize, len: usize) -> Span {
        debug_assert!(start + len <= Span::MAX_BUFFER);
        Span { start: start as u32, len: len as u32 }
    }

    /// A piece of the scratch buffer.
    #[inline]
    pub fn scratch(start: usize, len: usize) -> Span {
        debug_assert!(start + len <= Span::MAX_BUFFER);
        Span { start: start as u32 | Span::SCRATCH, len: len as u32 }
    }

    /// Returns true for a piece of the scratch buffer.
    #[inline]
    pub fn is_scratch(self) -> bool {
        self.start & Span::SCRATCH != 0
    }

    /// Returns the first byte's position in its buffer.
    #[inline]
    pub fn start(self) -> usize {
        (self.start & !Span::SCRATCH) as usize
    }

    /// Returns the position after the last byte.
    #[inline]
    pub fn end(self) -> usize {
        self.start() + self.len as usize
    }

    /// Packs the span into a column's payload.
    #[inline]
    pub fn pack(self) -> u64 {
        (self.start as u64) << 32 | self.len as u64
    }

    /// Unpacks what [`Span::pack`] made.
    #[inline]
    pub fn unpack(payload: u64) -> Span {
        Span { start: (payload >> 32) as u32, len: payload as u32 }
    }
}

/// The two buffers spans point into.
#[derive(Clone, Copy, Debug)]
pub struct TextRef<'a> {
    /// The chunk the entries were read from.
    pub chunk: &'a [u8],
    /// Text that had to be made.
    pub scratch: &'a [u8],
}

impl<'a> TextRef<'a> {
    /// Returns the bytes of a span.
    #[inline]
    pub fn get(self, span: Span) -> &'a [u8] {
        let buffer = if span.is_scratch() { self.scratch } else { self.chunk };
        &buffer[span.start()..span.end()]
    }

    /// Returns a value from its kind and payload.
    #[inline]
    pub fn value(self, kind: Kind, payload: u64) -> ValueRef<'a> {
        match kind {
            Kind::Text => ValueRef::Text(self.get(Span::unpack(payload))),
            Kind::Int => ValueRef::Int(payload as i64),
            Kind::Float => ValueRef::Float(f64::from_bits(payload)),
            Kind::Bool => ValueRef::Bool(payload != 0),
            Kind::Json => ValueRef::Json(self.get(Span::unpack(payload))),
        }
    }
}

/// The kinds of a run of values: mostly one kind for all.
#[derive(Clone, Debug, PartialEq)]
pub enum Kinds {
    /// Every value has this kind.
    Same(Kind),
    /// Each value has its own.
    Each(Vec<Kind>),
}

impl Kinds {
    /// Returns the kind of value number `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Kind {
        match self {
            Kinds::Same(kind) => *kind,
            Kinds::Each(kinds) => kinds[index],
        }
    }

    /// Returns the kind of the first value, or of the value expected first.
    fn get_first(&self) -> Kind {
        match self {
            Kinds::Same(kind) => *kind,
            Kinds::Each(kinds) => kinds.first().copied().unwrap_or(Kind::Text),
        }
    }

    /// Notes the kind of value number `index`, the next one.
    #[inline]
    pub fn push(&mut self, index: usize, kind: Kind) {
        match self {
            Kinds::Same(same) if *same == kind => {}
            Kinds::Same(same) if index == 0 => *same = kind,
            Kinds::Same(same) => {
                let mut kinds = vec![*same; index];
                kinds.push(kind);
                *self = Kinds::Each(kinds);
            }
            Kinds::Each(kinds) => kinds.push(kind),
        }
    }
}

/// Distinct values, numbered from 0, with their own text.
#[derive(Clone, Debug, PartialEq)]
pub struct Dictionary {
    /// The kind of each value.
    pub kinds: Kinds,
    /// Each value: a number's bits, or a [`Span`] (never scratch) of `text`.
    pub payload: Vec<u64>,
    /// The text of all text values.
    pub text: Vec<u8>,
}

impl Dictionary {
    /// Returns how many values there are.
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// Returns true when there is no value.
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }

    /// Returns the value of a code.
    #[inline]
    pub fn value(&self, code: u32) -> ValueRef<'_> {
        let text = TextRef { chunk: &self.text, scratch: &[] };
        text.value(self.kinds.get(code as usize), self.payload[code as usize])
    }
}

/// How a column keeps its values.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnData {
    /// One payload a value: a number's bits, or a packed [`Span`] into the buffers of the batch.
    Plain {
        /// The kind of each value.
        kinds: Kinds,
        /// The values.
        payload: Vec<u64>,
    },
    /// One code a value.
    Dict {
        /// Index into the dictionary.
        codes: Vec<u32>,
        /// The distinct values.
        dictionary: Dictionary,
    },
}

/// One field of many entries: the present values in row order, and which rows they belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The row of each value, ascending; `None` when value number `i` belongs to row `i`. Rows that
    /// have no value here do not have the field.
    pub rows: Option<Vec<u32>>,
    /// The values.
    pub data: ColumnData,
}

impl Default for Column {
    fn default() -> Column {
        Column { rows: None, data: ColumnData::Plain { kinds: Kinds::Same(Kind::Text), payload: Vec::new() } }
    }
}

impl Column {
    /// Returns how many values there are.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.data {
            ColumnData::Plain { payload, .. } => payload.len(),
            ColumnData::Dict { codes, .. } => codes.len(),
        }
    }

    /// Returns true when no row has the field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the row of value number `index`.
    #[inline]
    pub fn row(&self, index: usize) -> u32 {
        match &self.rows {
            None => index as u32,
            Some(rows) => rows[index],
        }
    }

    /// Returns the number of the value that belongs to `row`, if it has one. Costs a binary search
    /// when rows are listed; to walk many rows in order use [`Column::seek`].
    #[inline]
    pub fn position(&self, row: u32) -> Option<usize> {
        match &self.rows {
            None => ((row as usize) < self.len()).then_some(row as usize),
            Some(rows) => rows.binary_search(&row).ok(),
        }
    }

    /// Like [`Column::position`] for ascending rows: `cursor` starts at 0 and is carried from call to call.
    #[inline]
    pub fn seek(&self, row: u32, cursor: &mut usize) -> Option<usize> {
        match &self.rows {
            None => ((row as usize) < self.len()).then_some(row as usize),
            Some(rows) => {
                // Gallop, so that both dense walks and far jumps are cheap.
                let mut step = 1;
                while *cursor + step < rows.len() && rows[*cursor + step] <= row {
                    *cursor += step;
                    step *= 2;
                }
                while *cursor < rows.len() && rows[*cursor] < row {
                    *cursor += 1;
                }
                (rows.get(*cursor) == Some(&row)).then_some(*cursor)
            }
        }
    }

    /// Returns value number `index`; `text` are the buffers of the column's batch.
    #[inline]
    pub fn value<'a>(&'a self, index: usize, text: TextRef<'a>) -> ValueRef<'a> {
        match &self.data {
            ColumnData::Plain { kinds, payload } => text.value(kinds.get(index), payload[index]),
            ColumnData::Dict { codes, dictionary } => dictionary.value(codes[index]),
        }
    }

    /// Appends (or, for the row that was set last, replaces) a value of a plain column.
    ///
    /// # Panics
    /// On a dictionary column: those are built whole.
    #[inline]
    pub fn push(&mut self, row: u32, kind: Kind, value: u64) {
        let ColumnData::Plain { kinds, payload } = &mut self.data else {
            panic!("values are pushed to plain columns only");
        };
        let count = payload.len();
        match &mut self.rows {
            None if row as usize == count => {}
            None if row as usize + 1 == count => return Column::replace_last(kinds, payload, kind, value),
            None => {
                let mut rows: Vec<u32> = (0..count as u32).collect();
                rows.push(row);
                self.rows = Some(rows);
            }
            Some(rows) if rows.last() == Some(&row) => return Column::replace_last(kinds, payload, kind, value),
            Some(rows) => rows.push(row),
        }
        kinds.push(count, kind);
        payload.push(value);
    }

    /// Empties a plain column, keeping its memory; returns false, and does nothing, for any other.
    pub fn clear(&mut self) -> bool {
        let ColumnData::Plain { kinds, payload } = &mut self.data else { return false };
        *kinds = Kinds::Same(kinds.get_first());
        payload.clear();
        self.rows = None;
        true
    }

    fn replace_last(kinds: &mut Kinds, payload: &mut [u64], kind: Kind, value: u64) {
        let last = payload.len() - 1;
        if let Kinds::Each(each) = kinds {
            each.pop();
        } else if kinds.get(last) != kind {
            *kinds = Kinds::Each(vec![kinds.get(last); last]);
        }
        kinds.push(last, kind);
        payload[last] = value;
    }
}
