//! The raw lines of a stored block: rebuilt from the columns, or stored where that was not possible.

use std::borrow::Cow;

use super::layout::{Layout, LineWriter, Times};
use super::meta::Role;
use super::numeral;
use super::stored::{NO_TEXT, StoredBlock};
use crate::entry::{Column, ColumnData, Dictionary, EntryBatch, Kind, Kinds, Span, ValueRef};
use crate::query::{Columns, Need, ScanError, token};

/// Returns the raw lines as far as they are needed.
pub fn load(block: &StoredBlock<'_>, need: Need<'_>) -> Result<Column, ScanError> {
    let Some(layout) = block.meta().layout else {
        let stored = block.role_column(Role::Raw, need)?;
        return Ok(stored.map_or_else(Column::default, Cow::into_owned));
    };
    match need {
        Need::All | Need::Presence => rebuild(block, layout, &mut (0..block.meta().rows as u32), Need::All),
        Need::Rows(rows) => rebuild(block, layout, &mut rows.iter().copied(), need),
        Need::Tokens(tokens) => match candidates(block, tokens)? {
            None => rebuild(block, layout, &mut (0..block.meta().rows as u32), Need::All),
            Some(rows) => rebuild(block, layout, &mut rows.iter().copied(), Need::Rows(&rows)),
        },
    }
}

/// Returns the lines of ascending rows. `need` covers those rows.
fn rebuild(
    block: &StoredBlock<'_>,
    layout: Layout,
    rows: &mut dyn Iterator<Item = u32>,
    need: Need<'_>,
) -> Result<Column, ScanError> {
    let stored = block.role_column(Role::Raw, need)?;
    let mut fields = Vec::new();
    for name in layout.fields() {
        if let Some(column) = block.field_column(name, need)? {
            fields.push((name, column));
        }
    }
    let find =
        |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, column)| (column.as_ref(), NO_TEXT));
    let (all, some);
    let times = if let Need::Rows(rows) = need {
        some = block.times_of(rows)?;
        Times::Some(&some)
    } else {
        all = block.ts()?;
        Times::All(&all)
    };
    let styles = block.styles()?;
    let mut writer = LineWriter::new(layout, &find, times, &styles);
    let (mut text, mut payload, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    let mut cursor = 0;
    for row in rows {
        let start = text.len();
        let kept = stored.as_ref().and_then(|column| {
            let index = column.seek(row, &mut cursor)?;
            Some(column.value(index, NO_TEXT))
        });
        match kept {
            Some(ValueRef::Text(line)) => text.extend_from_slice(line),
            // The writer has only refused lines that are stored.
            _ => _ = writer.write(row, &mut text),
        }
        if text.len() > Span::MAX_BUFFER {
            return Err(too_long());
        }
        payload.push(Span::chunk(start, text.len() - start).pack());
        listed.push(row);
    }
    let codes = (0..payload.len() as u32).collect();
    let dictionary = Dictionary { kinds: Kinds::Same(Kind::Text), payload, text };
    let rows = (listed.len() < block.meta().rows).then_some(listed);
    Ok(Column { rows, data: ColumnData::Dict { codes, dictionary } })
}

/// Appends the raw lines of these rows to a batch.
pub fn take(column: &Column, rows: &[u32], batch: &mut EntryBatch) -> Result<(), ScanError> {
    for row in rows {
        let line = match column.position(*row).map(|index| column.value(index, NO_TEXT)) {
            Some(ValueRef::Text(line)) => line,
            _ => &[],
        };
        if batch.scratch.len() + line.len() > Span::MAX_BUFFER {
            return Err(too_long());
        }
        batch.raw.push(Span::scratch(batch.scratch.len(), line.len()));
        batch.scratch.extend_from_slice(line);
    }
    Ok(())
}

fn too_long() -> ScanError {
    ScanError::Memory("the raw lines of a block take more than 2 GiB".to_owned())
}

/// Returns false only when no raw line of the block holds the token.
pub fn may_contain(block: &StoredBlock<'_>, token: u64) -> bool {
    let meta = block.meta();
    let columns = meta.columns.iter().enumerate();
    let Some(layout) = meta.layout else { return true };
    if may_be_number_or_time(block, token) {
        return true;
    }
    // The pieces of a line are set apart by bytes that stand in no token, so a line's tokens are those of its pieces.
    let fields = layout.fields();
    columns
        .filter(|(_, column)| match column.role {
            Role::Field => fields.contains(&&*column.name) && !column.stats.only_numbers,
            Role::Raw => true,
            _ => false,
        })
        .any(|(index, _)| block.column_may_contain(index, token).unwrap_or(true))
}

/// Returns true unless the token is surely none that a number or a time is written with.
fn may_be_number_or_time(block: &StoredBlock<'_>, token: u64) -> bool {
    let meta = block.meta();
    let fields = meta.layout.map(Layout::fields).unwrap_or_default();
    let odd_number = meta.columns.iter().any(|column| {
        let short = |(least, most): (f64, f64)| least >= 0.0 && most < numeral::END;
        fields.contains(&&*column.name) && column.stats.numbers.is_some_and(|range| !short(range))
    });
    let shortest = meta.layout.is_some_and(|layout| layout.writes_shortest_floats());
    odd_number || (shortest && meta.field("duration").is_some()) || numeral::may_be(token)
}

/// Returns the rows whose raw line may hold all tokens, or `None` when that cannot be told.
fn candidates(block: &StoredBlock<'_>, tokens: &[u64]) -> Result<Option<Vec<u32>>, ScanError> {
    let Some(layout) = block.meta().layout else { return Ok(None) };
    if tokens.is_empty() || tokens.iter().any(|token| may_be_number_or_time(block, *token)) {
        return Ok(None);
    }
    let mut hits = vec![0_usize; block.meta().rows];
    for (number, wanted) in tokens.iter().enumerate() {
        let holding = |dictionary: &Dictionary| -> Vec<bool> {
            let holds = |code| match dictionary.value(code) {
                ValueRef::Text(text) => {
                    let mut holds = false;
                    token::for_each_hash(text, |hash| holds |= hash == *wanted);
                    holds
                }
                _ => false,
            };
            (0..dictionary.len() as u32).map(holds).collect()
        };
        let tokens = std::slice::from_ref(wanted);
        let fields = layout.fields().into_iter().filter_map(|name| block.meta().field(name));
        for index in fields.chain(block.meta().role(Role::Raw)) {
            if !block.column_may_contain(index, *wanted).unwrap_or(true) {
                continue;
            }
            let mut mark = |row: u32| hits[row as usize] += usize::from(hits[row as usize] == number);
            if let Some(rows) = block.column_rows_where(index, tokens, &holding)? {
                rows.into_iter().for_each(mark);
                continue;
            }
            let column = block.column_at(index, Need::Tokens(tokens))?;
            if let ColumnData::Dict { codes, dictionary } = &column.data {
                let holds = holding(dictionary);
                let places = codes.iter().enumerate().filter(|(_, code)| holds[**code as usize]);
                places.for_each(|(place, _)| mark(column.row(place)));
            }
        }
    }
    let rows = (0..block.meta().rows as u32).filter(|row| hits[*row as usize] == tokens.len());
    Ok(Some(rows.collect()))
}
