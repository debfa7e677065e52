//! Entries made ready for a live store.

use std::ops::Range;
use std::sync::Arc;

use super::super::encode::{EncodedBlock, encode_block};
use crate::entry::{EntryBatch, Names, Position, Projection};

/// Entries after which a block ends.
const BLOCK_ROWS: usize = 64 << 10;
/// Bytes of lines after which it does: whoever asks holds a block as a whole.
const BLOCK_BYTES: usize = 8 << 20;

/// Entries of a live store that lack nothing but their arrival numbers: a block, or several when there are many. Encode
/// large batches on a thread of the caller, so that the store's one writer only writes.
#[derive(Clone, Debug)]
pub struct LiveBlock(Vec<EncodedBlock>);

impl LiveBlock {
    /// Encodes a batch that came by `source`. Positions and sources the batch has are not kept.
    pub fn encode(mut batch: EntryBatch, source: &Arc<str>) -> LiveBlock {
        let parts = parts(&batch);
        if parts.len() == 1 {
            arrive(&mut batch, source);
            return LiveBlock(vec![encode_block(&batch)]);
        }
        let encode = |rows: Range<u32>| {
            let mut part = batch.gather(&rows.collect::<Vec<u32>>(), &Projection::all());
            arrive(&mut part, source);
            encode_block(&part)
        };
        LiveBlock(parts.into_iter().map(encode).collect())
    }

    /// Returns how many entries there are.
    pub fn rows(&self) -> usize {
        self.0.iter().map(EncodedBlock::rows).sum()
    }

    /// Returns how many bytes they will take, the database's own not counted.
    pub fn stored_bytes(&self) -> usize {
        self.0.iter().map(EncodedBlock::stored_bytes).sum()
    }

    /// Returns the blocks with their arrival numbers.
    pub(super) fn numbered(mut self, first_line: u64) -> Vec<EncodedBlock> {
        let mut line = first_line;
        for block in &mut self.0 {
            block.place(Position { line, offset: 0 });
            line += block.rows() as u64;
        }
        self.0
    }
}

/// Returns the rows of each block a batch becomes: one at least.
fn parts(batch: &EntryBatch) -> Vec<Range<u32>> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for row in 0..batch.rows {
        let length = batch.raw.get(row).map_or(0, |raw| raw.len as usize);
        if row > start && (row - start >= BLOCK_ROWS || bytes + length > BLOCK_BYTES) {
            parts.push(start as u32..row as u32);
            (start, bytes) = (row, 0);
        }
        bytes += length;
    }
    parts.push(start as u32..batch.rows as u32);
    parts
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
