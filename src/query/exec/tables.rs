//! Pipes on the rows of a table.

use super::{Aggregator, Loader, Selection, Selector};
use crate::entry::ValueRef;
use crate::query::ast::{ColumnKind, Pipe, Shown, SortKey};
use crate::query::order::encode_to_sort;
use crate::query::table::level_number;
use crate::query::{ScanError, Table};

/// Runs pipes one after the other; sets `estimated` when a result is not exact.
pub fn run(mut table: Table, pipes: &[Pipe], most_bytes: usize, estimated: &mut bool) -> Result<Table, ScanError> {
    for (index, pipe) in pipes.iter().enumerate() {
        match pipe {
            Pipe::Where(filter) => {
                let selection = Selector::new(filter).select(&Loader::new(&table))?;
                if let Some(rows) = selection.rows() {
                    let kept = rows.iter().map(|row| std::mem::take(&mut table.rows[*row as usize])).collect();
                    table.rows = kept;
                }
            }
            Pipe::Sort(keys) => sort(&mut table, keys),
            Pipe::Limit(count) => table.rows.truncate(usize::try_from(*count).unwrap_or(usize::MAX)),
            Pipe::Tail(count) => {
                let gone = table.rows.len().saturating_sub(usize::try_from(*count).unwrap_or(usize::MAX));
                table.rows.drain(..gone);
            }
            Pipe::Fields(shown) => choose(&mut table, shown),
            Pipe::Stats(stats) => {
                let kind_of =
                    |field: &str| table.column_index(field).map_or(ColumnKind::Value, |index| table.columns[index].1);
                let aggregator = Aggregator::new(stats, kind_of, most_bytes);
                aggregator.add(0, &Loader::new(&table), &Selection::all(table.rows.len()))?;
                *estimated |= aggregator.is_estimated();
                table = aggregator.finish(&pipes[index + 1..]);
            }
        }
    }
    Ok(table)
}

fn sort(table: &mut Table, keys: &[SortKey]) {
    let columns: Vec<(usize, ColumnKind, bool)> = keys
        .iter()
        .filter_map(|key| {
            let index = table.column_index(&key.field)?;
            Some((index, table.columns[index].1, key.descending))
        })
        .collect();
    table.rows.sort_by_cached_key(|row| {
        let mut code = Vec::new();
        for (index, kind, descending) in &columns {
            let value = row[*index].as_ref().map(|value| match kind {
                ColumnKind::Level => ValueRef::Int(i64::from(level_number(Some(value.as_ref())))),
                ColumnKind::Value | ColumnKind::Time => value.as_ref(),
            });
            encode_to_sort(value, *descending, &mut code);
        }
        code
    });
}

fn choose(table: &mut Table, shown: &Shown) {
    let indexes: Vec<usize> = match shown {
        Shown::All => return,
        Shown::Only(names) => names.iter().filter_map(|name| table.column_index(name)).collect(),
        Shown::Without(names) => {
            (0..table.columns.len()).filter(|index| !names.contains(&table.columns[*index].0)).collect()
        }
    };
    table.columns = indexes.iter().map(|index| table.columns[*index].clone()).collect();
    for row in &mut table.rows {
        *row = indexes.iter().map(|index| row[*index].clone()).collect();
    }
}
