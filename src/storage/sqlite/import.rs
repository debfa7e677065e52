//! Writes to the store: sources, blocks, rejects and imports, in transactions.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::connection::{self, Problem};
use super::encode::EncodedBlock;
use super::migrations;
use crate::entry::{Position, Reject, Timestamp};
use crate::storage::{Durability, StorageError};

/// Where entries came from, and how far it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRecord {
    /// Number in the store; 0 before it was put there.
    pub id: i64,
    /// The name shown to people, usually the path.
    pub name: String,
    /// The format its first lines had.
    pub format: String,
    /// How many bytes `head_hash` covers.
    pub head_len: u32,
    /// Hash of the first `head_len` bytes.
    pub head_hash: [u8; 16],
    /// Bytes taken so far.
    pub offset: u64,
    /// Lines taken so far.
    pub lines: u64,
    /// How many bytes `tail_hash` covers.
    pub tail_len: u32,
    /// Hash of the `tail_len` bytes before `offset`.
    pub tail_hash: [u8; 16],
    /// True when the source was read to its end.
    pub finished: bool,
}

impl SourceRecord {
    /// Returns the hash of the row, but for its number.
    fn row_hash(&self) -> i64 {
        let mut hasher = Xxh3::new();
        for text in [self.name.as_bytes(), self.format.as_bytes()] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        for number in [self.head_len.into(), self.offset, self.lines, self.tail_len.into(), self.finished.into()] {
            hasher.update(&u64::to_le_bytes(number));
        }
        hasher.update(&self.head_hash);
        hasher.update(&self.tail_hash);
        hasher.digest() as i64
    }
}

/// One run of an import, for people to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// The command line.
    pub command: String,
    /// Entries stored.
    pub entries: u64,
    /// Lines read.
    pub lines: u64,
    /// Lines no format accepted.
    pub rejects: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// Pieces of parts a block may have: the low bits of a piece's number in the store.
pub const PART_BITS: u32 = 16;

/// Returns the number in the store of a piece of a block's parts.
pub fn part_id(block: i64, piece: u32) -> i64 {
    block << PART_BITS | piece as i64
}

/// Writes blocks, sources and rejects in transactions: `begin` … `commit`, as often as liked. What was not
/// committed when the writer is dropped is undone. Blocks are held in memory until the commit.
#[derive(Debug)]
pub struct ImportWriter {
    connection: Connection,
    path: PathBuf,
}

impl ImportWriter {
    /// Opens the store's file for writing.
    pub(super) fn open(path: &Path) -> Result<ImportWriter, StorageError> {
        Ok(ImportWriter {
            connection: connection::open_to_write(path, connection::Writing::Import)?,
            path: path.to_path_buf(),
        })
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Problem>) -> Result<T, StorageError> {
        work(&self.connection).map_err(|problem| problem.at(&self.path))
    }

    /// Begins a transaction: takes the write lock, waits a while for another writer.
    pub fn begin(&mut self) -> Result<(), StorageError> {
        self.begin_with(Durability::Synced)
    }

    /// Begins a transaction whose commit promises only what is asked.
    pub(super) fn begin_with(&mut self, durability: Durability) -> Result<(), StorageError> {
        // NORMAL syncs too, but trusts the file system with the order of a journal's last bytes.
        let level = match durability {
            Durability::Synced => "FULL",
            Durability::Buffered => "NORMAL",
        };
        self.run(|connection| {
            connection.pragma_update(None, "synchronous", level)?;
            Ok(connection.execute_batch("BEGIN IMMEDIATE")?)
        })
    }

    /// Returns all sources as this transaction sees them (read after `begin`, so nobody can change them meanwhile).
    pub fn sources(&self) -> Result<Vec<SourceRecord>, StorageError> {
        self.run(sources)
    }

    /// Inserts the source when its id is 0 (and sets the id), updates it otherwise.
    pub fn put_source(&mut self, source: &mut SourceRecord) -> Result<(), StorageError> {
        source.id = self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO sources (id, name, format, head_len, head_hash, offset, lines, tail_len, tail_hash,
                     finished, row_hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, format = excluded.format,
                     head_len = excluded.head_len, head_hash = excluded.head_hash, offset = excluded.offset,
                     lines = excluded.lines, tail_len = excluded.tail_len, tail_hash = excluded.tail_hash,
                     finished = excluded.finished, row_hash = excluded.row_hash
                 RETURNING id",
            )?;
            let values = params![
                (source.id != 0).then_some(source.id),
                source.name,
                source.format,
                source.head_len,
                source.head_hash.as_slice(),
                source.offset as i64,
                source.lines as i64,
                source.tail_len,
                source.tail_hash.as_slice(),
                source.finished,
                source.row_hash(),
            ];
            Ok(statement.query_row(values, |row| row.get(0))?)
        })?;
        Ok(())
    }

    /// Stores a block of entries of this source.
    pub fn put_block(&mut self, source_id: i64, block: &EncodedBlock) -> Result<(), StorageError> {
        self.run(|connection| put_block(connection, NewBlock { source: Some(source_id), ..NewBlock::default() }, block))
    }

    /// Stores a block whose entries have sources of their own, or none.
    pub(super) fn put_own_block(&mut self, block: &EncodedBlock) -> Result<(), StorageError> {
        self.run(|connection| put_block(connection, NewBlock::default(), block))
    }

    /// Stores the rejects of this source.
    pub fn put_rejects(&mut self, source_id: i64, rejects: &[Reject]) -> Result<(), StorageError> {
        self.run(|connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO rejects (source, line, offset, length, reason, raw) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for reject in rejects {
                statement.execute(params![
                    source_id,
                    reject.line as i64,
                    reject.offset as i64,
                    reject.length as i64,
                    reject.reason,
                    reject.raw,
                ])?;
            }
            Ok(())
        })
    }

    /// Returns the first and the last time of the last block of a source that has any.
    pub fn last_times(&mut self, source_id: i64) -> Result<Option<(Timestamp, Timestamp)>, StorageError> {
        self.run(|connection| {
            let times = connection
                .prepare_cached(
                    "SELECT min_ts, max_ts FROM blocks WHERE source = ?1 AND min_ts IS NOT NULL ORDER BY id DESC LIMIT 1",
                )?
                .query_row([source_id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            Ok(times.and_then(|(first, last)| Timestamp::from_nanos(first).zip(Timestamp::from_nanos(last))))
        })
    }

    /// Removes the last block of a source, and the source's rejects from its first entry on; returns where that
    /// entry begins (its line is 1-based). For appends that continue a multi-line entry or a small block.
    pub fn drop_last_block(&mut self, source_id: i64) -> Result<Option<Position>, StorageError> {
        self.run(|connection| {
            let last = connection
                .prepare_cached(
                    "SELECT id, base_offset + first_offset, base_line + first_line
                     FROM blocks WHERE source = ?1 ORDER BY id DESC LIMIT 1",
                )?
                .query_row([source_id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
                .optional()?;
            let Some((id, offset, line)) = last else { return Ok(None) };
            delete_block(connection, id)?;
            connection
                .prepare_cached("DELETE FROM rejects WHERE source = ?1 AND offset >= ?2")?
                .execute([source_id, offset])?;
            Ok(Some(Position { line: line as u64, offset: offset as u64 }))
        })
    }

    /// Notes that an import was run.
    pub fn record_import(&mut self, import: &ImportRecord) -> Result<(), StorageError> {
        self.run(|connection| {
            connection.execute(
                "INSERT INTO imports (started, finished, command, entries, lines, rejects, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    import.started.to_rfc3339(3),
                    import.finished.to_rfc3339(3),
                    import.command,
                    import.entries as i64,
                    import.lines as i64,
                    import.rejects as i64,
                    import.bytes as i64,
                ],
            )?;
            Ok(())
        })
    }

    /// Ends the transaction. It is synced to disk whatever is asked: the promise is never less than `durability`.
    pub fn commit(&mut self, _durability: Durability) -> Result<(), StorageError> {
        self.run(|connection| {
            connection.execute_batch("COMMIT")?;
            Ok(connection.release_memory()?)
        })
    }

    /// Undoes the transaction.
    pub fn rollback(&mut self) -> Result<(), StorageError> {
        self.run(|connection| Ok(connection.execute_batch("ROLLBACK")?))
    }
}

/// Reads all sources, oldest first.
pub fn sources(connection: &Connection) -> Result<Vec<SourceRecord>, Problem> {
    let hash = if migrations::check(connection)? >= migrations::SOURCE_HASH { "row_hash" } else { "NULL" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, name, format, head_len, head_hash, offset, lines, tail_len, tail_hash, finished, {hash}
         FROM sources ORDER BY id",
    ))?;
    let source = |row: &Row<'_>| {
        let source = SourceRecord {
            id: row.get(0)?,
            name: row.get(1)?,
            format: row.get(2)?,
            head_len: row.get(3)?,
            head_hash: row.get(4)?,
            offset: row.get::<_, i64>(5)? as u64,
            lines: row.get::<_, i64>(6)? as u64,
            tail_len: row.get(7)?,
            tail_hash: row.get(8)?,
            finished: row.get(9)?,
        };
        Ok((source, row.get::<_, Option<i64>>(10)?))
    };
    let checked = |(source, hash): (SourceRecord, Option<i64>)| match hash {
        Some(hash) if hash != source.row_hash() => {
            Err(Problem::Damaged(format!("source {}: its row does not have the hash it was stored with", source.id)))
        }
        _ => Ok(source),
    };
    statement.query_map([], source)?.map(|row| checked(row?)).collect()
}

/// Hands over the rejects of a source in order; stops when `take` fails, and returns its failure.
pub fn each_reject(
    connection: &Connection,
    source_id: i64,
    take: &mut dyn FnMut(Reject) -> std::io::Result<()>,
) -> Result<std::io::Result<()>, Problem> {
    let mut statement = connection.prepare_cached(
        "SELECT line, offset, length, reason, raw FROM rejects WHERE source = ?1 ORDER BY offset, id",
    )?;
    let reject = |row: &Row<'_>| {
        Ok(Reject {
            line: row.get::<_, i64>(0)? as u64,
            offset: row.get::<_, i64>(1)? as u64,
            length: row.get::<_, i64>(2)? as u64,
            reason: row.get::<_, String>(3)?.into(),
            raw: row.get::<_, Vec<u8>>(4)?.into(),
        })
    };
    for reject in statement.query_map([source_id], reject)? {
        if let Err(error) = take(reject?) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// The numbers a block's row holds beside its description, in the order of its hash.
pub struct BlockNumbers {
    /// The source.
    pub source: Option<i64>,
    /// Entries, least and greatest timestamp, set of levels.
    pub entries: i64,
    /// Least timestamp.
    pub min_ts: Option<i64>,
    /// Greatest timestamp.
    pub max_ts: Option<i64>,
    /// Set of levels.
    pub levels: i64,
    /// Base, first and last position: offset and line each.
    pub positions: [i64; 6],
}

impl BlockNumbers {
    /// Returns the hash of the row; `hash` is that of the block's stored bytes.
    pub fn row_hash(&self, hash: &[u8; 16]) -> i64 {
        let mut bytes = Vec::with_capacity(128);
        for number in [self.source, Some(self.entries), self.min_ts, self.max_ts, Some(self.levels)] {
            bytes.push(u8::from(number.is_some()));
            bytes.extend(number.unwrap_or(0).to_le_bytes());
        }
        self.positions.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(hash);
        xxh3_64(&bytes) as i64
    }
}

/// What is said of a block beside its content.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewBlock {
    /// Its number; the next one when `None`.
    pub id: Option<i64>,
    /// The source of all its entries, unless they have their own or none.
    pub source: Option<i64>,
    /// When its entries arrived, in nanoseconds: least and greatest. `None` for an import.
    pub arrived: Option<(i64, i64)>,
}

/// Stores a block.
pub fn put_block(connection: &Connection, new: NewBlock, block: &EncodedBlock) -> Result<(), Problem> {
    let (base, first, last) = (block.base, block.first, block.last);
    let numbers = BlockNumbers {
        source: new.source,
        entries: block.rows as i64,
        min_ts: block.time_range.map(|(least, _)| least),
        max_ts: block.time_range.map(|(_, most)| most),
        levels: block.levels as i64,
        positions: [base.offset, base.line, first.offset, first.line, last.offset, last.line].map(|n| n as i64),
    };
    let hash = block.hash.to_le_bytes();
    let id: i64 = connection
        .prepare_cached(
            "INSERT INTO blocks (source, entries, min_ts, max_ts, levels, base_offset, base_line, first_offset,
                 first_line, last_offset, last_line, stored_bytes, hash, row_hash, meta,
                 id, arrived_first, arrived_last)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) RETURNING id",
        )?
        .query_row(
            params![
                numbers.source,
                numbers.entries,
                numbers.min_ts,
                numbers.max_ts,
                numbers.levels,
                numbers.positions[0],
                numbers.positions[1],
                numbers.positions[2],
                numbers.positions[3],
                numbers.positions[4],
                numbers.positions[5],
                block.stored_bytes() as i64,
                hash.as_slice(),
                numbers.row_hash(&hash),
                block.meta,
                new.id,
                new.arrived.map(|(first, _)| first),
                new.arrived.map(|(_, last)| last),
            ],
            |row| row.get(0),
        )?;
    let mut statement = connection.prepare_cached("INSERT INTO parts (id, data) VALUES (?1, ?2)")?;
    for (piece, data) in block.pieces.iter().enumerate() {
        statement.execute(params![part_id(id, piece as u32), data])?;
    }
    Ok(())
}

/// Removes a block.
pub fn delete_block(connection: &Connection, id: i64) -> Result<(), Problem> {
    connection
        .prepare_cached("DELETE FROM parts WHERE id BETWEEN ?1 AND ?2")?
        .execute([part_id(id, 0), part_id(id + 1, 0) - 1])?;
    connection.prepare_cached("DELETE FROM blocks WHERE id = ?1")?.execute([id])?;
    Ok(())
}
