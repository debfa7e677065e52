//! From a batch to a block.

use std::cell::RefCell;
use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::coder::Coder;
use super::column::{EncodedColumn, encode_column, encode_integers};
use super::layout::{Layout, LineWriter, Times};
use super::meta::{BlockMeta, ColumnMeta, Role, has};
use super::values::Cut;
use crate::entry::{Column, ColumnData, EntryBatch, Kind, Kinds, NO_TIME, Position, Span, TextRef};

/// Text that is searched: small frames, so that a rare word costs little, each with a filter.
const SEARCHED: Cut = Cut { frame_bytes: 32 * 1024, filters: true };
/// Text that is only given back: larger frames compress better.
const KEPT: Cut = Cut { frame_bytes: 128 * 1024, filters: false };
/// Columns below this many bytes share the first part: a row of their own would waste half a page.
const SMALL: usize = 2048;
/// Columns of a block below this many bytes all share one: the server writes such blocks hundreds of times a second.
const SMALL_BLOCK: usize = 32 * 1024;
/// Parts a block may have; more columns share the first.
const MAX_PARTS: usize = 256;
/// Bytes of a piece of a part. SQLite keeps a row that is larger than a page in a chain of pages and walks it from
/// its beginning, reading each, to get at what lies further behind; short chains keep the reading of one value
/// short. So many bytes fill [`CHAIN`] pages and the least that SQLite keeps outside of them (998 bytes): no page
/// is left half empty.
const PIECE: usize = 998 + CHAIN * (super::connection::PAGE_SIZE as usize - 4);
const CHAIN: usize = 4;
/// Pieces a block may have.
const MAX_PIECES: usize = 1 << super::import::PART_BITS;

/// Rows whose lines are read together: some 256 KiB, a part of what a core's own cache holds.
const WINDOW: usize = 1024;
/// Columns that are read together. Each needs tables of its own; a format with more has them read one by one.
const MAX_TOGETHER: usize = 64;

/// A batch as it will stand in the store. Made in parallel, written by one.
#[derive(Clone, Debug)]
pub struct EncodedBlock {
    pub(super) rows: usize,
    pub(super) time_range: Option<(i64, i64)>,
    pub(super) levels: u16,
    pub(super) base: Position,
    /// Where the first and the last entry begin, counted from `base`.
    pub(super) first: Position,
    pub(super) last: Position,
    pub(super) meta: Vec<u8>,
    pub(super) pieces: Vec<Vec<u8>>,
    /// Hash of `meta` and `pieces`.
    pub(super) hash: u128,
}

impl EncodedBlock {
    /// Says where the block's chunk begins in its source (as [`EntryBatch::base`], which may be set too late for
    /// the encoder).
    pub fn place(&mut self, base: Position) {
        self.base = base;
    }

    /// Returns how many entries there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns how many bytes the block will take, the database's own not counted.
    pub fn stored_bytes(&self) -> usize {
        self.meta.len() + self.pieces.iter().map(Vec::len).sum::<usize>()
    }

    /// Returns each column's name and bytes, what is not a field in brackets.
    pub fn column_bytes(&self) -> Vec<(String, usize)> {
        let meta = BlockMeta::parse(&self.meta).expect("it was just written");
        let name = |column: &ColumnMeta| match column.role {
            Role::Field => column.name.to_string(),
            role => format!("({})", format!("{role:?}").to_lowercase()),
        };
        meta.columns.iter().map(|column| (name(column), column.len)).collect()
    }
}

/// Encodes a batch with the columns it has. Same batch, same bytes.
pub fn encode_block(batch: &EntryBatch) -> EncodedBlock {
    CODERS.with_borrow_mut(|coders| encode_with(batch, coders))
}

thread_local! {
    /// The first is for columns that are encoded on their own, the others for those that are read together.
    static CODERS: RefCell<Vec<Coder>> = const { RefCell::new(Vec::new()) };
}

fn encode_with(batch: &EntryBatch, coders: &mut Vec<Coder>) -> EncodedBlock {
    let (layout, rows) = read_together(batch, coders);
    let mut columns = Columns::default();
    let mut time_unit = 1;
    let time_range = if batch.ts.is_empty() { None } else { put_time(batch, &mut columns, &mut time_unit) };
    let levels = put_levels(batch, &mut columns);
    put_runs(batch, &mut columns);
    let mut own = coders.pop().unwrap_or_default();
    for (number, (role, name, column)) in columns_of(batch).enumerate() {
        let coder = match coders.get_mut(number) {
            Some(coder) => coder,
            None => {
                own.clear();
                &mut own
            }
        };
        columns.add(role, name, encode_column(column, batch.text(), SEARCHED, coder));
    }
    coders.push(own);
    put_positions(batch, &mut columns);
    put_raw(batch, layout, rows, &mut columns);
    let (piece, pieces, columns) = columns.arrange();
    let given = |bit: u8, len: usize| if len > 0 { bit } else { 0 };
    let has = given(has::TIME, batch.ts.len())
        | given(has::LEVEL, batch.levels.len())
        | given(has::RAW, batch.raw.len())
        | given(has::POSITION, batch.positions.len());
    let meta = BlockMeta { rows: batch.rows, has, time_unit, piece, layout, columns }.to_bytes();
    EncodedBlock {
        rows: batch.rows,
        time_range,
        levels,
        base: batch.base,
        first: batch.positions.first().copied().unwrap_or_default(),
        last: batch.positions.last().copied().unwrap_or_default(),
        hash: block_hash(&meta, pieces.iter().map(Vec::as_slice)),
        meta,
        pieces,
    }
}

/// Returns the message and the fields, those that have values.
fn columns_of(batch: &EntryBatch) -> impl Iterator<Item = (Role, &str, &Column)> {
    let message = std::iter::once((Role::Message, "", &batch.message));
    let fields = batch.fields.iter().map(|(name, column)| (Role::Field, &**name, column));
    message.chain(fields).filter(|(_, _, column)| !column.is_empty())
}

/// Gives codes to the columns and finds the lines that cannot be rebuilt, [`WINDOW`] rows at a time: a line is
/// fetched from memory once, not once for each of its fields (7 % of the time of an access log). Returns the layout and those lines.
fn read_together(batch: &EntryBatch, coders: &mut Vec<Coder>) -> (Option<Layout>, Vec<u32>) {
    let text = batch.text();
    let together = columns_of(batch).count().min(MAX_TOGETHER);
    coders.resize_with(together + 1, Coder::default);
    coders.iter_mut().for_each(Coder::clear);
    let layout = batch.formats.runs().find_map(|(row, format)| {
        let sample = batch.raw.get(row as usize)?;
        Layout::of(format, text.get(*sample))
    });
    let column = |name: &str| batch.field(name).map(|column| (column, text));
    let mut writer = layout.map(|layout| LineWriter::new(layout, &column, Times::All(&batch.ts), &batch.styles));
    let mut stored = Vec::new();
    for start in (0..batch.rows).step_by(WINDOW) {
        let end = (start + WINDOW).min(batch.rows);
        for ((_, _, column), coder) in columns_of(batch).zip(&mut coders[..together]) {
            let seen = coder.codes.len();
            let to = match &column.rows {
                None => end.min(column.len()),
                Some(rows) => seen + rows[seen..].partition_point(|row| (*row as usize) < end),
            };
            coder.advance(column, text, to);
        }
        for row in start..batch.raw.len().min(end) {
            let proven = match (&mut writer, layout) {
                (Some(writer), Some(layout)) => {
                    let format = batch.formats.get(row as u32);
                    format.is_some_and(|format| &**format == layout.format())
                        && writer.proves(row as u32, batch.raw[row], text)
                }
                _ => false,
            };
            if !proven {
                stored.push(row as u32);
            }
        }
    }
    (layout, stored)
}

/// Returns the hash of a block's stored bytes.
pub fn block_hash<'a>(meta: &'a [u8], pieces: impl Iterator<Item = &'a [u8]>) -> u128 {
    let mut hasher = Xxh3::new();
    for bytes in std::iter::once(meta).chain(pieces) {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.digest128()
}

/// Encoded columns that have no place yet.
#[derive(Default)]
struct Columns {
    encoded: Vec<(Role, Arc<str>, EncodedColumn)>,
}

impl Columns {
    fn add(&mut self, role: Role, name: &str, column: EncodedColumn) {
        self.encoded.push((role, name.into(), column));
    }

    /// Gives each column its place: `[head][hash of head][body]` within a part. Returns the size of pieces and the
    /// pieces of all parts.
    fn arrange(self) -> (usize, Vec<Vec<u8>>, Vec<ColumnMeta>) {
        let total: usize = self.encoded.iter().map(|(_, _, column)| column.head.len() + column.body.len()).sum();
        let mut parts = vec![Vec::new()];
        let mut columns = Vec::with_capacity(self.encoded.len());
        for (role, name, column) in self.encoded {
            let large = total >= SMALL_BLOCK && column.head.len() + column.body.len() >= SMALL;
            let own = large && parts.len() < MAX_PARTS;
            if own {
                parts.push(Vec::with_capacity(column.head.len() + column.body.len() + 4));
            }
            let part = if own { parts.len() - 1 } else { 0 };
            let bytes = &mut parts[part];
            let at = bytes.len();
            bytes.extend_from_slice(&column.head);
            bytes.extend((xxh3_64(&column.head) as u32).to_le_bytes());
            let head_len = bytes.len() - at;
            bytes.extend_from_slice(&column.body);
            let len = bytes.len() - at;
            columns.push(ColumnMeta { role, name, part: part as u32, at, head_len, len, stats: column.stats });
        }
        let bytes: usize = parts.iter().map(Vec::len).sum();
        // Every part has a last piece that may be short.
        let piece = PIECE.max(bytes.div_ceil(MAX_PIECES - MAX_PARTS));
        let (mut pieces, mut firsts) = (Vec::with_capacity(bytes / piece + parts.len()), Vec::new());
        for part in parts {
            firsts.push(pieces.len() as u32);
            if part.len() <= piece {
                pieces.push(part);
            } else {
                pieces.extend(part.chunks(piece).map(<[u8]>::to_vec));
            }
        }
        columns.iter_mut().for_each(|column| column.part = firsts[column.part as usize]);
        (piece, pieces, columns)
    }
}

/// A column of numbers that belong to these rows.
fn numbers(rows: Option<Vec<u32>>, payload: Vec<u64>) -> Column {
    Column { rows, data: ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload } }
}

fn no_text() -> TextRef<'static> {
    TextRef { chunk: &[], scratch: &[] }
}

fn put_time(batch: &EntryBatch, columns: &mut Columns, unit: &mut i64) -> Option<(i64, i64)> {
    let known = || batch.ts.iter().copied().filter(|nanos| *nanos != NO_TIME);
    let least = known().min()?;
    let most = known().max().expect("there is a least one");
    *unit =
        [1_000_000_000, 1_000_000, 1000].into_iter().find(|unit| known().all(|nanos| nanos % unit == 0)).unwrap_or(1);
    let times: Vec<i64> = known().map(|nanos| nanos / *unit).collect();
    let rows = (times.len() < batch.ts.len())
        .then(|| (0..batch.ts.len() as u32).filter(|row| batch.ts[*row as usize] != NO_TIME).collect::<Vec<u32>>());
    columns.add(Role::Time, "", encode_integers(rows.as_deref(), &times));
    Some((least, most))
}

/// Returns the set of levels: bit `n` for level `n`, bit 0 for none.
fn put_levels(batch: &EntryBatch, columns: &mut Columns) -> u16 {
    let mut set = if batch.levels.is_empty() { 1 } else { 0 };
    let (mut rows, mut payload) = (Vec::new(), Vec::new());
    for (row, level) in batch.levels.iter().enumerate() {
        set |= 1 << (*level).min(15);
        if *level != 0 {
            rows.push(row as u32);
            payload.push(*level as u64);
        }
    }
    if !payload.is_empty() {
        let rows = (payload.len() < batch.rows).then_some(rows);
        columns.add(Role::Level, "", encode_column(&numbers(rows, payload), no_text(), KEPT, &mut Coder::default()));
    }
    set
}

/// Puts what is stored as runs: each run is the value of its first row.
fn put_runs(batch: &EntryBatch, columns: &mut Columns) {
    let runs = batch.styles.runs();
    if !runs.is_empty() {
        let rows: Vec<u32> = runs.iter().map(|(row, _)| *row).collect();
        let styles: Vec<i64> = runs.iter().map(|(_, style)| style.pack() as i64).collect();
        columns.add(Role::Style, "", encode_integers(Some(&rows), &styles));
    }
    for (role, names) in [(Role::Format, &batch.formats), (Role::Source, &batch.sources)] {
        let (mut rows, mut payload, mut text) = (Vec::new(), Vec::new(), Vec::new());
        for (row, name) in names.runs() {
            rows.push(row);
            payload.push(Span::chunk(text.len(), name.len()).pack());
            text.extend_from_slice(name.as_bytes());
        }
        if !rows.is_empty() {
            let data = ColumnData::Plain { kinds: Kinds::Same(Kind::Text), payload };
            let text = TextRef { chunk: &text, scratch: &[] };
            columns.add(role, "", encode_column(&Column { rows: Some(rows), data }, text, KEPT, &mut Coder::default()));
        }
    }
}

fn put_positions(batch: &EntryBatch, columns: &mut Columns) {
    if batch.positions.is_empty() {
        return;
    }
    let of = |part: fn(&Position) -> u64| batch.positions.iter().map(|at| part(at) as i64).collect::<Vec<i64>>();
    columns.add(Role::Offset, "", encode_integers(None, &of(|position| position.offset)));
    columns.add(Role::Line, "", encode_integers(None, &of(|position| position.line)));
}

/// Puts the lines that cannot be rebuilt.
fn put_raw(batch: &EntryBatch, layout: Option<Layout>, rows: Vec<u32>, columns: &mut Columns) {
    if rows.is_empty() {
        return;
    }
    let payload = rows.iter().map(|row| batch.raw[*row as usize].pack()).collect();
    let rows = (rows.len() < batch.rows).then_some(rows);
    let data = ColumnData::Plain { kinds: Kinds::Same(Kind::Text), payload };
    let cut = if layout.is_some() { SEARCHED } else { KEPT };
    columns.add(Role::Raw, "", encode_column(&Column { rows, data }, batch.text(), cut, &mut Coder::default()));
}
