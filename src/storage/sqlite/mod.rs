//! Blocks in SQLite.
#![allow(missing_docs, clippy::unimplemented, unused_variables, reason = "signatures first; the body follows")]

use std::path::{Path, PathBuf};

use super::{Durability, StorageError};
use crate::entry::{EntryBatch, Position, Reject, Timestamp};

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

/// One run of an import, for people to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRecord {
    pub started: Timestamp,
    pub finished: Timestamp,
    /// The command line.
    pub command: String,
    pub entries: u64,
    pub lines: u64,
    pub rejects: u64,
    pub bytes: u64,
}

/// What a store holds, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSummary {
    pub entries: u64,
    pub blocks: u64,
    pub sources: u64,
    pub rejects: u64,
    /// Bytes of the database file.
    pub file_bytes: u64,
    /// Least and greatest timestamp, nanoseconds.
    pub time_range: Option<(i64, i64)>,
}

/// A batch as it will stand in the store. Made in parallel, written by one.
#[derive(Clone, Debug)]
pub struct EncodedBlock {}

/// Encodes a batch (with the columns it has).
pub fn encode_block(batch: &EntryBatch) -> EncodedBlock {
    unimplemented!()
}

impl EncodedBlock {
    /// Says where the block's chunk begins in its source (as [`EntryBatch::base`], which may be set too late for the encoder).
    pub fn place(&mut self, base: Position) {
        unimplemented!()
    }
    /// How many entries.
    pub fn rows(&self) -> usize {
        unimplemented!()
    }
    /// How many bytes it will take.
    pub fn stored_bytes(&self) -> usize {
        unimplemented!()
    }
}

/// Entries in one SQLite file.
#[derive(Debug)]
pub struct SqliteLogStorage {
    path: PathBuf,
}

impl SqliteLogStorage {
    /// Opens a store for writing and reading; makes it when there is no file.
    pub fn create(path: &Path, threads: usize) -> Result<SqliteLogStorage, StorageError> {
        unimplemented!()
    }
    /// Opens a store for reading; changes no byte.
    pub fn open(path: &Path, threads: usize) -> Result<SqliteLogStorage, StorageError> {
        unimplemented!()
    }
    /// All sources, oldest first.
    pub fn sources(&self) -> Result<Vec<SourceRecord>, StorageError> {
        unimplemented!()
    }
    /// The rejects of a source in order.
    pub fn rejects(&self, source_id: i64) -> Result<Vec<Reject>, StorageError> {
        unimplemented!()
    }
    pub fn summary(&self) -> Result<StoreSummary, StorageError> {
        unimplemented!()
    }
    /// Takes the write lock's connection for an import. One at a time.
    pub fn import(&self) -> Result<ImportWriter, StorageError> {
        unimplemented!()
    }
}

/// Writes blocks, sources and rejects in transactions. `begin` … `commit`, as often as liked; what was not committed when it is dropped is undone.
#[derive(Debug)]
pub struct ImportWriter {}

impl ImportWriter {
    /// Begins a transaction (takes the write lock, waits a while for another writer).
    pub fn begin(&mut self) -> Result<(), StorageError> {
        unimplemented!()
    }
    /// All sources as this transaction sees them (read after `begin`, so nobody can change them meanwhile).
    pub fn sources(&self) -> Result<Vec<SourceRecord>, StorageError> {
        unimplemented!()
    }
    /// Inserts the source when its id is 0 (and sets the id), updates it otherwise.
    pub fn put_source(&mut self, source: &mut SourceRecord) -> Result<(), StorageError> {
        unimplemented!()
    }
    pub fn put_block(&mut self, source_id: i64, block: &EncodedBlock) -> Result<(), StorageError> {
        unimplemented!()
    }
    pub fn put_rejects(&mut self, source_id: i64, rejects: &[Reject]) -> Result<(), StorageError> {
        unimplemented!()
    }
    /// Removes the last block of a source, and the source's rejects from its first entry on; returns where that
    /// entry begins (line is 1-based). For appends that continue a multi-line entry or a small block.
    pub fn drop_last_block(&mut self, source_id: i64) -> Result<Option<Position>, StorageError> {
        unimplemented!()
    }
    pub fn record_import(&mut self, import: &ImportRecord) -> Result<(), StorageError> {
        unimplemented!()
    }
    /// Ends the transaction.
    pub fn commit(&mut self, durability: Durability) -> Result<(), StorageError> {
        unimplemented!()
    }
    /// Undoes the transaction.
    pub fn rollback(&mut self) -> Result<(), StorageError> {
        unimplemented!()
    }
}
