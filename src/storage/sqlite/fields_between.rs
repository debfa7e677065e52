//! Which fields the entries of a stretch of time have.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use hashbrown::HashMap;

use super::fields::{FieldSummary, summarize};
use super::{SqliteLogStorage, scan};
use crate::entry::Projection;
use crate::query::{BatchSink, Columns, Filter, ScanError};
use crate::storage::StorageError;

/// The fields of a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldsBetween {
    /// The fields in the order outputs show them.
    pub fields: Vec<FieldSummary>,
    /// Entries of that time.
    pub entries: u64,
}

/// Counts the values of each field among the entries of a stretch of time.
struct Count<'a> {
    between: (i64, i64),
    goes_on: &'a (dyn Fn() -> bool + Sync),
    found: Mutex<(u64, HashMap<String, u64>)>,
}

impl BatchSink for Count<'_> {
    fn batch(&self, _: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        if !(self.goes_on)() {
            return Ok(ControlFlow::Break(()));
        }
        let (first, last) = self.between;
        let times = batch.ts()?;
        let inside = |row: &u32| (first..=last).contains(&times[*row as usize]);
        let rows: Vec<u32> = (0..batch.rows() as u32).filter(inside).collect();
        let gathered = batch.gather(&rows, &Projection::fields())?;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.0 += rows.len() as u64;
        for (name, column) in &gathered.fields {
            *found.1.entry(name.to_string()).or_default() += column.len() as u64;
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl SqliteLogStorage {
    /// Returns the fields of the entries whose time lies from the first to the last of `between`, both included. Blocks
    /// that lie within it are not read; of those on its edges the entries are counted. Kinds and numbers are those of
    /// whole blocks. Ends early, with what was counted until then, when `goes_on` says no.
    pub fn fields_between(
        &self,
        between: (i64, i64),
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<FieldsBetween, StorageError> {
        self.read_at(|connection, moment| {
            let mut blocks = self.at(scan::block_heads(connection))?;
            blocks.retain(|block| block.time_range.is_some_and(|(from, to)| from <= between.1 && to >= between.0));
            let edge = |range: Option<(i64, i64)>| range.is_none_or(|(from, to)| from < between.0 || to > between.1);
            let (edges, inside): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|block| edge(block.time_range));
            let count = Count { between, goes_on, found: Mutex::default() };
            scan::scan(&self.readers, moment, connection, self.threads, &edges, &Filter::All, &count)?;
            let (counted, values) = count.found.into_inner().unwrap_or_else(PoisonError::into_inner);
            let whole = |of: &[scan::BlockHead]| self.at(summarize(connection, of.iter()));
            let mut fields = whole(&inside)?;
            for mut field in whole(&edges)? {
                let Some(entries) = values.get(&*field.name).filter(|entries| **entries > 0) else { continue };
                field.entries = *entries;
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => known.add(&field),
                    None => fields.push(field),
                }
            }
            super::fields::in_order(&mut fields);
            let entries = counted + inside.iter().map(|block| block.rows).sum::<u64>();
            Ok(FieldsBetween { fields, entries })
        })
    }
}
