//! A block in the store, whose columns are read when they are asked for.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::bytes::Fault;
use super::column::StoredColumn;
use super::frame::ReadAt;
use super::meta::{BlockMeta, ColumnMeta, Role, has};
use crate::entry::{
    Column, ColumnData, Dictionary, EntryBatch, Kind, Kinds, NO_TIME, Position, Projection, Runs, Span, TextRef,
    TimeStyle, ValueRef,
};
use crate::query::{BlockStats, ColumnStats, ColumnView, Columns, Need, ScanError};

/// How much of a column is read with its directory: about what one disk page gives anyway.
const FRONT: usize = 8192;

/// Reads the parts of one block.
pub trait Parts {
    /// Returns `len` bytes of a part from `at` on.
    fn read(&self, part: u32, at: usize, len: usize) -> Result<Vec<u8>, Fault>;
}

/// Reads `bytes` of a part from `at` on. A part lies in pieces of `piece` bytes each but the last, and is named by the number
/// of its first; `read` fills its buffer from a place within one of them.
///
/// # Errors
/// When the place lies beyond any piece there may be, and those of `read`.
pub fn across_pieces(
    piece: usize,
    part: u32,
    at: usize,
    bytes: &mut [u8],
    mut read: impl FnMut(u32, usize, &mut [u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut done = 0;
    while done < bytes.len() {
        let place = at + done;
        let end = bytes.len().min(done + piece - place % piece);
        let number = u32::try_from(place / piece).ok().and_then(|number| part.checked_add(number));
        let number = number.ok_or(Fault::new("a place lies outside"))?;
        read(number, place % piece, &mut bytes[done..end])?;
        done = end;
    }
    Ok(())
}

/// What the store's tables say of a block.
#[derive(Clone, Debug)]
pub struct BlockRow {
    /// Its number in the store.
    pub id: i64,
    /// The name of the source of all its entries, unless the block has names of its own.
    pub source: Option<Arc<str>>,
    /// Where its chunk began.
    pub base: Position,
    /// Least and greatest timestamp.
    pub time_range: Option<(i64, i64)>,
    /// The set of levels.
    pub levels: u16,
    /// Its columns.
    pub meta: BlockMeta,
}

/// A block whose columns are read when they are asked for.
pub struct StoredBlock<'a> {
    row: &'a BlockRow,
    parts: &'a dyn Parts,
    /// Named in faults.
    store: &'a str,
    slots: Vec<Slot>,
    ts: OnceCell<Vec<i64>>,
    levels: OnceCell<Vec<u8>>,
    bytes_read: Cell<u64>,
}

/// What was read of a column so far.
#[derive(Default)]
struct Slot {
    front: OnceCell<Vec<u8>>,
    stored: OnceCell<StoredColumn>,
    filters: OnceCell<Vec<u8>>,
    all: OnceCell<Column>,
}

/// A column's bytes, addressed from its own beginning.
struct Place<'a> {
    block: &'a StoredBlock<'a>,
    index: usize,
}

impl ReadAt for Place<'_> {
    fn read_at(&self, at: usize, len: usize) -> Result<Cow<'_, [u8]>, Fault> {
        let column = &self.block.row.meta.columns[self.index];
        let end = at.checked_add(len).filter(|end| *end <= column.len).ok_or(Fault::new("a place lies outside"))?;
        if let Some(front) = self.block.slots[self.index].front.get()
            && end <= front.len()
        {
            return Ok(Cow::Borrowed(&front[at..end]));
        }
        self.block.read(column, at, len).map(Cow::Owned)
    }
}

/// Sets a cell that may fail to be filled.
fn fill<T, E>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

impl<'a> StoredBlock<'a> {
    /// A block of which nothing was read yet.
    pub fn new(row: &'a BlockRow, parts: &'a dyn Parts, store: &'a str) -> StoredBlock<'a> {
        let slots = row.meta.columns.iter().map(|_| Slot::default()).collect();
        let (ts, levels) = (OnceCell::new(), OnceCell::new());
        StoredBlock { row, parts, store, slots, ts, levels, bytes_read: Cell::new(0) }
    }

    /// Returns how many columns were read, how many were not, and how many bytes that took.
    pub fn read_so_far(&self) -> (u64, u64, u64) {
        let read = self.slots.iter().filter(|slot| slot.front.get().is_some()).count() as u64;
        (read, self.slots.len() as u64 - read, self.bytes_read.get())
    }

    fn read(&self, column: &ColumnMeta, at: usize, len: usize) -> Result<Vec<u8>, Fault> {
        self.bytes_read.set(self.bytes_read.get() + len as u64);
        self.parts.read(column.part, column.at + at, len)
    }

    fn error(&self, index: Option<usize>, fault: Fault) -> ScanError {
        let column =
            index.map(|index| &self.row.meta.columns[index]).map_or(String::new(), |column| match column.role {
                Role::Field => format!(": field {}", column.name),
                role => format!(": {}", format!("{role:?}").to_lowercase()),
            });
        ScanError::Storage(format!("{}: block {}{column}: {}", self.store, self.row.id, fault.0))
    }

    fn stored(&self, index: usize) -> Result<&StoredColumn, Fault> {
        let (slot, column) = (&self.slots[index], &self.row.meta.columns[index]);
        fill(&slot.stored, || {
            let front = fill(&slot.front, || self.read(column, 0, column.head_len.max(FRONT).min(column.len)))?;
            let head = front.get(..column.head_len).ok_or(Fault::new("ends too early"))?;
            let (head, sum) = head.split_last_chunk::<4>().ok_or(Fault::new("ends too early"))?;
            if *sum != (xxh3_64(head) as u32).to_le_bytes() {
                return Err(Fault::new("a directory does not have the hash it was stored with"));
            }
            StoredColumn::parse(head, column.head_len, self.row.meta.rows)
        })
    }

    fn filters(&self, index: usize) -> Result<&[u8], Fault> {
        let stored = self.stored(index)?;
        fill(&self.slots[index].filters, || stored.filters(&Place { block: self, index })).map(Vec::as_slice)
    }

    /// Returns a column as far as it is needed.
    fn load(&self, index: usize, need: Need<'_>) -> Result<Cow<'_, Column>, ScanError> {
        let slot = &self.slots[index];
        let place = Place { block: self, index };
        let load = |need| self.stored(index)?.load(&place, need, || self.filters(index));
        match need {
            _ if slot.all.get().is_some() => Ok(slot.all.get().map(Cow::Borrowed).expect("it is there")),
            Need::All => fill(&slot.all, || load(need)).map(Cow::Borrowed),
            Need::Rows(_) | Need::Tokens(_) | Need::Presence => load(need).map(Cow::Owned),
        }
        .map_err(|fault| self.error(Some(index), fault))
    }

    /// Returns the rows whose value of a column passes a test, see [`StoredColumn::rows_where`].
    pub(super) fn column_rows_where(
        &self,
        index: usize,
        tokens: &[u64],
        test: &dyn Fn(&Dictionary) -> Vec<bool>,
    ) -> Result<Option<Vec<u32>>, ScanError> {
        let place = Place { block: self, index };
        let rows = || self.stored(index)?.rows_where(&place, tokens, || self.filters(index), test);
        rows().map_err(|fault| self.error(Some(index), fault))
    }

    /// Returns a whole column that is not kept.
    fn load_owned(&self, index: usize) -> Result<Column, ScanError> {
        let load = || self.stored(index)?.load(&Place { block: self, index }, Need::All, || self.filters(index));
        load().map_err(|fault| self.error(Some(index), fault))
    }

    fn load_role(&self, role: Role, need: Need<'_>) -> Result<Option<Cow<'_, Column>>, ScanError> {
        self.row.meta.role(role).map(|index| self.load(index, need)).transpose()
    }

    /// Returns line numbers or offsets.
    fn load_position(&self, role: Role, need: Need<'_>) -> Result<Option<Column>, ScanError> {
        let base = if role == Role::Line { self.row.base.line } else { self.row.base.offset };
        let Some(column) = self.load_role(role, need)? else { return Ok(None) };
        let mut column = column.into_owned();
        if let ColumnData::Plain { payload, .. } = &mut column.data {
            payload.iter_mut().for_each(|value| *value = value.wrapping_add(base));
        }
        Ok(Some(column))
    }

    /// Returns the rows at which runs of names begin, and the names.
    fn name_runs(&self, role: Role) -> Result<Vec<(u32, Arc<str>)>, ScanError> {
        let Some(column) = self.load_role(role, Need::All)? else {
            let own = if role == Role::Source { self.row.source.clone() } else { None };
            return Ok(own.map(|name| (0, name)).into_iter().collect());
        };
        let ColumnData::Dict { codes, dictionary } = &column.data else {
            return Err(self.error(self.row.meta.role(role), Fault::new("names are not text")));
        };
        let names: Vec<Arc<str>> = (0..dictionary.len() as u32)
            .map(|code| match dictionary.value(code) {
                ValueRef::Text(name) => String::from_utf8_lossy(name).into(),
                _ => "".into(),
            })
            .collect();
        Ok(codes.iter().enumerate().map(|(run, code)| (column.row(run), names[*code as usize].clone())).collect())
    }

    /// Returns a column of names, one a row.
    fn load_names(&self, role: Role) -> Result<Option<Column>, ScanError> {
        let runs = self.name_runs(role)?;
        let rows = self.row.meta.rows as u32;
        let Some((first, _)) = runs.first() else { return Ok(None) };
        let mut dictionary = Dictionary { kinds: Kinds::Same(Kind::Text), payload: Vec::new(), text: Vec::new() };
        let mut codes = Vec::with_capacity(rows as usize);
        let mut names: Vec<&Arc<str>> = Vec::new();
        for (run, (start, name)) in runs.iter().enumerate() {
            let end = runs.get(run + 1).map_or(rows, |(next, _)| *next);
            let code = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                dictionary.payload.push(Span::chunk(dictionary.text.len(), name.len()).pack());
                dictionary.text.extend_from_slice(name.as_bytes());
                names.push(name);
                names.len() - 1
            });
            codes.resize(codes.len() + (end - start) as usize, code as u32);
        }
        let rows = (*first > 0).then(|| (*first..rows).collect());
        Ok(Some(Column { rows, data: ColumnData::Dict { codes, dictionary } }))
    }

    /// Returns those of these rows (ascending) that have a timestamp, with it.
    pub(super) fn times_of(&self, rows: &[u32]) -> Result<Vec<(u32, i64)>, ScanError> {
        let Some(column) = self.load_role(Role::Time, Need::Rows(rows))? else { return Ok(Vec::new()) };
        let unit = self.row.meta.time_unit;
        let mut cursor = 0;
        let time = |row: &u32| {
            let index = column.seek(*row, &mut cursor)?;
            match column.value(index, NO_TEXT) {
                ValueRef::Int(time) => Some((*row, time.wrapping_mul(unit))),
                _ => None,
            }
        };
        Ok(rows.iter().filter_map(time).collect())
    }

    /// Returns the styles of timestamps.
    pub(super) fn styles(&self) -> Result<Runs<TimeStyle>, ScanError> {
        let mut runs = Runs::default();
        if let Some(column) = self.load_role(Role::Style, Need::All)?
            && let ColumnData::Plain { payload, .. } = &column.data
        {
            for (run, style) in payload.iter().enumerate() {
                runs.push(column.row(run), TimeStyle::unpack(*style as u32));
            }
        }
        Ok(runs)
    }

    /// Returns the block's raw lines, see [`super::raw`].
    fn load_raw(&self, need: Need<'_>) -> Result<Option<Column>, ScanError> {
        if self.row.meta.has & has::RAW == 0 {
            return Ok(None);
        }
        super::raw::load(self, need).map(Some)
    }

    pub(super) fn meta(&self) -> &BlockMeta {
        &self.row.meta
    }

    pub(super) fn role_column(&self, role: Role, need: Need<'_>) -> Result<Option<Cow<'_, Column>>, ScanError> {
        self.load_role(role, need)
    }

    pub(super) fn column_at(&self, index: usize, need: Need<'_>) -> Result<Cow<'_, Column>, ScanError> {
        self.load(index, need)
    }

    pub(super) fn field_column(&self, name: &str, need: Need<'_>) -> Result<Option<Cow<'_, Column>>, ScanError> {
        self.row.meta.field(name).map(|index| self.load(index, need)).transpose()
    }
}

/// The buffers of columns that hold their own text.
pub(super) const NO_TEXT: TextRef<'static> = TextRef { chunk: &[], scratch: &[] };

impl Columns for StoredBlock<'_> {
    fn rows(&self) -> usize {
        self.row.meta.rows
    }

    fn ts(&self) -> Result<Cow<'_, [i64]>, ScanError> {
        let times = fill(&self.ts, || {
            let (rows, unit) = (self.row.meta.rows, self.row.meta.time_unit);
            // Not kept as a column too: these are half a megabyte a block.
            let column = match self.row.meta.role(Role::Time) {
                Some(index) => self.load_owned(index)?,
                None => Column::default(),
            };
            let ColumnData::Plain { payload, .. } = column.data else { return Ok(vec![NO_TIME; rows]) };
            let time = |value: u64| (value as i64).wrapping_mul(unit);
            let Some(listed) = column.rows else {
                let mut times: Vec<i64> = payload.into_iter().map(time).collect();
                times.resize(rows, NO_TIME);
                return Ok(times);
            };
            let mut times = vec![NO_TIME; rows];
            listed.iter().zip(payload).for_each(|(row, value)| times[*row as usize] = time(value));
            Ok::<_, ScanError>(times)
        })?;
        Ok(Cow::Borrowed(times))
    }

    fn ts_of(&self, rows: &[u32]) -> Result<Vec<i64>, ScanError> {
        if let Some(times) = self.ts.get() {
            return Ok(rows.iter().map(|row| times[*row as usize]).collect());
        }
        let Some(column) = self.load_role(Role::Time, Need::Rows(rows))? else { return Ok(vec![NO_TIME; rows.len()]) };
        let ColumnData::Plain { payload, .. } = &column.data else { return Ok(vec![NO_TIME; rows.len()]) };
        let unit = self.row.meta.time_unit;
        let mut cursor = 0;
        let time = |row: &u32| {
            let found = column.seek(*row, &mut cursor);
            found.map_or(NO_TIME, |index| (payload[index] as i64).wrapping_mul(unit))
        };
        Ok(rows.iter().map(time).collect())
    }

    fn levels(&self) -> Result<Cow<'_, [u8]>, ScanError> {
        let levels = fill(&self.levels, || {
            let mut levels = vec![0; self.row.meta.rows];
            if let Some(column) = self.load_role(Role::Level, Need::All)? {
                for index in 0..column.len() {
                    if let ValueRef::Int(level) = column.value(index, NO_TEXT) {
                        levels[column.row(index) as usize] = level.clamp(0, 9) as u8;
                    }
                }
            }
            Ok::<_, ScanError>(levels)
        })?;
        Ok(Cow::Borrowed(levels))
    }

    fn column(&self, name: &str, need: Need<'_>) -> Result<Option<ColumnView<'_>>, ScanError> {
        let view = |column| ColumnView { column, text: NO_TEXT };
        Ok(match name {
            "ts" | "level" => None,
            "message" => self.load_role(Role::Message, need)?.map(view),
            "raw" => self.load_raw(need)?.map(ColumnView::owned),
            "line" => self.load_position(Role::Line, need)?.map(ColumnView::owned),
            "offset" => self.load_position(Role::Offset, need)?.map(ColumnView::owned),
            "format" => self.load_names(Role::Format)?.map(ColumnView::owned),
            "source" => self.load_names(Role::Source)?.map(ColumnView::owned),
            field => self.field_column(field, need)?.map(view),
        })
    }

    fn rows_where(
        &self,
        name: &str,
        tokens: &[u64],
        test: &dyn Fn(&Dictionary) -> Vec<bool>,
    ) -> Result<Option<Vec<u32>>, ScanError> {
        let index = match name {
            "message" => self.row.meta.role(Role::Message),
            "ts" | "level" | "raw" | "line" | "offset" | "format" | "source" => None,
            field => self.row.meta.field(field),
        };
        index.map_or(Ok(None), |index| self.column_rows_where(index, tokens, test))
    }

    fn gather(&self, rows: &[u32], projection: &Projection) -> Result<EntryBatch, ScanError> {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.last().is_some_and(|last| *last as usize >= self.row.meta.rows) {
            return Err(self.error(None, Fault::new("was asked for a row it does not have")));
        }
        let need = Need::Rows(&sorted);
        let ascending = sorted == rows;
        let meta = &self.row.meta;
        let mut batch = EntryBatch { rows: rows.len(), ..EntryBatch::default() };
        if projection.wants("ts") && meta.has & has::TIME != 0 {
            let times = self.times_of(&sorted)?;
            let time = |row: &u32| times.binary_search_by_key(row, |(row, _)| *row).ok();
            batch.ts = rows.iter().map(|row| time(row).map_or(NO_TIME, |place| times[place].1)).collect();
            let styles = self.styles()?;
            for (place, row) in rows.iter().enumerate() {
                styles.get(*row).into_iter().for_each(|style| batch.styles.push(place as u32, style));
            }
        }
        if projection.wants("level") && meta.has & has::LEVEL != 0 {
            let levels = Columns::levels(self)?;
            batch.levels = rows.iter().map(|row| levels[*row as usize]).collect();
        }
        if projection.wants("message")
            && let Some(column) = self.load_role(Role::Message, need)?
        {
            batch.message = take(column, rows, ascending);
        }
        for (index, column) in meta.columns.iter().enumerate() {
            if column.role == Role::Field && projection.wants(&column.name) {
                let taken = take(self.load(index, need)?, rows, ascending);
                if !taken.is_empty() {
                    batch.fields.push((column.name.clone(), taken));
                }
            }
        }
        if (projection.wants("line") || projection.wants("offset")) && meta.has & has::POSITION != 0 {
            let lines = self.load_position(Role::Line, need)?;
            let offsets = self.load_position(Role::Offset, need)?;
            let at = |column: &Option<Column>, row| {
                column.as_ref().and_then(|column| number_at(column, row)).unwrap_or(0) as u64
            };
            batch.positions =
                rows.iter().map(|row| Position { line: at(&lines, *row), offset: at(&offsets, *row) }).collect();
        }
        for (name, role, names) in
            [("format", Role::Format, &mut batch.formats), ("source", Role::Source, &mut batch.sources)]
        {
            if projection.wants(name) {
                let runs = self.name_runs(role)?;
                for (place, row) in rows.iter().enumerate() {
                    let run = runs.partition_point(|(start, _)| start <= row);
                    run.checked_sub(1).into_iter().for_each(|run| names.push(place as u32, &runs[run].1));
                }
            }
        }
        if projection.wants("raw")
            && let Some(column) = self.load_raw(need)?
        {
            super::raw::take(&column, rows, &mut batch)?;
        }
        Ok(batch)
    }

    fn stats(&self) -> Option<&dyn BlockStats> {
        Some(self)
    }
}

/// Returns the integer a row has.
fn number_at(column: &Column, row: u32) -> Option<i64> {
    match column.value(column.position(row)?, NO_TEXT) {
        ValueRef::Int(number) => Some(number),
        _ => None,
    }
}

/// Returns these rows of a column, in this order, as a column of its own. `ascending` says whether every row is
/// greater than the one before it.
fn take(column: Cow<'_, Column>, rows: &[u32], ascending: bool) -> Column {
    let most = rows.len().min(if ascending { column.len() } else { usize::MAX });
    let mut listed = Vec::with_capacity(most);
    let mut indexes = Vec::with_capacity(most);
    if ascending && column.rows.is_some() && column.len() < rows.len() {
        // A column of few values: look for each of them, not for each row.
        for index in 0..column.len() {
            if let Ok(place) = rows.binary_search(&column.row(index)) {
                listed.push(place as u32);
                indexes.push(index);
            }
        }
    } else {
        for (place, row) in rows.iter().enumerate() {
            if let Some(index) = column.position(*row) {
                listed.push(place as u32);
                indexes.push(index);
            }
        }
    }
    let pick = |kinds: &Kinds| match kinds {
        Kinds::Same(kind) => Kinds::Same(*kind),
        Kinds::Each(each) => Kinds::Each(indexes.iter().map(|index| each[*index]).collect()),
    };
    let data = match &column.data {
        ColumnData::Plain { kinds, payload } => {
            ColumnData::Plain { kinds: pick(kinds), payload: indexes.iter().map(|index| payload[*index]).collect() }
        }
        ColumnData::Dict { codes, .. } => {
            let codes = indexes.iter().map(|index| codes[*index]).collect();
            let ColumnData::Dict { dictionary, .. } = column.into_owned().data else { unreachable!("it is one") };
            ColumnData::Dict { codes, dictionary }
        }
    };
    Column { rows: (listed.len() < rows.len()).then_some(listed), data }
}

impl BlockStats for StoredBlock<'_> {
    fn rows(&self) -> usize {
        self.row.meta.rows
    }

    fn time_range(&self) -> Option<(i64, i64)> {
        self.row.time_range
    }

    fn levels(&self) -> u16 {
        self.row.levels
    }

    fn column(&self, name: &str) -> Option<ColumnStats> {
        let meta = &self.row.meta;
        let whole = ColumnStats { present: meta.rows as u64, numbers: None, only_numbers: false };
        let of = |index: Option<usize>| index.map(|index| meta.columns[index].stats);
        match name {
            "ts" | "level" => None,
            "message" => of(meta.role(Role::Message)),
            "raw" => (meta.has & has::RAW != 0).then_some(whole),
            "format" => meta.role(Role::Format).map(|_| whole),
            "source" => (meta.role(Role::Source).is_some() || self.row.source.is_some()).then_some(whole),
            "line" | "offset" => (meta.has & has::POSITION != 0).then_some(whole),
            field => of(meta.field(field)),
        }
    }

    fn may_contain(&self, name: &str, token: u64) -> bool {
        let index = match name {
            "message" => self.row.meta.role(Role::Message),
            "raw" => return super::raw::may_contain(self, token),
            "ts" | "level" | "format" | "source" | "line" | "offset" => return true,
            field => self.row.meta.field(field),
        };
        // What cannot be read is told when the column is loaded.
        index.is_some_and(|index| self.column_may_contain(index, token).unwrap_or(true))
    }
}

impl StoredBlock<'_> {
    /// Returns false only when no value of the column holds the token.
    pub(super) fn column_may_contain(&self, index: usize, token: u64) -> Result<bool, Fault> {
        Ok(self.stored(index)?.may_contain(self.filters(index)?, token))
    }
}
