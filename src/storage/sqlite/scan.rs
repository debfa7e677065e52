//! Reads blocks in parallel and hands them to a sink in the order of their numbers.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::blob::Blob;
use rusqlite::{Connection, Row};

use super::bytes::Fault;
use super::connection::Problem;
use super::frame;
use super::import::{BlockNumbers, part_id, sources};
use super::meta::BlockMeta;
use super::readers::{Moment, Readers};
use super::stored::{BlockRow, Parts, StoredBlock, across_pieces};
use crate::entry::{EntryBatch, Position};
use crate::query::prune::may_match;
use crate::query::{BatchSink, BlockStats, ColumnStats, Filter};
use crate::storage::{ScanStats, StorageError};

/// Reads the parts of blocks through one connection.
pub struct BlobReader<'c> {
    connection: &'c Connection,
    /// The piece read last, and its number: the next read is mostly of the same.
    open: RefCell<Option<(i64, Blob<'c>)>>,
}

impl<'c> BlobReader<'c> {
    /// A reader that has read nothing.
    pub fn new(connection: &'c Connection) -> BlobReader<'c> {
        BlobReader { connection, open: RefCell::new(None) }
    }

    fn read(&self, id: i64, at: usize, bytes: &mut [u8]) -> Result<(), rusqlite::Error> {
        let mut slot = self.open.borrow_mut();
        // A blob that could not be moved to another row is of no more use.
        let blob = match slot.take() {
            Some((open, blob)) if open == id => blob,
            Some((_, mut blob)) => {
                blob.reopen(id)?;
                blob
            }
            None => self.connection.blob_open("main", "parts", "data", id, true)?,
        };
        blob.read_at_exact(bytes, at)?;
        *slot = Some((id, blob));
        Ok(())
    }
}

/// The parts of one block.
struct BlockParts<'r, 'c> {
    reader: &'r BlobReader<'c>,
    block: i64,
    /// Bytes of each piece of a part but its last.
    piece: usize,
}

impl Parts for BlockParts<'_, '_> {
    fn read(&self, part: u32, at: usize, len: usize) -> Result<Vec<u8>, Fault> {
        // Only whole columns are read through a window that gives its memory back; the rest is small.
        let mut bytes = if len > 32 * 1024 { frame::buffer(len) } else { vec![0; len] };
        across_pieces(self.piece, part, at, &mut bytes, |piece, at, bytes| {
            let read = self.reader.read(part_id(self.block, piece), at, bytes);
            read.map_err(|error| Fault(format!("part {part} cannot be read: {error}").into()))
        })?;
        Ok(bytes)
    }
}

/// What [`block_row`] reads, in the order the blocks were stored.
pub const SELECT_BLOCKS: &str =
    "SELECT id, source, entries, min_ts, max_ts, levels, base_offset, base_line, first_offset,
    first_line, last_offset, last_line, hash, row_hash, meta FROM blocks ORDER BY id";

/// What the table says of a block before its description is read: of a large store most descriptions need not be, and
/// they do not fit in memory all at once.
#[derive(Clone, Debug)]
pub struct BlockHead {
    /// Its number in the store.
    pub id: i64,
    /// How many entries.
    pub rows: u64,
    source: Option<Arc<str>>,
    base: Position,
    /// Least and greatest timestamp.
    pub time_range: Option<(i64, i64)>,
    levels: u16,
}

/// Returns all blocks in the order they were stored.
pub fn block_heads(connection: &Connection) -> Result<Vec<BlockHead>, Problem> {
    block_heads_from(connection, i64::MIN)
}

/// Returns the block with this number and those that follow it.
pub fn block_heads_from(connection: &Connection, first: i64) -> Result<Vec<BlockHead>, Problem> {
    let names: hashbrown::HashMap<i64, Arc<str>> =
        sources(connection)?.into_iter().map(|source| (source.id, source.name.into())).collect();
    let mut statement = connection.prepare_cached(
        "SELECT id, source, entries, min_ts, max_ts, levels, base_offset, base_line, first_offset, first_line,
            last_offset, last_line, hash, row_hash FROM blocks WHERE id >= ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([first])?;
    let mut blocks = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let numbers = block_numbers(row)?.map_err(|fault| damaged(id, &fault))?;
        // The columns of a block are found by its number: of two rows with the same one would be read as the other's.
        if blocks.last().is_some_and(|before: &BlockHead| before.id >= id) {
            return Err(damaged(id, &Fault::new("its number stands in more than one row")));
        }
        let source = match numbers.source {
            Some(source) => {
                Some(names.get(&source).ok_or_else(|| damaged(id, &Fault::new("its source is gone")))?.clone())
            }
            None => None,
        };
        blocks.push(BlockHead {
            id,
            rows: numbers.entries as u64,
            source,
            base: Position { offset: numbers.positions[0] as u64, line: numbers.positions[1] as u64 },
            time_range: numbers.min_ts.zip(numbers.max_ts),
            levels: numbers.levels as u16,
        });
    }
    Ok(blocks)
}

fn damaged(id: i64, fault: &Fault) -> Problem {
    Problem::Damaged(format!("block {id}: {}", fault.0))
}

impl BlockHead {
    /// Reads the block's description.
    pub fn open(&self, connection: &Connection) -> Result<BlockRow, Problem> {
        let mut statement = connection.prepare_cached("SELECT meta FROM blocks WHERE id = ?1")?;
        let meta = statement.query_row([self.id], |row| Ok(BlockMeta::parse(row.get_ref(0)?.as_blob()?)))?;
        let meta = meta.and_then(|meta| if meta.rows as u64 == self.rows { Ok(meta) } else { Err(CONTRADICTION) });
        let meta = meta.map_err(|fault| damaged(self.id, &fault))?;
        let BlockHead { id, rows: _, source, base, time_range, levels } = self.clone();
        Ok(BlockRow { id, source, base, time_range, levels, meta })
    }
}

/// What a head alone tells: nothing of any column.
impl BlockStats for BlockHead {
    fn rows(&self) -> usize {
        self.rows as usize
    }

    fn time_range(&self) -> Option<(i64, i64)> {
        self.time_range
    }

    fn levels(&self) -> u16 {
        self.levels
    }

    fn column(&self, _: &str) -> Option<ColumnStats> {
        // More values than rows: so it follows neither that all rows have one nor that none has.
        let numbers = Some((f64::NEG_INFINITY, f64::INFINITY));
        Some(ColumnStats { present: self.rows.saturating_add(1), numbers, only_numbers: false })
    }

    fn may_contain(&self, _: &str, _: u64) -> bool {
        true
    }
}

const CONTRADICTION: Fault = Fault::new("its row and its description differ");

/// Reads the numbers of a row of [`SELECT_BLOCKS`] and checks them against their hash.
fn block_numbers(row: &Row<'_>) -> Result<Result<BlockNumbers, Fault>, rusqlite::Error> {
    let mut positions = [0; 6];
    for (place, position) in positions.iter_mut().enumerate() {
        *position = row.get(6 + place)?;
    }
    let numbers = BlockNumbers {
        source: row.get(1)?,
        entries: row.get(2)?,
        min_ts: row.get(3)?,
        max_ts: row.get(4)?,
        levels: row.get(5)?,
        positions,
    };
    let hash: [u8; 16] = row.get(12)?;
    let same = numbers.row_hash(&hash) == row.get::<_, i64>(13)?;
    Ok(if same { Ok(numbers) } else { Err(Fault::new("its row does not have the hash it was stored with")) })
}

/// Reads a row of [`SELECT_BLOCKS`] and checks it against its hash.
pub fn block_row(row: &Row<'_>) -> Result<Result<(BlockNumbers, BlockMeta), Fault>, rusqlite::Error> {
    let numbers = match block_numbers(row)? {
        Ok(numbers) => numbers,
        Err(fault) => return Ok(Err(fault)),
    };
    let meta = BlockMeta::parse(row.get_ref(14)?.as_blob()?);
    Ok(meta.and_then(|meta| if meta.rows as i64 == numbers.entries { Ok((numbers, meta)) } else { Err(CONTRADICTION) }))
}

/// What the threads of a scan share.
struct Scan<'a> {
    store: String,
    path: &'a Path,
    blocks: &'a [BlockHead],
    filter: &'a Filter,
    sink: &'a dyn BatchSink,
    next: AtomicUsize,
    stop: AtomicBool,
    stats: Mutex<ScanStats>,
    failure: Mutex<Option<StorageError>>,
}

/// Pushes every block that may match. `connection` holds a read transaction begun at `moment`; other threads only help
/// while they see the same blocks.
pub fn scan(
    readers: &Readers,
    moment: Moment,
    connection: &Connection,
    threads: usize,
    blocks: &[BlockHead],
    filter: &Filter,
    sink: &dyn BatchSink,
) -> Result<ScanStats, StorageError> {
    keep_freed_memory();
    let scan = Scan {
        store: readers.path().display().to_string(),
        path: readers.path(),
        blocks,
        filter,
        sink,
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        stats: Mutex::new(ScanStats { blocks: blocks.len() as u64, ..ScanStats::default() }),
        failure: Mutex::new(None),
    };
    let others = threads.min(blocks.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        for _ in 0..others {
            // A thread that sees other blocks takes none; the others do its share.
            scope.spawn(|| {
                if let Err(error) = readers.help(moment, |connection| scan.work(connection)) {
                    scan.fail(error);
                }
            });
        }
        scan.work(connection);
    });
    match scan.failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(scan.stats.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Asks glibc to keep what is freed for the next block: by itself it gives memory back to the system block by block
/// and pays for each page again, a quarter of the time of a short query. It takes the size of the largest piece that
/// was ever freed for the measure of what is worth keeping, so one is freed here, without being touched. Other
/// allocators do not care.
fn keep_freed_memory() {
    const PIECE: usize = 4 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(PIECE)));
}

impl Scan<'_> {
    fn fail(&self, error: StorageError) {
        self.stop.store(true, Ordering::Relaxed);
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn work(&self, connection: &Connection) {
        let reader = BlobReader::new(connection);
        let mut stats = ScanStats::default();
        while !self.stop.load(Ordering::Relaxed) {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            if turn >= self.blocks.len() {
                break;
            }
            let number = if self.sink.newest_first() { self.blocks.len() - 1 - turn } else { turn };
            match self.one(number, connection, &reader, &mut stats) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => self.stop.store(true, Ordering::Relaxed),
                Err(error) => self.fail(error),
            }
        }
        let mut all = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        all.blocks_skipped += stats.blocks_skipped;
        all.columns_read += stats.columns_read;
        all.columns_skipped += stats.columns_skipped;
        all.bytes_read += stats.bytes_read;
        all.rows += stats.rows;
    }

    fn one(
        &self,
        number: usize,
        connection: &Connection,
        reader: &BlobReader<'_>,
        stats: &mut ScanStats,
    ) -> Result<ControlFlow<()>, StorageError> {
        let head = &self.blocks[number];
        // Every number must be brought, or whoever orders the results would wait for it.
        let skip = |stats: &mut ScanStats| {
            stats.blocks_skipped += 1;
            self.sink.batch(number as u64, &EntryBatch::default())
        };
        if !may_match(self.filter, head) {
            return Ok(skip(stats)?);
        }
        let row = head.open(connection).map_err(|problem| problem.at(self.path))?;
        let parts = BlockParts { reader, block: row.id, piece: row.meta.piece };
        let block = StoredBlock::new(&row, &parts, &self.store);
        let may = may_match(self.filter, &block);
        let flow = if may {
            stats.rows += row.meta.rows as u64;
            self.sink.batch(number as u64, &block)
        } else {
            skip(stats)
        };
        let (read, skipped, bytes) = block.read_so_far();
        stats.columns_read += read;
        stats.columns_skipped += if may { skipped } else { 0 };
        stats.bytes_read += bytes;
        Ok(flow?)
    }
}
