//! Entries in memory: the store of tests and of questions that are asked of files.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Durability, LogStorage, ScanStats, StorageError, Stored};
use crate::entry::{EntryBatch, Projection};
use crate::query::{BatchSink, Filter};

/// Keeps batches as they are; forgets them when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryLogStorage {
    batches: RwLock<Vec<Arc<EntryBatch>>>,
}

impl MemoryLogStorage {
    /// An empty store.
    pub fn new() -> MemoryLogStorage {
        MemoryLogStorage::default()
    }
}

impl LogStorage for MemoryLogStorage {
    /// No durability can be promised here: a crash forgets everything.
    fn store(&self, batch: &EntryBatch, _: Durability) -> Result<Stored, StorageError> {
        if batch.rows > 0 {
            self.batches.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(batch.clone()));
        }
        Ok(Stored { entries: batch.rows as u64, bytes: 0 })
    }

    fn query(&self, _: &Filter, _: &Projection, sink: &dyn BatchSink) -> Result<ScanStats, StorageError> {
        // The list is copied (not the batches), so that a store during the query waits for nobody.
        let batches = self.batches.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut stats = ScanStats { blocks: batches.len() as u64, ..ScanStats::default() };
        for (sequence, batch) in batches.iter().enumerate() {
            stats.rows += batch.rows as u64;
            if sink.batch(sequence as u64, &**batch)? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(stats)
    }
}
