//! The entries that a row of a table was made of.

use super::evaluate::within;
use crate::entry::{Value, ValueRef};
use crate::query::ast::{Bin, Key, Pipe, Stats};
use crate::query::{Comparison, Filter, Operand, Query, Table, Test};

/// Returns the filter of the entries behind a row: those whose keys are the row's. A key that the table does not show any
/// more (`| fields`, or a second `| stats`) chooses nothing.
pub fn of_row(query: &Query, table: &Table, row: &[Option<Value>]) -> Filter {
    let parts: Vec<Filter> = keys(query)
        .into_iter()
        .filter_map(|(key, column)| Some(of_key(key, row[table.column_index(column)?].as_ref().map(Value::as_ref))))
        .collect();
    if parts.is_empty() { Filter::All } else { Filter::And(parts) }
}

/// Returns what makes the last table.
pub fn last_stats(query: &Query) -> Option<&Stats> {
    query.pipes.iter().rev().find_map(|pipe| match pipe {
        Pipe::Stats(stats) => Some(stats),
        Pipe::Where(_) | Pipe::Sort(_) | Pipe::Limit(_) | Pipe::Tail(_) | Pipe::Fields(_) => None,
    })
}

/// Returns the keys entries are grouped by, each with the column of the last table that shows it.
fn keys(query: &Query) -> Vec<(&Key, &str)> {
    let mut keys: Option<Vec<(&Key, &str)>> = None;
    for pipe in &query.pipes {
        let Pipe::Stats(stats) = pipe else { continue };
        keys = Some(match keys {
            None => stats.keys.iter().map(|key| (key, key.name.as_str())).collect(),
            Some(before) => {
                let shown = |(key, column): (_, &str)| {
                    let again = stats.keys.iter().find(|again| again.field == column && again.bin == Bin::Exact)?;
                    Some((key, again.name.as_str()))
                };
                before.into_iter().filter_map(shown).collect()
            }
        });
    }
    keys.unwrap_or_default()
}

fn of_key(key: &Key, value: Option<ValueRef<'_>>) -> Filter {
    let test =
        |comparison, operand| Filter::Field { field: key.field.clone(), test: Test::Compare(comparison, operand) };
    match (value, key.bin) {
        // In no bin are also values that are no numbers; those have no line of their own kind to show.
        (None, _) => Filter::Not(Box::new(Filter::Field { field: key.field.clone(), test: Test::Exists })),
        (Some(ValueRef::Int(start)), Bin::Time(bin)) if key.field == "ts" => {
            within(start, start.saturating_add(bin.width), Filter::All)
        }
        (Some(ValueRef::Int(time)), Bin::Exact) if key.field == "ts" => {
            within(time, time.saturating_add(1), Filter::All)
        }
        (Some(ValueRef::Int(start)), Bin::Time(bin)) => Filter::And(vec![
            test(Comparison::GreaterOrEqual, integer(start)),
            test(Comparison::Less, integer(start.saturating_add(bin.width))),
        ]),
        (Some(value), Bin::Number(width)) => {
            let start = value.as_f64().unwrap_or(f64::NAN);
            Filter::And(vec![
                test(Comparison::GreaterOrEqual, number(start)),
                test(Comparison::Less, number(start + width)),
            ])
        }
        (Some(value), Bin::Exact | Bin::Time(_)) => test(Comparison::Equal, operand(value)),
    }
}

/// Returns what equals a value.
fn operand(value: ValueRef<'_>) -> Operand {
    match value {
        ValueRef::Int(value) => integer(value),
        ValueRef::Float(value) => number(value),
        ValueRef::Bool(value) => text(value.to_string()),
        ValueRef::Text(value) | ValueRef::Json(value) => text(String::from_utf8_lossy(value).into_owned()),
    }
}

fn text(text: String) -> Operand {
    Operand { text, number: None, integer: None, time: None }
}

fn integer(value: i64) -> Operand {
    Operand { text: value.to_string(), number: Some(value as f64), integer: Some(value), time: None }
}

fn number(value: f64) -> Operand {
    Operand { text: value.to_string(), number: Some(value), integer: None, time: None }
}
