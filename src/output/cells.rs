//! What stands where: the columns of an output over a batch, and the cell of each row.

use super::writer::Rows;
use crate::entry::{Column, EntryBatch, LogLevel, NO_TIME, ValueRef};

/// What one column says of one entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A point in time and how many digits its second had.
    Time(i64, u8),
    /// A level.
    Level(LogLevel),
    /// Text for people, of one or more lines: the message or the raw text.
    Lines(&'a [u8]),
    /// Anything else.
    Value(ValueRef<'a>),
}

/// Where the cells of a slot come from.
#[derive(Clone, Copy, Debug)]
enum Origin<'a> {
    Time,
    Level,
    Message,
    Raw,
    Line,
    Offset,
    Format,
    Source,
    Field(&'a Column),
    /// A column that was asked for by name and is not in this batch.
    Nothing,
}

/// One column of an output.
#[derive(Clone, Debug)]
pub struct Slot<'a> {
    /// Its name.
    pub name: &'a str,
    origin: Origin<'a>,
    cursor: usize,
    last_row: u32,
}

impl<'a> Slot<'a> {
    /// Finds a column by its name.
    fn named(batch: &'a EntryBatch, name: &'a str) -> Slot<'a> {
        let origin = match name {
            "ts" => Origin::Time,
            "level" => Origin::Level,
            "message" => Origin::Message,
            "raw" => Origin::Raw,
            "line" => Origin::Line,
            "offset" => Origin::Offset,
            "format" => Origin::Format,
            "source" => Origin::Source,
            field => batch.field(field).map_or(Origin::Nothing, Origin::Field),
        };
        Slot { name, origin, cursor: 0, last_row: 0 }
    }

    /// Returns the columns with these names, in this order.
    pub fn of(batch: &'a EntryBatch, names: &'a [String]) -> Vec<Slot<'a>> {
        names.iter().map(|name| Slot::named(batch, name)).collect()
    }

    /// Returns the usual columns: time, level, message, every field, without those of `hidden`, and then
    /// those of `with`.
    pub fn all(batch: &'a EntryBatch, hidden: &[String], with: &'a [String]) -> Vec<Slot<'a>> {
        let mut slots: Vec<Slot<'a>> = ["ts", "level", "message"].map(|name| Slot::named(batch, name)).into();
        slots.extend(batch.fields.iter().map(|(name, column)| Slot {
            name,
            origin: Origin::Field(column),
            cursor: 0,
            last_row: 0,
        }));
        slots.retain(|slot| !hidden.iter().any(|name| name == slot.name));
        slots.extend(with.iter().map(|name| Slot::named(batch, name)));
        slots
    }

    /// Returns false when no row from `first` to `last` has a value here.
    fn occurs(&self, first: u32, last: u32) -> bool {
        let Origin::Field(column) = self.origin else { return true };
        match &column.rows {
            None => (first as usize) < column.len(),
            Some(rows) => rows.get(rows.partition_point(|row| *row < first)).is_some_and(|row| *row <= last),
        }
    }

    /// Hands out rows with the columns they need, all at once or, when a batch has very many columns of which each
    /// row has few, in groups: looking into every column for every row would take quadratic time.
    pub fn in_groups(slots: &[Slot<'a>], rows: Rows<'_>, mut write: impl FnMut(Rows<'_>, &mut [Slot<'a>])) {
        const MANY_COLUMNS: usize = 64;
        const GROUP_ROWS: usize = 256;
        if slots.len() <= MANY_COLUMNS {
            return write(rows, &mut slots.to_vec());
        }
        let rows: Vec<u32> = rows.iter().collect();
        for group in rows.chunks(GROUP_ROWS) {
            let (first, last) =
                group.iter().fold((u32::MAX, 0), |(first, last), row| (first.min(*row), last.max(*row)));
            let mut needed: Vec<Slot<'a>> = slots.iter().filter(|slot| slot.occurs(first, last)).cloned().collect();
            write(Rows::Some(group), &mut needed);
        }
    }

    /// Returns what the column says of a row. Cheapest for rows in ascending order.
    #[inline]
    pub fn cell(&mut self, batch: &'a EntryBatch, row: u32) -> Option<Cell<'a>> {
        match self.origin {
            Origin::Time => {
                let nanos = *batch.ts.get(row as usize)?;
                (nanos != NO_TIME).then(|| Cell::Time(nanos, batch.styles.get(row).unwrap_or_default().digits))
            }
            Origin::Level => LogLevel::from_u8(*batch.levels.get(row as usize)?).map(Cell::Level),
            Origin::Message => match self.value(&batch.message, batch, row)? {
                ValueRef::Text(text) | ValueRef::Json(text) => Some(Cell::Lines(text)),
                number => Some(Cell::Value(number)),
            },
            Origin::Raw => batch.raw.get(row as usize).map(|span| Cell::Lines(batch.text().get(*span))),
            Origin::Line => {
                let position = batch.positions.get(row as usize)?;
                Some(Cell::Value(ValueRef::Int((batch.base.line + position.line) as i64)))
            }
            Origin::Offset => {
                let position = batch.positions.get(row as usize)?;
                Some(Cell::Value(ValueRef::Int((batch.base.offset + position.offset) as i64)))
            }
            Origin::Format => batch.formats.get(row).map(|name| Cell::Value(ValueRef::Text(name.as_bytes()))),
            Origin::Source => batch.sources.get(row).map(|name| Cell::Value(ValueRef::Text(name.as_bytes()))),
            Origin::Field(column) => self.value(column, batch, row).map(Cell::Value),
            Origin::Nothing => None,
        }
    }

    #[inline]
    fn value(&mut self, column: &'a Column, batch: &'a EntryBatch, row: u32) -> Option<ValueRef<'a>> {
        if row < self.last_row {
            self.cursor = 0;
        }
        self.last_row = row;
        column.seek(row, &mut self.cursor).map(|index| column.value(index, batch.text()))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::entry::{BatchBuilder, LogEntry, Position, Projection, Record, Span, TimeStyle, Timestamp, Value};

    /// Makes a batch of entries, as a parser would.
    pub fn batch_of(entries: &[LogEntry]) -> EntryBatch {
        let mut builder = BatchBuilder::new(&Projection::all());
        let mut record = Record::default();
        for entry in entries {
            record.clear();
            record.ts = entry.ts.map_or(NO_TIME, Timestamp::nanos);
            record.style = entry.style;
            record.level = entry.level;
            record.message = entry.message.as_ref().map(|text| builder.keep(text));
            for (name, value) in &entry.fields {
                let field = builder.field(name.as_bytes());
                match value {
                    Value::Text(text) => {
                        let span = builder.keep(text);
                        record.text(field, span);
                    }
                    Value::Json(text) => {
                        let span = builder.keep(text);
                        record.json(field, span);
                    }
                    Value::Int(number) => record.int(field, *number),
                    Value::Float(number) => record.float(field, *number),
                    Value::Bool(truth) => record.bool(field, *truth),
                }
            }
            let raw = entry.raw.as_ref().map_or(Span::default(), |raw| builder.keep(raw));
            let position = entry.position.unwrap_or(Position { line: 1, offset: 0 });
            builder.push(&record, raw, position, &entry.format.as_deref().unwrap_or("json").into());
        }
        let mut batch = builder.finish(Vec::new());
        for (row, entry) in entries.iter().enumerate() {
            if let Some(source) = &entry.source {
                batch.sources.push(row as u32, &source.as_str().into());
            }
        }
        batch
    }

    /// Makes an entry; `nanos` after 2026-09-07T00:00:00Z.
    pub fn entry(nanos: i64, level: Option<LogLevel>, message: Option<&str>, fields: &[(&str, Value)]) -> LogEntry {
        LogEntry {
            ts: Timestamp::from_nanos(1_788_739_200_000_000_000 + nanos),
            style: TimeStyle { digits: 3, offset_minutes: 0 },
            level,
            message: message.map(|text| text.as_bytes().into()),
            fields: fields.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
            ..LogEntry::default()
        }
    }

    #[test]
    fn many_columns_are_written_as_few_are() {
        let names: Vec<String> = (0..300).map(|n| format!("key{n}")).collect();
        let entries: Vec<LogEntry> = (0..900_usize)
            .map(|n| entry(0, None, None, &[(names[n % 300].as_str(), Value::Int(n as i64)), ("n", Value::Int(1))]))
            .collect();
        let batch = batch_of(&entries);
        let slots = Slot::all(&batch, &[], &[]);
        let (mut seen, mut widest) = (Vec::new(), 0);
        Slot::in_groups(&slots, Rows::All(900), |rows, slots| {
            widest = widest.max(slots.len());
            for row in rows.iter() {
                seen.push(slots.iter_mut().filter_map(|slot| slot.cell(&batch, row)).collect::<Vec<_>>());
            }
        });
        assert_eq!(seen.len(), 900);
        for (row, cells) in seen.iter().enumerate() {
            let key = Cell::Value(ValueRef::Int(row as i64));
            assert!(cells.len() == 3 && cells.contains(&key), "row {row}: {cells:?}");
        }
        assert!(widest < 300, "{widest} columns at once");
    }

    #[test]
    fn rows_in_any_order_find_their_cells() {
        let entries: Vec<LogEntry> = (0..10)
            .map(|n| entry(n, None, None, if n % 3 == 0 { &[] } else { &[("n", Value::Int(0))] }))
            .enumerate()
            .map(|(n, mut entry)| {
                entry.fields.iter_mut().for_each(|(_, value)| *value = Value::Int(n as i64));
                entry
            })
            .collect();
        let batch = batch_of(&entries);
        let names = ["n".to_owned()];
        let mut slots = Slot::of(&batch, &names);
        for row in [0, 1, 5, 9, 4, 4, 2, 8, 0, 7] {
            let expected = (row % 3 != 0).then_some(Cell::Value(ValueRef::Int(row as i64)));
            assert_eq!(slots[0].cell(&batch, row), expected, "row {row}");
        }
    }
}
