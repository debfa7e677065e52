//! Which groups make rows, and in which order.

use std::collections::BinaryHeap;

use super::shard::Shard;
use crate::entry::Value;
use crate::query::Table;
use crate::query::ast::{Pipe, SortKey, Stats};
use crate::query::order::{decode, encode_to_sort};

/// All groups at the end.
pub struct Ranking<'a> {
    /// The question.
    pub stats: &'a Stats,
    /// Which of the states each function reads.
    pub slots: Vec<usize>,
    /// The groups.
    pub shards: Vec<Shard>,
}

/// A group: its shard and its number there.
pub type Place = (u32, u32);

/// Returns the order and number of the rows that are kept when `pipes` begin with `sort` and `limit`.
pub fn first_rows(pipes: &[Pipe]) -> Option<(&[SortKey], usize)> {
    let (sort, mut rest): (&[SortKey], _) = match pipes {
        [Pipe::Sort(keys), rest @ ..] => (keys, rest),
        pipes => (&[], pipes),
    };
    while let [Pipe::Fields(_), after @ ..] = rest {
        rest = after;
    }
    match rest {
        [Pipe::Limit(count), ..] => Some((sort, usize::try_from(*count).ok()?)),
        _ => None,
    }
}

impl Ranking<'_> {
    fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let counts: Vec<u32> = self.shards.iter().map(|shard| shard.len() as u32).collect();
        counts.into_iter().zip(0..).flat_map(|(count, shard)| (0..count).map(move |group| (shard, group)))
    }

    fn key(&self, (shard, group): Place) -> &[u8] {
        self.shards[shard as usize].key(group as usize)
    }

    /// Returns all groups, ascending by key.
    pub fn all(&self) -> Vec<Place> {
        self.sorted(self.places())
    }

    /// Returns the groups that come first in this order (equals by key), ascending by key.
    pub fn best(&mut self, table: &Table, sort: &[SortKey], limit: usize) -> Vec<Place> {
        let columns: Vec<(usize, bool)> =
            sort.iter().filter_map(|key| Some((table.column_index(&key.field)?, key.descending))).collect();
        let mut heap: BinaryHeap<(Vec<u8>, Place)> = BinaryHeap::new();
        let mut code = Vec::new();
        for place in self.places() {
            code.clear();
            for (column, descending) in &columns {
                let value = self.value(place, *column);
                let value = value.as_ref().map(Value::as_ref);
                encode_to_sort(value, *descending, &mut code);
            }
            code.extend_from_slice(self.key(place));
            if heap.len() < limit {
                heap.push((std::mem::take(&mut code), place));
            } else if let Some(mut worst) = heap.peek_mut()
                && code < worst.0
            {
                std::mem::swap(&mut worst.0, &mut code);
                worst.1 = place;
            }
        }
        self.sorted(heap.into_iter().map(|(_, place)| place))
    }

    fn sorted(&self, places: impl Iterator<Item = Place>) -> Vec<Place> {
        // Most keys differ in their first bytes, and a number compares without a look elsewhere.
        let first = |key: &[u8]| {
            let mut bytes = [0; 16];
            let length = key.len().min(16);
            bytes[..length].copy_from_slice(&key[..length]);
            u128::from_be_bytes(bytes)
        };
        let mut places: Vec<(u128, Place)> = places.map(|place| (first(self.key(place)), place)).collect();
        places
            .sort_unstable_by(|left, right| left.0.cmp(&right.0).then_with(|| self.key(left.1).cmp(self.key(right.1))));
        places.into_iter().map(|(_, place)| place).collect()
    }

    /// Returns one value of a group's row; a level as its number.
    fn value(&mut self, (shard, group): Place, column: usize) -> Option<Value> {
        let shard = &mut self.shards[shard as usize];
        match column.checked_sub(self.stats.keys.len()) {
            Some(index) => {
                shard.states[self.slots[index]].result(group as usize, self.stats.aggregates[index].function)
            }
            None => {
                let mut key = shard.key(group as usize);
                (0..column).for_each(|_| drop(decode(&mut key)));
                decode(&mut key)
            }
        }
    }

    /// Returns a group's row; levels as their numbers.
    pub fn row(&mut self, (shard, group): Place) -> Vec<Option<Value>> {
        let shard = &mut self.shards[shard as usize];
        let mut row = Vec::with_capacity(self.stats.keys.len() + self.slots.len());
        let mut key = shard.key(group as usize);
        row.extend(self.stats.keys.iter().map(|_| decode(&mut key)));
        for (aggregate, slot) in self.stats.aggregates.iter().zip(&self.slots) {
            row.push(shard.states[*slot].result(group as usize, aggregate.function));
        }
        row
    }
}
