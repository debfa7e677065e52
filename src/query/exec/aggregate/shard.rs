//! A part of all groups: those whose hashes say so.
//!
//! Finding a group is waiting for memory, so the beginning of a key, mostly all of it, stands in the table
//! itself, and the groups of a batch are looked up first and their states added after, a function at a time:
//! many small loops whose loads do not wait for each other.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::states::{Need, States};

/// Bytes of a key that stand in the table.
const HEAD: usize = 24;

/// The beginning of a key, filled up with zeros. No key begins another, so that makes no two keys equal.
type Head = [u8; HEAD];

/// The key of one of a batch's groups.
#[derive(Clone, Copy)]
pub struct BatchKey {
    head: Head,
    hash: u64,
    /// The group in the batch.
    group: u32,
    /// Where the key stands among those of the batch.
    start: usize,
    length: u32,
}

impl BatchKey {
    /// A key that stands last in `keys`, from `start` on.
    #[inline]
    pub fn new(group: usize, keys: &[u8], start: usize) -> BatchKey {
        let key = &keys[start..];
        let mut head = [0; HEAD];
        let length = u32::try_from(key.len()).expect("values come from buffers of less than 2 GiB");
        let short = key.len().min(HEAD);
        head[..short].copy_from_slice(&key[..short]);
        let hasher = foldhash::fast::FixedState::default();
        let word = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
        let hash = if key.len() <= HEAD { hasher.hash_one([word(0), word(8), word(16)]) } else { hasher.hash_one(key) };
        BatchKey { head, hash, group: group as u32, start, length }
    }

    /// Returns which of so many shards the group belongs to.
    pub fn shard(&self, shards: usize) -> usize {
        (self.hash >> 40) as usize % shards
    }
}

/// Groups and their states.
#[derive(Default)]
pub struct Shard {
    table: HashTable<Slot>,
    /// The keys of all groups one after the other, and the hash and end of each.
    keys: Vec<u8>,
    groups: Vec<(u64, usize)>,
    /// The states, one for each need.
    pub states: Vec<States>,
    /// Bytes that hang on the states.
    pub heap: isize,
    /// How many bytes the aggregator was told of.
    pub told: isize,
    /// For each need whether exactness was given up here.
    pub shrunk: Vec<bool>,
}

/// A group in the table.
struct Slot {
    head: Head,
    group: u32,
}

impl Shard {
    /// A shard without groups.
    pub fn new(needs: impl ExactSizeIterator<Item = Need>) -> Shard {
        let shrunk = vec![false; needs.len()];
        Shard { states: needs.map(|need| States::new(need, 0)).collect(), shrunk, ..Shard::default() }
    }

    /// Returns how many groups there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Returns the key of a group.
    pub fn key(&self, group: usize) -> &[u8] {
        let start = group.checked_sub(1).map_or(0, |before| self.groups[before].1);
        &self.keys[start..self.groups[group].1]
    }

    /// Returns for each group of a batch, told by its key, the group here, made if need be: `(from, into)`.
    pub fn groups(&mut self, keys: &[u8], wanted: &[BatchKey]) -> Vec<(u32, u32)> {
        let pairs = wanted.iter().map(|key| (key.group, self.group(keys, key))).collect();
        let count = self.groups.len();
        self.states.iter_mut().for_each(|states| states.grow(count));
        pairs
    }

    #[inline]
    fn group(&mut self, keys: &[u8], key: &BatchKey) -> u32 {
        let bytes = &keys[key.start..key.start + key.length as usize];
        let same =
            |slot: &Slot| slot.head == key.head && (bytes.len() <= HEAD || self.key(slot.group as usize) == bytes);
        if let Some(slot) = self.table.find(key.hash, same) {
            return slot.group;
        }
        let group = self.groups.len() as u32;
        self.keys.extend_from_slice(bytes);
        self.groups.push((key.hash, self.keys.len()));
        let groups = &self.groups;
        self.table.insert_unique(key.hash, Slot { head: key.head, group }, |slot| groups[slot.group as usize].0);
        group
    }

    /// Returns how many bytes all of this takes.
    pub fn bytes(&self) -> isize {
        let arrays: usize = self.states.iter().map(States::bytes).sum();
        let table = self.table.capacity() * (size_of::<Slot>() + 1);
        (table + self.keys.capacity() + self.groups.capacity() * 16 + arrays) as isize + self.heap
    }
}
