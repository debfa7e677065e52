//! Finds the distinct values of a column: the hot spot of an import.
//!
//! An open-addressing table of (hash, code) pairs over one arena of bytes. Numbers take part as the
//! eight bytes of their payload. 20 to 30 ns a value, most of it waiting for memory.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::entry::{Kind, Kinds};

/// Bytes of values whose memory is kept for the next column.
const MOST_KEPT: usize = 4 << 20;

/// Distinct values under construction; reused from column to column.
#[derive(Debug)]
pub struct DictionaryBuilder {
    state: FixedState,
    /// Hash in the high half, code + 1 in the low half; 0 is empty. Length is a power of two.
    table: Vec<u64>,
    /// The bytes of all values.
    pub arena: Vec<u8>,
    /// Where each value ends in the arena.
    pub ends: Vec<u32>,
    /// The kind of each value.
    pub kinds: Kinds,
    last: u32,
    last_hash: u32,
}

impl Default for DictionaryBuilder {
    fn default() -> DictionaryBuilder {
        DictionaryBuilder {
            state: FixedState::with_seed(0x6c6f_6761_6e21),
            table: vec![0; 1024],
            arena: Vec::new(),
            ends: Vec::new(),
            kinds: Kinds::Same(Kind::Text),
            last: 0,
            last_hash: 0,
        }
    }
}

impl DictionaryBuilder {
    /// Forgets all values, keeps the memory unless it is unusually much.
    pub fn clear(&mut self) {
        if self.arena.capacity() > MOST_KEPT {
            self.arena = Vec::new();
            self.table = vec![0; 1024];
        }
        self.table.fill(0);
        self.arena.clear();
        self.ends.clear();
        self.kinds = Kinds::Same(Kind::Text);
        (self.last, self.last_hash) = (0, 0);
    }

    /// Returns how many values there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the bytes of a value.
    #[inline]
    pub fn bytes(&self, code: usize) -> &[u8] {
        let start = if code == 0 { 0 } else { self.ends[code - 1] as usize };
        &self.arena[start..self.ends[code] as usize]
    }

    /// Returns the hash of a value for [`DictionaryBuilder::code`]. Equal bytes of two kinds only meet in one slot.
    #[inline]
    pub fn hash(&self, bytes: &[u8]) -> u32 {
        let mut hasher = self.state.build_hasher();
        hasher.write(bytes);
        (hasher.finish() >> 32) as u32
    }

    /// Touches what looking up these hashes will need. Nothing depends on it but the time: here the loads overlap,
    /// there each would wait for the one before.
    #[inline]
    pub fn warm(&self, hashes: &[u32]) {
        let mask = self.table.len() - 1;
        let mut codes = [0; 64];
        for (code, hash) in codes.iter_mut().zip(hashes) {
            *code = self.table[*hash as usize & mask] as u32;
        }
        let mut touched = 0;
        for code in codes.iter().take(hashes.len()).filter(|code| **code > 0) {
            let end = self.ends[*code as usize - 1] as usize;
            touched ^= self.arena.get(end.wrapping_sub(1)).copied().unwrap_or(0);
        }
        std::hint::black_box(touched);
    }

    /// Returns the code of a value, which is new when it is the count of values before the call.
    #[inline]
    pub fn code(&mut self, kind: Kind, bytes: &[u8], hash: u32) -> u32 {
        if hash == self.last_hash && (self.last as usize) < self.len() && self.holds(self.last, kind, bytes) {
            return self.last;
        }
        self.last_hash = hash;
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.table[slot];
            if entry == 0 {
                break;
            }
            let code = entry as u32 - 1;
            if (entry >> 32) as u32 == hash && self.holds(code, kind, bytes) {
                self.last = code;
                return code;
            }
            slot = (slot + 1) & mask;
        }
        let code = self.len() as u32;
        self.table[slot] = (hash as u64) << 32 | (code as u64 + 1);
        self.kinds.push(code as usize, kind);
        self.arena.extend_from_slice(bytes);
        self.ends.push(self.arena.len() as u32);
        self.last = code;
        if self.len() * 2 > self.table.len() {
            self.grow();
        }
        code
    }

    #[inline]
    fn holds(&self, code: u32, kind: Kind, bytes: &[u8]) -> bool {
        self.bytes(code as usize) == bytes && self.kinds.get(code as usize) == kind
    }

    #[cold]
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.table);
        self.table = vec![0; old.len() * 4];
        let mask = self.table.len() - 1;
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            let mut slot = (entry >> 32) as usize & mask;
            while self.table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_given_in_order_of_first_appearance_and_kinds_differ() {
        let mut builder = DictionaryBuilder::default();
        let code = |builder: &mut DictionaryBuilder, kind, bytes: &[u8]| {
            let hash = builder.hash(bytes);
            builder.code(kind, bytes, hash)
        };
        for round in 0..2 {
            for number in 0..5000_u32 {
                let text = format!("value {number}");
                assert_eq!(code(&mut builder, Kind::Text, text.as_bytes()), number, "round {round}");
            }
        }
        assert_eq!(code(&mut builder, Kind::Json, b"value 7"), 5000);
        assert_eq!(code(&mut builder, Kind::Json, b"value 7"), 5000);
        assert_eq!(code(&mut builder, Kind::Text, b"value 7"), 7);
        assert_eq!(builder.bytes(4999), b"value 4999");
        builder.clear();
        assert_eq!(code(&mut builder, Kind::Int, &7_u64.to_le_bytes()), 0);
    }
}
