//! Entries at rest: one trait, several stores. The only home of SQL.

mod file;
mod memory;
mod sqlite;

pub use file::{FileLogStorage, Tail};
pub use memory::MemoryLogStorage;
pub use sqlite::{
    Append, AppendEntries, Appended, DamagedBlock, EncodedBlock, Expired, FieldKind, FieldSummary, FieldsBetween,
    ImportRecord, ImportWriter, LiveBlock, LiveOptions, LiveReject, LiveStore, MergeBudget, Merged, Refusal,
    RejectPage, RequestKey, Retention, SourceRecord, SqliteLogStorage, StoreSummary, encode_block,
};

use crate::entry::{EntryBatch, Projection};
use crate::query::{BatchSink, Filter, ScanError};

/// What `Ok` of [`LogStorage::store`] promises about a crash that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The batch is on disk: it survives a power cut.
    Synced,
    /// The batch is whole or absent after a crash; it is on disk after the next synced store.
    Buffered,
}

/// What was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Entries stored.
    pub entries: u64,
    /// Bytes they took, as far as the store can tell.
    pub bytes: u64,
}

/// What a query read and what it was spared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanStats {
    /// Blocks there are.
    pub blocks: u64,
    /// Blocks that could not match and were not read.
    pub blocks_skipped: u64,
    /// Columns (of blocks that were read) that were loaded.
    pub columns_read: u64,
    /// Columns that were not.
    pub columns_skipped: u64,
    /// Bytes read from the store.
    pub bytes_read: u64,
    /// Entries in the blocks that were read.
    pub rows: u64,
}

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Another process holds the store.
    #[error("{path}: the store is busy: {detail}")]
    Busy {
        /// The store.
        path: String,
        /// What the database said.
        detail: String,
    },
    /// The file is not a store, is damaged, or was written by a newer logan.
    #[error("{path}: {detail}")]
    Damaged {
        /// The store.
        path: String,
        /// What is wrong and where.
        detail: String,
    },
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The store.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The disk did not keep what it was given to keep: nothing more is written until the store is opened again.
    #[error("{path}: the disk failed to keep what was written, so the store takes no more: {detail}")]
    Poisoned {
        /// The store.
        path: String,
        /// What the database said.
        detail: String,
    },
    /// The one who asked could not go on.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// Keeps entries and gives them back.
///
/// Entries come back in the order they were stored, equal in every part (also bytes that are not UTF-8).
/// The storage prunes, the filter decides: a query pushes every entry that matches and may push others.
pub trait LogStorage: Send + Sync {
    /// Stores all of `batch` or nothing.
    fn store(&self, batch: &EntryBatch, durability: Durability) -> Result<Stored, StorageError>;

    /// Pushes the batches that may match, with at least the columns of `projection` and of the filter available.
    fn query(&self, filter: &Filter, projection: &Projection, sink: &dyn BatchSink) -> Result<ScanStats, StorageError>;
}
