//! Blocks in SQLite.
//!
//! A row per entry costs a microsecond and the size of its line; a block of some ten thousand entries,
//! column by column, costs a tenth of either. SQLite gives what is hard: one file, transactions, crash
//! safety, locks. Tables `sources`, `rejects` and `imports` are plain; `blocks` has a row for each block
//! and `parts` its columns, so that a query reads only what it names.
//!
//! From the inside out: [`bytes`] and [`frame`] (compressed pieces with a hash), [`ints`], [`codes`],
//! [`presence`] (which rows have a value), [`values`] with [`bloom`] (text with token filters) and [`addresses`], [`column`], [`layout`] (lines rebuilt from
//! columns), [`encode`] (batch to block), [`stored`] and [`raw`] (block to columns), then the database:
//! [`migrations`], [`connection`], [`import`], [`readers`], [`scan`], and [`live`] for the server's many small writes.
//!
//! Every frame, directory and row is checked against a hash when it is read: damage is an error, never a
//! wrong answer and never a panic. [`SqliteLogStorage::verify`] reads everything and names what is damaged.

mod addresses;
mod arrived;
mod bloom;
mod bytes;
mod coder;
mod codes;
mod column;
mod connection;
mod dictionary;
mod encode;
mod fields;
mod fields_between;
mod frame;
mod import;
mod ints;
mod layout;
mod live;
mod meta;
mod migrations;
mod numeral;
mod one_source;
mod presence;
mod raw;
mod readers;
mod scan;
mod stored;
mod values;
mod verify;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use self::connection::Problem;
pub use self::encode::{EncodedBlock, encode_block};
pub use self::fields::{FieldKind, FieldSummary};
pub use self::fields_between::FieldsBetween;
pub use self::import::{ImportRecord, ImportWriter, SourceRecord};
pub use self::live::{
    Append, AppendEntries, Appended, Expired, LiveBlock, LiveOptions, LiveReject, LiveStore, MergeBudget, Merged,
    Refusal, RejectPage, RequestKey, Retention,
};
use self::readers::{Access, Moment, Readers};
pub use self::verify::DamagedBlock;
use super::{Durability, LogStorage, ScanStats, StorageError, Stored};
use crate::entry::{EntryBatch, Projection, Reject};
use crate::query::{BatchSink, Filter, ScanError};

/// What a store holds, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreSummary {
    /// Entries.
    pub entries: u64,
    /// Blocks.
    pub blocks: u64,
    /// Sources.
    pub sources: u64,
    /// Rejects.
    pub rejects: u64,
    /// Bytes of the database file.
    pub file_bytes: u64,
    /// Least and greatest timestamp in nanoseconds; `None` when no entry has one.
    pub time_range: Option<(i64, i64)>,
}

/// Entries in one SQLite file.
#[derive(Debug)]
pub struct SqliteLogStorage {
    path: PathBuf,
    threads: usize,
    readers: Readers,
    /// The connection of [`LogStorage::store`], opened by the first call.
    writer: Mutex<Option<ImportWriter>>,
}

impl SqliteLogStorage {
    /// Opens a store for writing and reading; makes it when there is no file. `threads` read at once.
    pub fn create(path: &Path, threads: usize) -> Result<SqliteLogStorage, StorageError> {
        let writer = ImportWriter::open(path)?;
        let storage = SqliteLogStorage::closed(path, threads, Access::Alone);
        *storage.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        Ok(storage)
    }

    /// Opens a store for reading; changes no byte.
    pub fn open(path: &Path, threads: usize) -> Result<SqliteLogStorage, StorageError> {
        SqliteLogStorage::opened(path, threads, Access::Alone)
    }

    /// Opens a store for reading beside its [`LiveStore`], which must be open. Any number of questions may be asked at
    /// once, each on `threads` threads; each sees what was committed when it began. Only the live store may write:
    /// [`LogStorage::store`] and [`SqliteLogStorage::import`] are refused.
    pub fn open_live(path: &Path, threads: usize) -> Result<SqliteLogStorage, StorageError> {
        SqliteLogStorage::opened(path, threads, Access::BesideWriter)
    }

    fn opened(path: &Path, threads: usize, access: Access) -> Result<SqliteLogStorage, StorageError> {
        let storage = SqliteLogStorage::closed(path, threads, access);
        storage.readers.open_one()?;
        Ok(storage)
    }

    fn closed(path: &Path, threads: usize, access: Access) -> SqliteLogStorage {
        let readers = Readers::new(path, access);
        SqliteLogStorage { path: path.to_path_buf(), threads: threads.max(1), readers, writer: Mutex::new(None) }
    }

    /// Returns the store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` in one read transaction: it sees one state of the store.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StorageError>) -> Result<T, StorageError> {
        self.read_at(|connection, _| work(connection))
    }

    /// Like `read`, and tells `work` what other connections are compared with.
    fn read_at<T>(&self, work: impl FnOnce(&Connection, Moment) -> Result<T, StorageError>) -> Result<T, StorageError> {
        self.readers.read(work)
    }

    fn at<T>(&self, result: Result<T, Problem>) -> Result<T, StorageError> {
        result.map_err(|problem| problem.at(&self.path))
    }

    /// Returns all sources, oldest first.
    pub fn sources(&self) -> Result<Vec<SourceRecord>, StorageError> {
        self.read(|connection| self.at(import::sources(connection)))
    }

    /// Hands over the rejects of a source in order; a failure of `take` ends it and is returned.
    pub fn each_reject(
        &self,
        source_id: i64,
        take: &mut dyn FnMut(Reject) -> std::io::Result<()>,
    ) -> Result<(), StorageError> {
        let taken = self.read(|connection| self.at(import::each_reject(connection, source_id, take)))?;
        taken.map_err(|error| StorageError::Scan(ScanError::Output(error)))
    }

    /// Returns what the store holds, in numbers.
    pub fn summary(&self) -> Result<StoreSummary, StorageError> {
        let file_bytes = std::fs::metadata(&self.path)
            .map_err(|source| StorageError::Io { path: self.path.display().to_string(), source })?
            .len();
        self.read(|connection| {
            let has_live = self.at(migrations::check(connection))? >= migrations::LIVE;
            let live = if has_live { " + (SELECT count(*) FROM live_rejects)" } else { "" };
            let query = &format!(
                "SELECT ifnull(sum(entries), 0), count(*), min(min_ts), max(max_ts),
                        (SELECT count(*) FROM sources), (SELECT count(*) FROM rejects){live} FROM blocks"
            );
            let summary = connection.query_row(query, [], |row| {
                let least: Option<i64> = row.get(2)?;
                Ok(StoreSummary {
                    entries: row.get::<_, i64>(0)? as u64,
                    blocks: row.get::<_, i64>(1)? as u64,
                    time_range: least.zip(row.get(3)?),
                    sources: row.get::<_, i64>(4)? as u64,
                    rejects: row.get::<_, i64>(5)? as u64,
                    file_bytes,
                })
            });
            self.at(summary.map_err(Problem::from))
        })
    }

    /// Reads every stored byte and returns the blocks that are not as they were stored; none is good news.
    pub fn verify(&self) -> Result<Vec<DamagedBlock>, StorageError> {
        self.read(|connection| self.at(verify::verify(connection)))
    }

    /// Opens the store's file for an import.
    pub fn import(&self) -> Result<ImportWriter, StorageError> {
        self.readers.require_alone()?;
        ImportWriter::open(&self.path)
    }

    fn store_block(
        writer: &mut ImportWriter,
        block: &EncodedBlock,
        durability: Durability,
    ) -> Result<(), StorageError> {
        writer.begin_with(durability)?;
        let stored = writer.put_own_block(block).and_then(|()| writer.commit(durability));
        if stored.is_err() {
            // The first failure is the one to tell; without a transaction there is nothing to undo.
            _ = writer.rollback();
        }
        stored
    }
}

impl LogStorage for SqliteLogStorage {
    fn store(&self, batch: &EntryBatch, durability: Durability) -> Result<Stored, StorageError> {
        if batch.rows == 0 {
            return Ok(Stored::default());
        }
        self.readers.require_alone()?;
        let block = encode_block(batch);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = match &mut *writer {
            Some(writer) => writer,
            none => none.insert(ImportWriter::open(&self.path)?),
        };
        SqliteLogStorage::store_block(writer, &block, durability)?;
        Ok(Stored { entries: batch.rows as u64, bytes: block.stored_bytes() as u64 })
    }

    fn query(&self, filter: &Filter, _: &Projection, sink: &dyn BatchSink) -> Result<ScanStats, StorageError> {
        self.read_at(|connection, moment| {
            let blocks = self.at(scan::block_heads(connection))?;
            scan::scan(&self.readers, moment, connection, self.threads, &blocks, filter, sink)
        })
    }
}
