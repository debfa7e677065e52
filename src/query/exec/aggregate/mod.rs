//! Aggregates: the groups of each batch are found and summed by its worker, then added to groups shared by
//! all workers.
//!
//! No state depends on the order in which batches come, so nothing waits for its turn and the answer is the
//! same, byte for byte, at any number of threads and wherever batches were cut.

mod distinct;
mod groups;
mod quantile;
mod ranking;
mod shard;
mod states;
mod sum;
mod values;

use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use self::groups::Groups;
use self::ranking::{Ranking, first_rows};
use self::shard::{BatchKey, Shard};
use self::states::{Need, States};
use super::{Loader, Selection};
use crate::entry::{LogLevel, Value};
use crate::query::ast::{ColumnKind, Pipe, Stats};
use crate::query::{ScanError, Table};

pub(super) use values::{each_index, view};

/// Shards: so many workers seldom want the same one.
const SHARDS: usize = 32;

/// Groups and their states, filled by many threads.
pub struct Aggregator {
    stats: Stats,
    columns: Vec<(String, ColumnKind)>,
    /// What is kept, each need of a field once.
    needs: Vec<(Need, String)>,
    shards: Vec<Mutex<Shard>>,
    /// Bytes all shards take.
    bytes: AtomicIsize,
    most_bytes: usize,
    /// For each need how much is kept exactly, and whether that was too much.
    weights: Vec<AtomicU64>,
    short: Vec<AtomicBool>,
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
        let shard = || Mutex::new(Shard::new(needs.iter().map(|(need, _)| *need)));
        Aggregator {
            stats: stats.clone(),
            columns: stats.columns(kind_of),
            shards: (0..SHARDS).map(|_| shard()).collect(),
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
        let mut parts = Vec::with_capacity(self.needs.len());
        for (need, field) in &self.needs {
            parts.push(match need {
                Need::Rows => States::Counts(count_rows(groups.ids(), groups.count)),
                need => {
                    let mut states = States::new(*need, groups.count);
                    states.update(field, loader, selection, groups.ids(), sequence)?;
                    states
                }
            });
        }
        // The groups that have rows, by shard.
        let counts = self.needs.iter().zip(&parts).find(|((need, _), _)| *need == Need::Rows);
        let occurs: Vec<bool> = if let Some((_, States::Counts(rows))) = counts {
            rows.iter().map(|rows| *rows > 0).collect()
        } else {
            let mut occurs = vec![false; groups.count];
            groups.ids().iter().for_each(|id| occurs[*id as usize] = true);
            occurs
        };
        // Most keys are numbers or short texts.
        let mut keys = Vec::with_capacity(32 * groups.count.min(selection.len()));
        let room = groups.count / SHARDS + groups.count / (2 * SHARDS) + 1;
        let mut by_shard: Vec<Vec<BatchKey>> = (0..SHARDS).map(|_| Vec::with_capacity(room)).collect();
        for group in (0..groups.count).filter(|group| occurs[*group]) {
            let start = keys.len();
            groups.encode(group, &mut keys);
            let key = BatchKey::new(group, &mut keys, start);
            by_shard[key.shard(SHARDS)].push(key);
        }
        for offset in 0..SHARDS {
            // Workers begin at different shards.
            let index = (offset + sequence as usize) % SHARDS;
            if by_shard[index].is_empty() {
                continue;
            }
            let mut shard = self.shards[index].lock().unwrap_or_else(PoisonError::into_inner);
            let pairs = shard.groups(&keys, &by_shard[index]);
            for (need, part) in parts.iter_mut().enumerate() {
                self.merge(&mut shard, need, &pairs, part);
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

    /// Adds groups of a batch to groups of a shard, for one need.
    fn merge(&self, shard: &mut Shard, need: usize, pairs: &[(u32, u32)], part: &mut States) {
        let states = &mut shard.states[need];
        if states.add(pairs, part) {
            return;
        }
        for (from, into) in pairs {
            let (heap, weight) = states.merge(*into as usize, part, *from as usize);
            shard.heap += heap;
            if weight > 0 {
                let total = self.weights[need].fetch_add(weight, Ordering::Relaxed) + weight;
                if total > states.most_weight() {
                    self.short[need].store(true, Ordering::Relaxed);
                }
            }
            if shard.shrunk[need] {
                shard.heap += states.shrink_one(*into as usize);
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

    /// Returns true when the result will hold a quantile or a number of different values that is an estimate.
    pub fn is_estimated(&self) -> bool {
        self.shards.iter().any(|shard| {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            self.account(&mut shard);
            shard.states.iter().any(States::is_estimated)
        })
    }

    /// Returns the result: one row a group, ascending by key. Rows that the pipes behind would drop at once
    /// (`sort` and `limit`) may be missing.
    pub fn finish(self, pipes: &[Pipe]) -> Table {
        let mut shards: Vec<Shard> = Vec::with_capacity(SHARDS);
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            self.account(&mut shard);
            shards.push(std::mem::take(&mut *shard));
        }
        let mut count = shards.iter().map(Shard::len).sum();
        if self.stats.keys.is_empty() && count == 0 {
            // Without keys there is one group, also of nothing.
            let mut keys = Vec::new();
            let only = BatchKey::new(0, &mut keys, 0);
            shards[0].groups(&keys, &[only]);
            count = 1;
        }
        let slots: Vec<usize> = self
            .stats
            .aggregates
            .iter()
            .map(|aggregate| {
                let need = (Need::of(aggregate.function), &aggregate.field);
                self.needs.iter().position(|(known, field)| (*known, field) == need).expect("every need was noted")
            })
            .collect();
        let mut table = Table { columns: self.columns, rows: Vec::new() };
        let mut ranking = Ranking { stats: &self.stats, slots, shards };
        let order = match first_rows(pipes) {
            Some((sort, limit)) if limit < count => ranking.best(&table, sort, limit),
            _ => ranking.all(),
        };
        table.rows.reserve(order.len());
        for place in order {
            let mut row = ranking.row(place);
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
