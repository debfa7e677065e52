//! Rows that an aggregate made.

use std::borrow::Cow;

use super::ast::ColumnKind;
use super::{ColumnView, Columns, Need, ScanError};
use crate::entry::{
    Column, ColumnData, Dictionary, EntryBatch, Kinds, LogLevel, NO_TIME, Projection, Span, Value, ValueRef,
};

/// A result of rows and named columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Name and kind of each column.
    pub columns: Vec<(String, ColumnKind)>,
    /// The rows; each has a value, or none, for every column.
    pub rows: Vec<Vec<Option<Value>>>,
}

impl Table {
    /// Returns the index of a column.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(known, _)| known == name)
    }

    fn values(&self, index: usize) -> impl Iterator<Item = Option<ValueRef<'_>>> {
        self.rows.iter().map(move |row| row[index].as_ref().map(Value::as_ref))
    }
}

/// A table is filtered and aggregated like any batch; it is never shown as entries.
impl Columns for Table {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn ts(&self) -> Result<Cow<'_, [i64]>, ScanError> {
        let Some(index) = self.column_index("ts") else { return Ok(vec![NO_TIME; self.rows.len()].into()) };
        let nanos = |value: Option<ValueRef<'_>>| if let Some(ValueRef::Int(nanos)) = value { nanos } else { NO_TIME };
        Ok(self.values(index).map(nanos).collect())
    }

    fn levels(&self) -> Result<Cow<'_, [u8]>, ScanError> {
        let Some(index) = self.column_index("level") else { return Ok(vec![0; self.rows.len()].into()) };
        Ok(self.values(index).map(level_number).collect())
    }

    fn column(&self, name: &str, _: Need<'_>) -> Result<Option<ColumnView<'_>>, ScanError> {
        let Some(index) = self.column_index(name) else { return Ok(None) };
        let mut dictionary = Dictionary { kinds: Kinds::Each(Vec::new()), payload: Vec::new(), text: Vec::new() };
        let mut rows = Vec::new();
        for (row, value) in self.values(index).enumerate() {
            let Some(value) = value else { continue };
            let payload = match value {
                ValueRef::Text(text) | ValueRef::Json(text) => {
                    let span = Span::chunk(dictionary.text.len(), text.len());
                    dictionary.text.extend_from_slice(text);
                    span.pack()
                }
                ValueRef::Int(int) => int as u64,
                ValueRef::Float(float) => float.to_bits(),
                ValueRef::Bool(truth) => u64::from(truth),
            };
            dictionary.kinds.push(rows.len(), value.kind());
            dictionary.payload.push(payload);
            rows.push(row as u32);
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let codes = (0..rows.len() as u32).collect();
        let rows = (rows.len() < self.rows.len()).then_some(rows);
        Ok(Some(ColumnView::owned(Column { rows, data: ColumnData::Dict { codes, dictionary } })))
    }

    fn gather(&self, rows: &[u32], _: &Projection) -> Result<EntryBatch, ScanError> {
        Ok(EntryBatch { rows: rows.len(), ..EntryBatch::default() })
    }
}

/// Returns the number of the level a value names, 0 for none.
pub fn level_number(value: Option<ValueRef<'_>>) -> u8 {
    match value {
        Some(ValueRef::Text(name)) => LogLevel::from_word(name, false).map_or(0, |level| level as u8),
        _ => 0,
    }
}
