//! Entries made ready for a live store.

use std::sync::Arc;

use super::super::encode::{EncodedBlock, encode_block};
use crate::entry::{EntryBatch, Names, Position};

/// A block of a live store that lacks nothing but its first arrival number. Encode large batches on a thread of the
/// caller, so that the store's one writer only writes.
#[derive(Clone, Debug)]
pub struct LiveBlock(EncodedBlock);

impl LiveBlock {
    /// Encodes a batch that came by `source`. Positions and sources the batch has are not kept.
    pub fn encode(mut batch: EntryBatch, source: &Arc<str>) -> LiveBlock {
        arrive(&mut batch, source);
        LiveBlock(encode_block(&batch))
    }

    /// Returns how many entries there are.
    pub fn rows(&self) -> usize {
        self.0.rows()
    }

    /// Returns how many bytes the block will take, the database's own not counted.
    pub fn stored_bytes(&self) -> usize {
        self.0.stored_bytes()
    }

    /// Returns the block with its arrival numbers.
    pub(super) fn numbered(mut self, first_line: u64) -> EncodedBlock {
        self.0.place(Position { line: first_line, offset: 0 });
        self.0
    }
}

/// Gives the entries of a batch their source, and places that count from 0.
pub(super) fn arrive(batch: &mut EntryBatch, source: &Arc<str>) {
    batch.base = Position::default();
    batch.positions.clear();
    batch.positions.extend((0..batch.rows as u64).map(|line| Position { line, offset: 0 }));
    batch.sources = Names::default();
    if batch.rows > 0 {
        batch.sources.push(0, source);
    }
}
