//! Small neighbouring blocks become large ones.
//!
//! Blocks are ranked by size, each rank eight times the one before. Eight neighbours of one rank become one block of
//! the next, so an entry is rewritten once a rank, four times at most before its block is full. Each merge is a
//! transaction: readers see the blocks before or the block after.

use std::ops::Range;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::super::bytes::Fault;
use super::super::connection::Problem;
use super::super::encode::{EncodedBlock, block_hash, encode_block};
use super::super::import::{NewBlock, delete_block, part_id, put_block};
use super::super::meta::Role;
use super::super::scan::{SELECT_BLOCKS, block_row};
use super::super::stored::{BlockRow, Parts, StoredBlock, across_pieces};
use super::super::verify::DamagedBlock;
use super::LiveStore;
use super::join::Joiner;
use crate::entry::{EntryBatch, Position, Projection};
use crate::query::{Columns, ScanError};
use crate::storage::StorageError;

/// A block of this many entries is full; one of half as many is not merged any more.
const FULL_ROWS: u64 = 32 << 10;
/// A block of this many stored bytes is full.
const FULL_BYTES: u64 = 4 << 20;
/// Bytes of text a merge holds in memory, and its result may have.
const FULL_TEXT: usize = 32 << 20;
/// How many blocks of a rank become one of the next.
const FANOUT: usize = 8;

/// How much to merge at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeBudget {
    /// Stop after this many entries were rewritten.
    pub entries: u64,
    /// Entries that arrived further apart are not put in one block, for a block expires as a whole. A small part of the
    /// age entries are kept is right.
    pub span: Duration,
}

impl Default for MergeBudget {
    fn default() -> MergeBudget {
        MergeBudget { entries: 4 * FULL_ROWS, span: Duration::from_secs(3600) }
    }
}

/// What was merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Blocks that are no more.
    pub blocks: u64,
    /// Blocks made of them.
    pub made: u64,
    /// Entries in those.
    pub entries: u64,
    /// True when the budget ended before the work.
    pub more: bool,
    /// Blocks that are not as they were stored. They stay as they are and are told once.
    pub damaged: Vec<DamagedBlock>,
}

/// What a plan needs to know of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Candidate {
    id: i64,
    rows: u64,
    bytes: u64,
    /// Least and greatest arrival; `None` for a block that must stay as it is.
    arrived: Option<(i64, i64)>,
}

impl Candidate {
    fn rank(&self) -> u32 {
        self.rows.max(1).ilog2() / FANOUT.ilog2()
    }

    fn is_small(&self) -> bool {
        self.arrived.is_some() && self.rows <= FULL_ROWS / 2 && self.bytes <= FULL_BYTES / 2
    }
}

/// Returns the next blocks to merge.
fn plan(blocks: &[Candidate], span_nanos: i64) -> Option<Range<usize>> {
    let last = FULL_ROWS.ilog2() / FANOUT.ilog2();
    (0..=last).find_map(|rank| {
        let mut start = 0;
        while start < blocks.len() {
            let run = run(blocks, start, rank, span_nanos);
            // Nothing will be added to a run that is full or whose time is over; what is left of it is merged last.
            let over = run.closed && rank == last && run.end - start >= 2;
            if over || run.of_rank >= FANOUT {
                return Some(start..run.end);
            }
            start = run.end.max(start + 1);
        }
        None
    })
}

/// Neighbours of at most some rank.
struct Run {
    /// The place after the last.
    end: usize,
    /// How many are of the very rank: smaller ones among them are not worth the rewriting of a large one.
    of_rank: usize,
    /// True when it ends because no more would fit.
    closed: bool,
}

/// Returns the run of blocks of at most this rank that begins at `start`.
fn run(blocks: &[Candidate], start: usize, rank: u32, span_nanos: i64) -> Run {
    let mut run = Run { end: start, of_rank: 0, closed: false };
    let (mut rows, mut bytes) = (0, 0);
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for block in &blocks[start..] {
        let Some(arrived) = block.arrived.filter(|_| block.is_small() && block.rank() <= rank) else { break };
        (rows, bytes) = (rows + block.rows, bytes + block.bytes);
        (first, last) = (first.min(arrived.0), last.max(arrived.1));
        if rows > FULL_ROWS || bytes > FULL_BYTES || last.saturating_sub(first) > span_nanos {
            run.closed = true;
            break;
        }
        run.end += 1;
        run.of_rank += usize::from(block.rank() == rank);
    }
    run
}

impl LiveStore {
    /// Joins small neighbouring blocks, oldest first, until there is nothing to join or the budget is used up. Entries
    /// keep their order, their arrival numbers and every byte.
    pub fn merge(&mut self, budget: MergeBudget) -> Result<Merged, StorageError> {
        let mut merged = Merged::default();
        let listed = candidates(&self.connection);
        let mut blocks = listed.map_err(|problem| self.failed(problem))?;
        let span = budget.span.as_nanos().min(i64::MAX as u128) as i64;
        loop {
            for block in blocks.iter_mut().filter(|block| self.left_alone.contains(&block.id)) {
                block.arrived = None;
            }
            let Some(range) = plan(&blocks, span) else { return Ok(merged) };
            if merged.entries >= budget.entries {
                merged.more = true;
                return Ok(merged);
            }
            let joined = join(&self.connection, &self.path.display().to_string(), &blocks[range.clone()]);
            let joined = joined.map_err(|problem| self.failed(problem))?;
            let damaged = joined.damaged.as_ref().map(|damaged| damaged.id);
            merged.damaged.extend(joined.damaged);
            self.left_alone.extend(damaged);
            if joined.count < 2 {
                // Without damage: its neighbour does not go with it, being of another shape or too much text.
                self.left_alone.extend(damaged.is_none().then_some(blocks[range.start].id));
                continue;
            }
            let range = range.start..range.start + joined.count;
            let made = self.replace(&blocks[range.clone()], &joined.block)?;
            merged.blocks += range.len() as u64;
            merged.made += 1;
            merged.entries += made.rows;
            blocks.splice(range, [made]);
        }
    }

    /// Puts one block in the place of several.
    fn replace(&mut self, old: &[Candidate], block: &EncodedBlock) -> Result<Candidate, StorageError> {
        let arrivals = || old.iter().filter_map(|block| block.arrived);
        let first = arrivals().map(|(first, _)| first).min();
        let arrived = first.zip(arrivals().map(|(_, last)| last).max());
        let id = old[0].id;
        self.write(|connection| {
            old.iter().try_for_each(|block| delete_block(connection, block.id))?;
            put_block(connection, NewBlock { id: Some(id), source: None, arrived }, block)?;
            count_generation(connection)
        })?;
        let made = Candidate { id, rows: block.rows() as u64, bytes: block.stored_bytes() as u64, arrived };
        self.logged += made.bytes * 2;
        self.after_commit();
        Ok(made)
    }
}

/// Tells readers that blocks went away.
pub(super) fn count_generation(connection: &Connection) -> Result<(), Problem> {
    connection.prepare_cached("UPDATE live SET generation = generation + 1")?.execute([])?;
    Ok(())
}

fn candidates(connection: &Connection) -> Result<Vec<Candidate>, Problem> {
    let mut statement = connection.prepare_cached(
        "SELECT id, entries, stored_bytes, source IS NULL, arrived_first, arrived_last FROM blocks ORDER BY id",
    )?;
    let candidate = |row: &rusqlite::Row<'_>| {
        let first: Option<i64> = row.get(4)?;
        Ok(Candidate {
            id: row.get(0)?,
            rows: row.get::<_, i64>(1)? as u64,
            bytes: row.get::<_, i64>(2)? as u64,
            arrived: first.zip(row.get(5)?).filter(|_| row.get(3).unwrap_or(false)),
        })
    };
    Ok(statement.query_map([], candidate)?.collect::<Result<_, _>>()?)
}

/// The first of some blocks as one.
struct Joined {
    /// How many blocks it is made of.
    count: usize,
    /// The block; empty when made of less than two.
    block: EncodedBlock,
    /// The block before which it ended because that is damaged.
    damaged: Option<DamagedBlock>,
}

/// Reads blocks and joins as many as go together.
fn join(connection: &Connection, store: &str, blocks: &[Candidate]) -> Result<Joined, Problem> {
    let (mut joiner, mut count, mut damaged, mut first_line) = (Joiner::default(), 0, None, 0);
    for block in blocks {
        let (mut batch, line) = match read(connection, store, block.id)? {
            Ok(read) => read,
            Err(Unread::TooLarge) => break,
            Err(Unread::Damaged(fault)) => {
                damaged = Some(DamagedBlock { id: block.id, entries: block.rows, detail: fault.0.into_owned() });
                break;
            }
        };
        if !joiner.fits(&batch, FULL_TEXT) {
            break;
        }
        if count == 0 {
            first_line = line;
        }
        // Counted from the first entry, as blocks count.
        batch.positions.iter_mut().for_each(|at| at.line -= first_line.min(at.line));
        joiner.add(&batch);
        count += 1;
    }
    let mut block = encode_block(&if count < 2 { EntryBatch::default() } else { joiner.finish() });
    block.place(Position { line: first_line, offset: 0 });
    Ok(Joined { count, block, damaged })
}

/// The parts of one block, all read.
struct Held {
    pieces: Vec<Vec<u8>>,
    /// Bytes of each piece of a part but its last.
    piece: usize,
}

impl Parts for Held {
    fn read(&self, part: u32, at: usize, len: usize) -> Result<Vec<u8>, Fault> {
        let mut read = vec![0; len];
        across_pieces(self.piece, part, at, &mut read, |piece, at, read| {
            let bytes = self.pieces.get(piece as usize).and_then(|bytes| bytes.get(at..)?.get(..read.len()));
            read.copy_from_slice(bytes.ok_or(Fault::new("a place lies outside"))?);
            Ok(())
        })?;
        Ok(read)
    }
}

/// Why a block was not read.
enum Unread {
    /// It is not as it was stored.
    Damaged(Fault),
    /// Its entries do not fit in one batch.
    TooLarge,
}

/// Reads a whole block and checks every byte against its hash. Returns its entries and the number of the first.
fn read(connection: &Connection, store: &str, id: i64) -> Result<Result<(EntryBatch, u64), Unread>, Problem> {
    let damaged = |fault| Ok(Err(Unread::Damaged(fault)));
    let mut statement = connection.prepare_cached(&format!("SELECT * FROM ({SELECT_BLOCKS}) WHERE id = ?1"))?;
    let found = statement.query_row([id], |row| {
        let hash: [u8; 16] = row.get(12)?;
        Ok((block_row(row)?, hash, row.get::<_, Vec<u8>>(14)?))
    });
    let Some((row, hash, meta_bytes)) = found.optional()? else {
        return damaged(Fault::new("its row is gone"));
    };
    let (numbers, meta) = match row {
        Ok(row) => row,
        Err(fault) => return damaged(fault),
    };
    let mut statement = connection.prepare_cached("SELECT data FROM parts WHERE id BETWEEN ?1 AND ?2 ORDER BY id")?;
    let range = [part_id(id, 0), part_id(id + 1, 0) - 1];
    let parts: Vec<Vec<u8>> = statement.query_map(range, |row| row.get(0))?.collect::<Result<_, _>>()?;
    if block_hash(&meta_bytes, parts.iter().map(Vec::as_slice)).to_le_bytes() != hash {
        return damaged(Fault::new("its stored bytes do not have the hash they were stored with"));
    }
    if meta.role(Role::Source).is_none() {
        return damaged(Fault::new("its entries do not say how they came"));
    }
    let row = BlockRow {
        id,
        source: None,
        base: Position { offset: numbers.positions[0] as u64, line: numbers.positions[1] as u64 },
        time_range: numbers.min_ts.zip(numbers.max_ts),
        levels: numbers.levels as u16,
        meta,
    };
    let parts = Held { pieces: parts, piece: row.meta.piece };
    let all: Vec<u32> = (0..row.meta.rows as u32).collect();
    let batch = StoredBlock::new(&row, &parts, store).gather(&all, &Projection::all());
    match batch {
        Ok(batch) => Ok(Ok((batch, row.base.line))),
        Err(ScanError::Memory(_)) => Ok(Err(Unread::TooLarge)),
        Err(error @ (ScanError::Storage(_) | ScanError::Output(_))) => damaged(Fault(error.to_string().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(rows: &[u64]) -> Vec<Candidate> {
        let block = |(id, rows): (usize, &u64)| Candidate {
            id: id as i64,
            rows: *rows,
            bytes: rows * 10,
            arrived: Some((id as i64, id as i64)),
        };
        rows.iter().enumerate().map(block).collect()
    }

    #[test]
    fn eight_neighbours_of_a_rank_are_merged_and_fewer_wait() {
        assert_eq!(plan(&blocks(&[1; 7]), 1000), None);
        assert_eq!(plan(&blocks(&[1; 9]), 1000), Some(0..9));
        assert_eq!(plan(&blocks(&[20_000, 100, 1, 1, 1, 1, 1, 1, 1, 1]), 1000), Some(2..10));
        assert_eq!(plan(&blocks(&[20_000, 100, 100, 100, 1, 1, 1, 1, 1]), 1000), None);
        assert_eq!(plan(&blocks(&[20_000; 20]), 1000), None);
    }

    #[test]
    fn what_is_closed_by_size_or_time_waits_for_no_more() {
        assert_eq!(plan(&blocks(&[15_000, 15_000, 15_000]), 1000), Some(0..2));
        assert_eq!(plan(&blocks(&[5, 5, 5, 5]), 1), Some(0..2));
        let mut apart = blocks(&[1; 4]);
        apart[1].arrived = None;
        assert_eq!(plan(&apart, 1000), None);
    }

    #[test]
    fn merging_goes_on_until_few_blocks_are_left_and_rewrites_each_entry_a_few_times() {
        let (mut all, mut rewritten) = (Vec::new(), 0);
        for id in 0..20_000 {
            all.push(Candidate { id, rows: 25, bytes: 700, arrived: Some((id, id)) });
            while let Some(range) = plan(&all, i64::MAX) {
                let rows = all[range.clone()].iter().map(|block| block.rows).sum();
                let bytes = all[range.clone()].iter().map(|block| block.bytes).sum();
                rewritten += rows;
                let made = Candidate { id: all[range.start].id, rows, bytes, arrived: all[range.start].arrived };
                all.splice(range, [made]);
            }
        }
        assert!(all.len() < 60, "{} blocks", all.len());
        assert!(rewritten < 20_000 * 25 * 6, "{rewritten} entries rewritten");
    }
}
