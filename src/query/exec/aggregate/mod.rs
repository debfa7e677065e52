//! Aggregates: the groups of each batch are found and summed by its worker, then added to groups shared by
//! all workers.
//!
//! No state depends on the order in which batches come, so nothing waits for its turn and the answer is the
//! same, byte for byte, at any number of threads and wherever batches were cut.

mod distinct;
mod groups;
mod quantile;
mod states;
mod sum;
mod values;

use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;

use self::groups::Groups;
use self::states::{Need, States};
use super::{Loader, Selection};
use crate::entry::{LogLevel, Value};
use crate::query::ast::{ColumnKind, Stats};
use crate::query::order::decode;
use crate::query::{ScanError, Table};

pub(super) use values::view;

/// Shards: so many workers seldom want the same one.
const SHARDS: usize = 32;

/// Groups and their states, filled by many threads.
pub struct Aggregator {
    stats: Stats,
    columns: Vec<(String, ColumnKind)>,
    /// What is kept, each need of a field once.
    needs: Vec<(Need, String)>,
    shards: Vec<Mutex<Shard>>,
    hasher: foldhash::fast::FixedState,
    /// Bytes all shards take.
    bytes: AtomicIsize,
    most_bytes: usize,
    /// For each need how much is kept exactly, and whether that was too much.
    weights: Vec<AtomicU64>,
    short: Vec<AtomicBool>,
}

#[derive(Default)]
struct Shard {
    table: HashTable<u32>,
    /// The keys of all groups one after the other, and the hash and end of each.
    keys: Vec<u8>,
    groups: Vec<(u64, usize)>,
    states: Vec<States>,
    /// Bytes that hang on the states.
    heap: isize,
    /// What of `bytes` was told to the aggregator.
    told: isize,
    /// For each need whether exactness was given up here.
    shrunk: Vec<bool>,
}

impl Shard {
    fn key(&self, group: usize) -> &[u8] {
        let start = group.checked_sub(1).map_or(0, |before| self.groups[before].1);
        &self.keys[start..self.groups[group].1]
    }

    /// Returns the group of a key, made if need be.
    fn group(&mut self, hash: u64, key: &[u8]) -> usize {
        let same = |group: &u32| self.groups[*group as usize].0 == hash && self.key(*group as usize) == key;
        if let Some(group) = self.table.find(hash, same) {
            return *group as usize;
        }
        let group = self.groups.len();
        self.keys.extend_from_slice(key);
        self.groups.push((hash, self.keys.len()));
        let groups = &self.groups;
        self.table.insert_unique(hash, group as u32, |group| groups[*group as usize].0);
        self.states.iter_mut().for_each(States::grow);
        group
    }

    fn bytes(&self) -> isize {
        let arrays: usize = self.states.iter().map(States::bytes).sum();
        (self.table.capacity() * 5 + self.keys.capacity() + self.groups.capacity() * 16 + arrays) as isize + self.heap
    }
}

impl Aggregator {
    /// Makes an aggregator; `kind_of` tells what a field holds, `most_bytes` what all groups may take.
    pub fn new(stats: &Stats, kind_of: impl Fn(&str) -> ColumnKind, most_bytes: usize) -> Aggregator {
        let mut needs: Vec<(Need, String)> = Vec::new();
        for aggregate in &stats.aggregates {
            let need = (Need::of(aggregate.function), aggregate.field.clone());
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        let shard = || {
            let states = needs.iter().map(|(need, _)| States::new(*need, 0)).collect();
            Mutex::new(Shard { states, shrunk: vec![false; needs.len()], ..Shard::default() })
        };
        Aggregator {
            stats: stats.clone(),
            columns: stats.columns(kind_of),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: foldhash::fast::FixedState::default(),
            bytes: AtomicIsize::new(0),
            most_bytes,
            weights: needs.iter().map(|_| AtomicU64::new(0)).collect(),
            short: needs.iter().map(|_| AtomicBool::new(false)).collect(),
            needs,
        }
    }

    /// Adds the selected rows of a batch.
    pub fn add(&self, sequence: u64, loader: &Loader<'_>, selection: &Selection) -> Result<(), ScanError> {
        if selection.is_empty() {
            return Ok(());
        }
        let groups = Groups::new(loader, selection, &self.stats.keys)?;
        let rows = count_rows(groups.ids(), groups.count);
        let mut parts = Vec::with_capacity(self.needs.len());
        for (need, field) in &self.needs {
            parts.push(match need {
                Need::Rows => States::Counts(rows.clone()),
                need => {
                    let mut states = States::new(*need, groups.count);
                    states.update(field, loader, selection, groups.ids(), sequence)?;
                    states
                }
            });
        }
        // The groups that have rows, by shard.
        let mut keys = Vec::new();
        let mut by_shard: Vec<Vec<(u32, u64, Range<usize>)>> = vec![Vec::new(); SHARDS];
        for group in (0..groups.count).filter(|group| rows[*group] > 0) {
            let start = keys.len();
            groups.encode(group, &mut keys);
            let hash = self.hasher.hash_one(&keys[start..]);
            by_shard[(hash >> 40) as usize % SHARDS].push((group as u32, hash, start..keys.len()));
        }
        for offset in 0..SHARDS {
            // Workers begin at different shards.
            let index = (offset + sequence as usize) % SHARDS;
            if by_shard[index].is_empty() {
                continue;
            }
            let mut shard = self.shards[index].lock().unwrap_or_else(PoisonError::into_inner);
            for (group, hash, key) in &by_shard[index] {
                let into = shard.group(*hash, &keys[key.clone()]);
                self.merge_group(&mut shard, into, &mut parts, *group as usize);
            }
            self.account(&mut shard);
        }
        let bytes = self.bytes.load(Ordering::Relaxed);
        if bytes > self.most_bytes as isize {
            let keys: Vec<&str> = self.stats.keys.iter().map(|key| key.name.as_str()).collect();
            return Err(ScanError::Memory(format!(
                "the groups of `stats` by {} need more than {} MiB; group by fewer or coarser values, or filter first",
                if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") },
                self.most_bytes >> 20
            )));
        }
        Ok(())
    }

    fn merge_group(&self, shard: &mut Shard, into: usize, parts: &mut [States], from: usize) {
        for (index, part) in parts.iter_mut().enumerate() {
            let states = &mut shard.states[index];
            let (heap, weight) = states.merge(into, part, from);
            shard.heap += heap;
            if weight > 0 {
                let total = self.weights[index].fetch_add(weight, Ordering::Relaxed) + weight;
                if total > states.most_weight() {
                    self.short[index].store(true, Ordering::Relaxed);
                }
            }
            if shard.shrunk[index] {
                shard.heap += states.shrink_one(into);
            }
        }
    }

    /// Gives up exactness where it was decided, and tells how many bytes the shard takes now.
    fn account(&self, shard: &mut Shard) {
        for index in 0..shard.states.len() {
            if !shard.shrunk[index] && self.short[index].load(Ordering::Relaxed) {
                shard.shrunk[index] = true;
                shard.heap += shard.states[index].shrink();
            }
        }
        let bytes = shard.bytes();
        self.bytes.fetch_add(bytes - shard.told, Ordering::Relaxed);
        shard.told = bytes;
    }

    /// Returns the result: one row a group, ascending by key.
    pub fn finish(self) -> Table {
        let mut shards: Vec<Shard> = Vec::with_capacity(SHARDS);
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            self.account(&mut shard);
            shards.push(std::mem::take(&mut *shard));
        }
        if self.stats.keys.is_empty() && shards.iter().all(|shard| shard.groups.is_empty()) {
            // Without keys there is one group, also of nothing.
            shards[0].group(0, &[]);
        }
        let mut order: Vec<(u32, u32)> = Vec::new();
        for (index, shard) in shards.iter().enumerate() {
            order.extend((0..shard.groups.len() as u32).map(|group| (index as u32, group)));
        }
        order.sort_unstable_by(|left, right| {
            let key = |(shard, group): &(u32, u32)| shards[*shard as usize].key(*group as usize);
            key(left).cmp(key(right))
        });
        let slots: Vec<usize> = self
            .stats
            .aggregates
            .iter()
            .map(|aggregate| {
                let need = (Need::of(aggregate.function), &aggregate.field);
                self.needs.iter().position(|(known, field)| (*known, field) == need).expect("every need was noted")
            })
            .collect();
        let mut table = Table { columns: self.columns, rows: Vec::with_capacity(order.len()) };
        for (shard, group) in order {
            let shard = &mut shards[shard as usize];
            let mut row = Vec::with_capacity(table.columns.len());
            let mut key = shard.key(group as usize);
            for _ in &self.stats.keys {
                row.push(decode(&mut key));
            }
            for (aggregate, slot) in self.stats.aggregates.iter().zip(&slots) {
                row.push(shard.states[*slot].result(group as usize, aggregate.function));
            }
            for (value, (_, kind)) in row.iter_mut().zip(&table.columns) {
                if *kind == ColumnKind::Level {
                    *value = value.take().and_then(level_name);
                }
            }
            table.rows.push(row);
        }
        table
    }
}

/// Levels are numbers until here.
fn level_name(value: Value) -> Option<Value> {
    match value {
        Value::Int(number) => LogLevel::from_u8(number as u8).map(|level| Value::from(level.name())),
        other => Some(other),
    }
}

/// Counts the rows of each group.
fn count_rows(ids: &[u32], count: usize) -> Vec<u64> {
    if count > 4096 || ids.len() < 4 * count {
        let mut rows = vec![0; count];
        ids.iter().for_each(|id| rows[*id as usize] += 1);
        return rows;
    }
    // Four counters a group: adding to the one just written would wait for that write.
    let mut lanes = vec![[0_u32; 4]; count];
    let mut chunks = ids.chunks_exact(4);
    for chunk in &mut chunks {
        for lane in 0..4 {
            lanes[chunk[lane] as usize][lane] += 1;
        }
    }
    chunks.remainder().iter().for_each(|id| lanes[*id as usize][0] += 1);
    lanes.iter().map(|lanes| lanes.iter().map(|count| u64::from(*count)).sum()).collect()
}
