//! A part of all groups: those whose hashes say so.
//!
//! Finding a group is waiting for memory, so the beginning of a key, mostly all of it, stands in the table
//! itself, and the groups of a batch are looked up first and their states added after, a function at a time:
//! many small loops whose loads do not wait for each other.

use hashbrown::HashTable;

use super::states::{Need, States};

/// Bytes of a key that stand in the table.
const HEAD: usize = 24;

/// The keys of a batch's groups.
#[derive(Default)]
pub struct BatchKeys {
    bytes: Vec<u8>,
}

/// One of them.
#[derive(Clone, Copy)]
pub struct BatchKey {
    /// The group in the batch.
    pub group: u32,
    hash: u64,
    start: usize,
    length: usize,
}

impl BatchKeys {
    /// Adds the key of a group; `encode` appends it.
    #[inline]
    pub fn push(&mut self, group: u32, encode: impl FnOnce(&mut Vec<u8>), hash: impl FnOnce(&[u8]) -> u64) -> BatchKey {
        let start = self.bytes.len();
        encode(&mut self.bytes);
        let length = self.bytes.len() - start;
        // So that a head can be copied as it stands.
        if length < HEAD {
            self.bytes.resize(start + HEAD, 0);
        }
        BatchKey { group, hash: hash(&self.bytes[start..start + length]), start, length }
    }
}

impl BatchKey {
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

/// A group in the table. No key begins another, so filling up with zeros makes no two keys equal.
struct Slot {
    head: [u8; HEAD],
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

    /// Returns for each key its group in the batch and its group here, made if need be.
    pub fn groups(&mut self, keys: &BatchKeys, wanted: &[BatchKey]) -> Vec<(u32, u32)> {
        let pairs = wanted.iter().map(|key| (key.group, self.group(keys, key))).collect();
        let count = self.groups.len();
        self.states.iter_mut().for_each(|states| states.grow(count));
        pairs
    }

    #[inline]
    fn group(&mut self, keys: &BatchKeys, key: &BatchKey) -> u32 {
        let (head, _) = keys.bytes[key.start..].split_first_chunk::<HEAD>().expect("keys are filled up");
        let bytes = &keys.bytes[key.start..key.start + key.length];
        let same = |slot: &Slot| slot.head == *head && (key.length <= HEAD || self.key(slot.group as usize) == bytes);
        if let Some(slot) = self.table.find(key.hash, same) {
            return slot.group;
        }
        let group = self.groups.len() as u32;
        self.keys.extend_from_slice(bytes);
        self.groups.push((key.hash, self.keys.len()));
        let groups = &self.groups;
        self.table.insert_unique(key.hash, Slot { head: *head, group }, |slot| groups[slot.group as usize].0);
        group
    }

    /// Returns how many bytes all of this takes.
    pub fn bytes(&self) -> isize {
        let arrays: usize = self.states.iter().map(States::bytes).sum();
        let table = self.table.capacity() * (size_of::<Slot>() + 1);
        (table + self.keys.capacity() + self.groups.capacity() * 16 + arrays) as isize + self.heap
    }
}
