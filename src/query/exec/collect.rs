//! Collects entries: the first, the last, or the first in some order.
//!
//! Each entry gets a key of bytes: the codes of what it is sorted by, then its place in the log, so that
//! equals keep their order and no two keys are equal. With a limit, only as many of a batch as can be among
//! the result are copied out of it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use super::{Loader, Selection, aggregate};
use crate::entry::{BatchBuilder, ColumnData, EntryBatch, Kind, Kinds, Projection, ValueRef};
use crate::query::ScanError;
use crate::query::ast::SortKey;
use crate::query::order::encode_to_sort;
use crate::query::plan::Which;

/// Entries of a batch that goes on.
const BATCH: usize = 8192;

/// Entries that were collected so far; filled by many threads.
pub struct Collector {
    which: Which,
    projection: Projection,
    most_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    parts: Vec<Part>,
    rows: usize,
    bytes: usize,
    /// Entries with a greater key are not among the result.
    bound: Option<Vec<u8>>,
    /// How many entries each batch had, of those batches before which one is still missing.
    counts: BTreeMap<u64, u64>,
    next: u64,
    in_order: u64,
}

/// Entries of one batch and their keys.
struct Part {
    batch: EntryBatch,
    keys: Keys,
}

#[derive(Default)]
struct Keys {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Keys {
    fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }

    fn push(&mut self, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
    }
}

impl Collector {
    /// Makes a collector of entries with what `projection` names, that may take so many bytes.
    pub fn new(which: Which, projection: Projection, most_bytes: usize) -> Collector {
        Collector { which, projection, most_bytes, state: Mutex::default() }
    }

    fn limit(&self) -> Option<usize> {
        let count = match self.which {
            Which::First(count) | Which::Last(count) => Some(count),
            Which::Sorted(_, count) => count,
        };
        count.map(|count| count.min(usize::MAX as u64 / 4) as usize)
    }

    /// Takes the selected rows of a batch. `Break` when no later batch can matter.
    pub fn add(&self, sequence: u64, loader: &Loader<'_>, selection: &Selection) -> Result<ControlFlow<()>, ScanError> {
        let limit = self.limit();
        let found = selection.len() as u64;
        if limit == Some(0) {
            return Ok(ControlFlow::Break(()));
        }
        let mut chosen: Vec<u32> = Vec::new();
        let mut kept = Keys::default();
        let mut selection = std::borrow::Cow::Borrowed(selection);
        if let (Some(limit), Which::First(_) | Which::Last(_)) = (limit, &self.which) {
            // Of one batch only the first or last can be among the result.
            match self.which {
                Which::Last(_) => selection.to_mut().keep_last(limit),
                Which::First(_) | Which::Sorted(..) => selection.to_mut().truncate(limit),
            }
        }
        if !selection.is_empty() && !self.is_beyond(sequence, loader) {
            if let Some(limit) = limit
                && let Some(shorter) = self.shortlist(loader, &selection, limit)?
            {
                selection = std::borrow::Cow::Owned(shorter);
            }
            let selection = &*selection;
            let keys = self.keys(sequence, loader, selection)?;
            let bound = self.lock().bound.clone();
            let mut places: Vec<u32> = (0..selection.len() as u32)
                .filter(|place| bound.as_ref().is_none_or(|bound| keys.get(*place as usize) <= bound.as_slice()))
                .collect();
            if let Some(limit) = limit.filter(|limit| *limit < places.len()) {
                places.select_nth_unstable_by(limit, |left, right| {
                    keys.get(*left as usize).cmp(keys.get(*right as usize))
                });
                places.truncate(limit);
                places.sort_unstable();
            }
            places.iter().for_each(|place| kept.push(keys.get(*place as usize)));
            chosen = match selection.rows() {
                Some(rows) => places.iter().map(|place| rows[*place as usize]).collect(),
                None => places,
            };
        }
        let part = match chosen.is_empty() {
            true => None,
            false => Some(Part { batch: loader.source().gather(&chosen, &self.projection)?, keys: kept }),
        };
        let mut state = self.lock();
        if let Some(part) = part {
            state.rows += chosen.len();
            state.bytes += part.bytes();
            state.parts.push(part);
            if let Some(limit) = limit {
                let crowded = state.rows > 2 * limit + 1024 || state.bytes > self.most_bytes / 2;
                if crowded && state.rows > limit {
                    self.compact(&mut state, limit);
                } else if state.rows >= limit && limit <= BATCH {
                    // Worth its time while the limit is small beside a batch.
                    let mut order = order(&state.parts);
                    let by_key = |left: &(u32, u32), right: &(u32, u32)| {
                        key_of(&state.parts, *left).cmp(key_of(&state.parts, *right))
                    };
                    let (_, last, _) = order.select_nth_unstable_by(limit - 1, by_key);
                    state.bound = Some(key_of(&state.parts, *last).to_vec());
                }
            }
            if state.bytes > self.most_bytes {
                let megabytes = self.most_bytes >> 20;
                return Err(ScanError::Memory(match self.which {
                    Which::Sorted(..) => format!(
                        "sorting these entries needs more than {megabytes} MiB; add a smaller `limit` after `sort`, or show fewer `fields`"
                    ),
                    Which::First(_) | Which::Last(_) => {
                        format!("these entries need more than {megabytes} MiB; choose fewer, or show fewer `fields`")
                    }
                }));
            }
        }
        Ok(self.note(&mut state, sequence, found))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true when what comes last in the log is wanted.
    pub fn newest_first(&self) -> bool {
        match &self.which {
            Which::First(_) => false,
            Which::Last(_) => true,
            Which::Sorted(keys, limit) => {
                limit.is_some() && keys.first().is_some_and(|key| key.field == "ts" && key.descending)
            }
        }
    }

    /// Returns true when a batch need not even be filtered: no entry of it can be among the result, and how many match
    /// does not matter.
    pub fn passes_over(&self, sequence: u64, loader: &Loader<'_>) -> bool {
        !matches!(self.which, Which::First(_)) && self.is_beyond(sequence, loader)
    }

    /// Returns true when no entry of a batch can be among the result, going by what is known without
    /// loading anything.
    fn is_beyond(&self, sequence: u64, loader: &Loader<'_>) -> bool {
        let state = self.lock();
        let Some(bound) = &state.bound else { return false };
        // The least key an entry of the batch may have, or how such a key begins.
        let mut least = Vec::new();
        match &self.which {
            Which::First(_) => least.extend_from_slice(&sequence.to_be_bytes()),
            Which::Last(_) => least.extend_from_slice(&(!sequence).to_be_bytes()),
            Which::Sorted(keys, _) => {
                let (Some(key), Some(stats)) = (keys.first(), loader.source().stats()) else { return false };
                if key.field != "ts" {
                    return false;
                }
                let range = stats.time_range();
                let nanos = range.map(|(first, last)| if key.descending { last } else { first });
                encode_to_sort(nanos.map(ValueRef::Int), key.descending, &mut least);
            }
        }
        least.as_slice() > &bound[..least.len().min(bound.len())]
    }

    /// Returns the rows that can be among the first `limit` by the first thing they are sorted by, when that
    /// is integers: those compare faster than keys.
    fn shortlist(
        &self,
        loader: &Loader<'_>,
        selection: &Selection,
        limit: usize,
    ) -> Result<Option<Selection>, ScanError> {
        let Which::Sorted(keys, _) = &self.which else { return Ok(None) };
        let Some(key) = keys.first().filter(|_| limit < selection.len()) else { return Ok(None) };
        let Some(view) = aggregate::view(loader, &key.field, selection)? else { return Ok(None) };
        let ColumnData::Plain { kinds: Kinds::Same(Kind::Int), payload } = &view.column.data else { return Ok(None) };
        // Turned over, greater integers come first.
        let turn = |payload: u64| if key.descending { !(payload as i64) } else { payload as i64 };
        let mut ints = Vec::with_capacity(selection.len());
        aggregate::each_index(&view.column, selection, |_, index| ints.push(turn(payload[index])));
        if ints.len() < limit {
            return Ok(None);
        }
        let last = *ints.select_nth_unstable(limit - 1).1;
        Ok(Some(selection.keep_values(&view.column, false, |index| turn(payload[index]) <= last)))
    }

    /// Notes how many entries a batch had; with [`Which::First`], later batches stop to matter.
    fn note(&self, state: &mut State, sequence: u64, found: u64) -> ControlFlow<()> {
        let Which::First(count) = self.which else { return ControlFlow::Continue(()) };
        state.counts.insert(sequence, found);
        while let Some(found) = state.counts.remove(&state.next) {
            state.next += 1;
            state.in_order += found;
        }
        if state.in_order >= count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Makes the keys of the selected rows.
    fn keys(&self, sequence: u64, loader: &Loader<'_>, selection: &Selection) -> Result<Keys, ScanError> {
        let sort: &[SortKey] = match &self.which {
            Which::Sorted(keys, _) => keys,
            Which::First(_) | Which::Last(_) => &[],
        };
        let mut views = Vec::with_capacity(sort.len());
        for key in sort {
            views.push((aggregate::view(loader, &key.field, selection)?, key.descending, 0));
        }
        let reversed = matches!(self.which, Which::Last(_));
        let mut keys = Keys::default();
        keys.bytes.reserve(selection.len() * (12 + 16 * sort.len()));
        for row in selection.iter() {
            for (view, descending, cursor) in &mut views {
                let value = view.as_ref().and_then(|view| {
                    let index = view.column.seek(row, cursor)?;
                    Some(view.column.value(index, view.text))
                });
                encode_to_sort(value, *descending, &mut keys.bytes);
            }
            let (sequence, row) = if reversed { (!sequence, !row) } else { (sequence, row) };
            keys.bytes.extend_from_slice(&sequence.to_be_bytes());
            keys.bytes.extend_from_slice(&row.to_be_bytes());
            keys.ends.push(keys.bytes.len());
        }
        Ok(keys)
    }

    /// Forgets all but the first `limit` entries.
    fn compact(&self, state: &mut State, limit: usize) {
        let mut order = order(&state.parts);
        order
            .select_nth_unstable_by(limit, |left, right| key_of(&state.parts, *left).cmp(key_of(&state.parts, *right)));
        order.truncate(limit);
        state.bound = order.iter().map(|at| key_of(&state.parts, *at)).max().map(<[u8]>::to_vec);
        let mut keys = Keys::default();
        order.iter().for_each(|at| keys.push(key_of(&state.parts, *at)));
        let batch = joined(&state.parts, &order, &self.projection);
        let part = Part { batch, keys };
        state.rows = order.len();
        state.bytes = part.bytes();
        state.parts = vec![part];
    }

    /// Hands the result on in batches.
    pub fn finish(
        self,
        mut each: impl FnMut(&EntryBatch) -> Result<ControlFlow<()>, ScanError>,
    ) -> Result<u64, ScanError> {
        let limit = self.limit();
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut order = order(&state.parts);
        order.sort_unstable_by(|left, right| key_of(&state.parts, *left).cmp(key_of(&state.parts, *right)));
        order.truncate(limit.unwrap_or(usize::MAX));
        if matches!(self.which, Which::Last(_)) {
            order.reverse();
        }
        for rows in order.chunks(BATCH) {
            if each(&joined(&state.parts, rows, &self.projection))?.is_break() {
                break;
            }
        }
        Ok(order.len() as u64)
    }
}

/// Part and row of every entry.
fn order(parts: &[Part]) -> Vec<(u32, u32)> {
    let rows = parts.iter().map(|part| part.batch.rows as u32);
    rows.zip(0..).flat_map(|(rows, part)| (0..rows).map(move |row| (part, row))).collect()
}

fn key_of(parts: &[Part], (part, row): (u32, u32)) -> &[u8] {
    parts[part as usize].keys.get(row as usize)
}

fn joined(parts: &[Part], order: &[(u32, u32)], projection: &Projection) -> EntryBatch {
    let mut builder = BatchBuilder::new(projection);
    for (part, row) in order {
        builder.push_entry(parts[*part as usize].batch.entry(*row as usize));
    }
    builder.finish(Vec::new())
}

impl Part {
    fn bytes(&self) -> usize {
        let batch = &self.batch;
        let columns = batch.fields.iter().map(|(_, column)| column).chain([&batch.message]);
        let values: usize = columns
            .map(|column| match &column.data {
                ColumnData::Plain { payload, .. } => payload.len() * 12,
                ColumnData::Dict { codes, dictionary } => {
                    codes.len() * 8 + dictionary.payload.len() * 8 + dictionary.text.len()
                }
            })
            .sum();
        let rows = batch.ts.len() * 8 + batch.levels.len() + batch.raw.len() * 8 + batch.positions.len() * 16;
        let keys = self.keys.bytes.len() + self.keys.ends.len() * 8;
        batch.chunk.len() + batch.scratch.len() + values + rows + keys
    }
}
