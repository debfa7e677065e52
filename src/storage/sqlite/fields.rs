//! Which fields there are, told without reading a column.

use std::sync::Arc;

use hashbrown::HashMap;
use rusqlite::Connection;

use super::connection::Problem;
use super::meta::ColumnMeta;
use super::scan::BlockHead;
use super::{SqliteLogStorage, scan};
use crate::entry::field_order;
use crate::storage::StorageError;

/// What kind of values a field has, as far as blocks tell without being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Integers and floats only.
    Number,
    /// No number: text, booleans, JSON.
    Text,
    /// Numbers and others.
    Mixed,
}

/// A field of a store.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSummary {
    /// Its name.
    pub name: Arc<str>,
    /// What its values are.
    pub kind: FieldKind,
    /// Entries that have it.
    pub entries: u64,
    /// Least and greatest number; `None` when there is none.
    pub numbers: Option<(f64, f64)>,
}

impl SqliteLogStorage {
    /// Returns the fields of all entries in the order outputs show them. Reads what blocks say of themselves, no column.
    pub fn fields(&self) -> Result<Vec<FieldSummary>, StorageError> {
        let summarized = |connection: &Connection| summarize(connection, scan::block_heads(connection)?.iter());
        let mut fields = self.read(|connection| self.at(summarized(connection)))?;
        in_order(&mut fields);
        Ok(fields)
    }
}

/// Puts together what blocks say of their fields.
pub(super) fn summarize<'b>(
    connection: &Connection,
    blocks: impl Iterator<Item = &'b BlockHead>,
) -> Result<Vec<FieldSummary>, Problem> {
    let mut fields: HashMap<Arc<str>, FieldSummary> = HashMap::new();
    for block in blocks {
        for column in block.open(connection)?.meta.columns.into_iter().filter(ColumnMeta::is_field) {
            let stats = column.stats;
            let kind = match (stats.only_numbers, stats.numbers) {
                (true, _) => FieldKind::Number,
                (false, None) => FieldKind::Text,
                (false, Some(_)) => FieldKind::Mixed,
            };
            let new = FieldSummary { name: column.name.clone(), kind, entries: stats.present, numbers: stats.numbers };
            fields.entry(column.name).and_modify(|field| field.add(&new)).or_insert(new);
        }
    }
    Ok(fields.into_values().collect())
}

/// Puts fields in the order outputs show them.
pub(super) fn in_order(fields: &mut [FieldSummary]) {
    fields.sort_by(|a, b| field_order(&a.name).cmp(&field_order(&b.name)));
}

impl FieldSummary {
    /// Adds what another block says of the same field.
    pub(super) fn add(&mut self, other: &FieldSummary) {
        self.entries += other.entries;
        if self.kind != other.kind {
            self.kind = FieldKind::Mixed;
        }
        self.numbers = match (self.numbers, other.numbers) {
            (Some((least, most)), Some((low, high))) => Some((least.min(low), most.max(high))),
            (one, other) => one.or(other),
        };
    }
}
