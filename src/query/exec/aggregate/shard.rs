//! A part of all groups: those whose hashes say so.
//!
//! Finding a group is waiting for memory. So all groups of a batch are looked up first, by hash alone, then
//! compared by the beginnings of their keys, then their states are added, a function at a time: small loops
//! whose loads do not wait for each other.

use std::hash::BuildHasher;

use super::states::{Need, States};

/// Bytes of a key that are compared first: an address, two numbers.
const HEAD: usize = 24;
/// A group that is not there.
const NONE: u32 = u32::MAX;

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
    /// A key that stands last in `keys`, from `start` on; zeros may be put behind it.
    #[inline]
    pub fn new(group: usize, keys: &mut Vec<u8>, start: usize) -> BatchKey {
        let length = keys.len() - start;
        // Copies of fixed size are much the fastest.
        keys.extend_from_slice(&[0; HEAD]);
        keys.truncate(start + length.max(HEAD));
        let head = *keys[start..].first_chunk::<HEAD>().expect("it was filled up");
        let hasher = foldhash::fast::FixedState::default();
        let word = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
        let hash = if length <= HEAD {
            // A tuple is hashed word by word; an array as a slice of bytes, which takes three times as long.
            hasher.hash_one((word(0), word(8), word(16)))
        } else {
            hasher.hash_one(&keys[start..])
        };
        let length = u32::try_from(length).expect("values come from buffers of less than 2 GiB");
        BatchKey { head, hash, group: group as u32, start, length }
    }

    /// Returns which of so many shards the group belongs to.
    pub fn shard(&self, shards: usize) -> usize {
        (self.hash >> 40) as usize % shards
    }

    fn bytes<'k>(&self, keys: &'k [u8]) -> &'k [u8] {
        &keys[self.start..self.start + self.length as usize]
    }
}

/// Groups and their states.
#[derive(Default)]
pub struct Shard {
    /// The upper half of a hash, and the number of its group plus one; 0 is empty. The length is a power of two.
    table: Vec<u64>,
    heads: Vec<Head>,
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
        self.make_room(self.groups.len() + wanted.len());
        let mut pairs: Vec<(u32, u32)> =
            wanted.iter().map(|key| (key.group, self.probe(key.hash, |_| true).unwrap_or(NONE))).collect();
        for ((_, into), key) in pairs.iter_mut().zip(wanted) {
            if *into == NONE || !self.is_group(*into, keys, key) {
                *into = self.find_or_make(keys, key);
            }
        }
        let count = self.groups.len();
        self.states.iter_mut().for_each(|states| states.grow(count));
        pairs
    }

    /// Returns the first group that has this upper half of a hash and passes the test.
    #[inline]
    fn probe(&self, hash: u64, mut passes: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut place = hash as usize & (self.table.len() - 1);
        loop {
            let slot = self.table[place];
            if slot == 0 {
                return None;
            }
            let group = slot as u32 - 1;
            if slot >> 32 == hash >> 32 && passes(group) {
                return Some(group);
            }
            place = (place + 1) & (self.table.len() - 1);
        }
    }

    #[inline]
    fn is_group(&self, group: u32, keys: &[u8], key: &BatchKey) -> bool {
        self.heads[group as usize] == key.head
            && (key.length as usize <= HEAD || self.key(group as usize) == key.bytes(keys))
    }

    #[cold]
    fn find_or_make(&mut self, keys: &[u8], key: &BatchKey) -> u32 {
        if let Some(group) = self.probe(key.hash, |group| self.is_group(group, keys, key)) {
            return group;
        }
        let group = self.groups.len() as u32;
        self.keys.extend_from_slice(key.bytes(keys));
        self.groups.push((key.hash, self.keys.len()));
        self.heads.push(key.head);
        self.put(key.hash, group);
        group
    }

    fn put(&mut self, hash: u64, group: u32) {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        while self.table[place] != 0 {
            place = (place + 1) & mask;
        }
        self.table[place] = hash >> 32 << 32 | (u64::from(group) + 1);
    }

    /// Makes the table so large that it is at most half full with so many groups.
    fn make_room(&mut self, groups: usize) {
        let length = (2 * groups).next_power_of_two();
        if length > self.table.len() {
            self.table = vec![0; length];
            for group in 0..self.groups.len() {
                self.put(self.groups[group].0, group as u32);
            }
        }
    }

    /// Returns how many bytes all of this takes.
    pub fn bytes(&self) -> isize {
        let arrays: usize = self.states.iter().map(States::bytes).sum();
        let table = self.table.capacity() * 8 + self.heads.capacity() * HEAD;
        (table + self.keys.capacity() + self.groups.capacity() * 16 + arrays) as isize + self.heap
    }
}
