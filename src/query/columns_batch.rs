//! A batch in memory as [`Columns`]: everything is there already.

use std::borrow::Cow;

use super::{ColumnView, Columns, Need, ScanError};
use crate::entry::{
    Column, ColumnData, Dictionary, EntryBatch, Kind, Kinds, NO_TIME, Names, Position, Projection, Span,
};

impl Columns for EntryBatch {
    fn rows(&self) -> usize {
        self.rows
    }

    fn ts(&self) -> Result<Cow<'_, [i64]>, ScanError> {
        Ok(if self.ts.is_empty() { vec![NO_TIME; self.rows].into() } else { Cow::Borrowed(&self.ts) })
    }

    fn levels(&self) -> Result<Cow<'_, [u8]>, ScanError> {
        Ok(if self.levels.is_empty() { vec![0; self.rows].into() } else { Cow::Borrowed(&self.levels) })
    }

    fn column(&self, name: &str, _: Need<'_>) -> Result<Option<ColumnView<'_>>, ScanError> {
        let made = |column: Column| ColumnView { column: Cow::Owned(column), text: self.text() };
        let view = match name {
            "message" => ColumnView { column: Cow::Borrowed(&self.message), text: self.text() },
            "raw" => made(plain(Kind::Text, self.raw.iter().map(|span: &Span| span.pack()).collect())),
            "line" => made(integers(self, |base, position| base.line + position.line)),
            "offset" => made(integers(self, |base, position| base.offset + position.offset)),
            "format" => made(names(&self.formats, self.rows)),
            "source" => made(names(&self.sources, self.rows)),
            name => match self.field(name) {
                Some(column) => ColumnView { column: Cow::Borrowed(column), text: self.text() },
                None => return Ok(None),
            },
        };
        Ok((!view.column.is_empty()).then_some(view))
    }

    fn gather(&self, rows: &[u32], projection: &Projection) -> Result<EntryBatch, ScanError> {
        Ok(EntryBatch::gather(self, rows, projection))
    }

    fn as_batch(&self) -> Option<&EntryBatch> {
        Some(self)
    }
}

fn plain(kind: Kind, payload: Vec<u64>) -> Column {
    Column { rows: None, data: ColumnData::Plain { kinds: Kinds::Same(kind), payload } }
}

fn integers(batch: &EntryBatch, number: impl Fn(Position, Position) -> u64) -> Column {
    plain(Kind::Int, batch.positions.iter().map(|position| number(batch.base, *position)).collect())
}

/// A dictionary of names, one code a row from the first row that has one.
fn names(names: &Names, total: usize) -> Column {
    let mut dictionary = Dictionary { kinds: Kinds::Same(Kind::Text), payload: Vec::new(), text: Vec::new() };
    let runs: Vec<(u32, &[u8])> = names.runs().map(|(row, name)| (row, name.as_bytes())).collect();
    let first = runs.first().map_or(total, |(row, _)| *row as usize);
    let mut codes = Vec::with_capacity(total - first.min(total));
    for (index, (row, name)) in runs.iter().enumerate() {
        let known = (0..dictionary.payload.len() as u32)
            .find(|code| matches!(dictionary.value(*code), crate::entry::ValueRef::Text(text) if text == *name));
        let code = known.unwrap_or_else(|| {
            dictionary.payload.push(Span::chunk(dictionary.text.len(), name.len()).pack());
            dictionary.text.extend_from_slice(name);
            dictionary.payload.len() as u32 - 1
        });
        let end = runs.get(index + 1).map_or(total, |(next, _)| *next as usize);
        codes.extend(std::iter::repeat_n(code, end.saturating_sub(*row as usize)));
    }
    let rows = (first > 0).then(|| (first as u32..total as u32).collect());
    Column { rows, data: ColumnData::Dict { codes, dictionary } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::ValueRef;

    #[test]
    fn reserved_names_answer_like_the_entries() {
        let mut batch = EntryBatch { rows: 4, chunk: b"abcd".to_vec(), ..EntryBatch::default() };
        batch.base = Position { line: 10, offset: 100 };
        batch.positions = (1..5).map(|line| Position { line, offset: line * 7 }).collect();
        batch.raw = (0..4).map(|start| Span::chunk(start, 1)).collect();
        for (row, name) in [(0, "x"), (2, "y"), (3, "x")] {
            batch.sources.push(row, &name.into());
        }
        let values = |name: &str| {
            let view = Columns::column(&batch, name, Need::All).unwrap().unwrap();
            (0..4)
                .map(|row| view.column.position(row).map(|index| view.column.value(index, view.text).to_value()))
                .collect::<Vec<_>>()
        };
        let text = |text: &str| Some(ValueRef::Text(text.as_bytes()).to_value());
        assert_eq!(values("source"), [text("x"), text("x"), text("y"), text("x")]);
        assert_eq!(values("raw"), [text("a"), text("b"), text("c"), text("d")]);
        assert_eq!(values("line")[3], Some(crate::entry::Value::Int(14)));
        assert_eq!(values("offset")[0], Some(crate::entry::Value::Int(107)));
        assert!(Columns::column(&batch, "format", Need::All).unwrap().is_none());
        assert!(Columns::column(&batch, "message", Need::All).unwrap().is_none());
    }
}
