//! The rows an aggregate made, in any format.

use super::cells::Cell;
use super::table::{self, PAGE_ROWS};
use super::time::TimeText;
use super::writer::{Options, OutputFormat};
use super::{delimited, json, logfmt};
use crate::entry::{Value, ValueRef};
use crate::query::Table;
use crate::query::ast::ColumnKind;

/// Appends a table. Text for people is a table, and so is `raw`, which has no lines to give back here.
pub fn write(result: &Table, options: &Options, out: &mut Vec<u8>) {
    let names: Vec<&str> = result.columns.iter().map(|(name, _)| name.as_str()).collect();
    let digits: Vec<u8> = (0..names.len()).map(|column| digits(result, column)).collect();
    let rows = result.rows.iter().map(|row| cells(row, &result.columns, &digits));
    let terminal = options.terminal;
    match options.format {
        OutputFormat::Json => json::write_rows(&names, rows, terminal, out),
        OutputFormat::Logfmt => logfmt::write_rows(&names, rows, terminal, out),
        OutputFormat::Csv | OutputFormat::Tsv => {
            delimited::write_header(names.iter().copied(), options.dialect(), terminal, out);
            let mut time = TimeText::new();
            rows.for_each(|row| {
                delimited::write_row(row.into_iter(), options.dialect(), terminal, &mut time, out);
            });
        }
        OutputFormat::Text | OutputFormat::Table | OutputFormat::Raw => {
            for (number, page) in result.rows.chunks(PAGE_ROWS).enumerate() {
                if number > 0 {
                    out.push(b'\n');
                }
                let rows = page.iter().map(|row| cells(row, &result.columns, &digits));
                table::draw(&names, rows, options.shape(), out);
            }
        }
    }
}

fn cells<'r>(row: &'r [Option<Value>], columns: &[(String, ColumnKind)], digits: &[u8]) -> Vec<Option<Cell<'r>>> {
    let cells = row.iter().zip(columns).zip(digits);
    cells
        .map(|((value, (_, kind)), digits)| match (kind, value.as_ref()?.as_ref()) {
            (ColumnKind::Time, ValueRef::Int(nanos)) => Some(Cell::Time(nanos, *digits)),
            (ColumnKind::Time | ColumnKind::Value | ColumnKind::Level, value) => Some(Cell::Value(value)),
        })
        .collect()
}

/// Returns how many digits after the second the times of a column need.
fn digits(result: &Table, column: usize) -> u8 {
    if result.columns[column].1 != ColumnKind::Time {
        return 0;
    }
    let needs = |value: &Value| match value {
        Value::Int(nanos) if nanos % 1_000_000_000 == 0 => 0,
        Value::Int(nanos) if nanos % 1_000_000 == 0 => 3,
        Value::Int(nanos) if nanos % 1_000 == 0 => 6,
        Value::Int(_) => 9,
        Value::Text(_) | Value::Float(_) | Value::Bool(_) | Value::Json(_) => 0,
    };
    result.rows.iter().filter_map(|row| row[column].as_ref().map(needs)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: OutputFormat, expected: &str) {
        let result = Table {
            columns: vec![
                ("bin".into(), ColumnKind::Time),
                ("path".into(), ColumnKind::Value),
                ("count".into(), ColumnKind::Value),
            ],
            rows: vec![
                vec![Some(Value::Int(0)), Some("/a,b".into()), Some(Value::Int(1200))],
                vec![Some(Value::Int(300_000_000_000)), None, Some(Value::Int(7))],
            ],
        };
        let mut out = Vec::new();
        write(&result, &Options::new(format), &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{}", format.name());
    }

    #[test]
    fn results_have_the_same_formats_as_entries() {
        check(
            OutputFormat::Text,
            "bin                  path  count\n─────────────────────────────────\n\
             1970-01-01 00:00:00  /a,b   1200\n1970-01-01 00:05:00            7\n",
        );
        check(
            OutputFormat::Json,
            "{\"bin\":\"1970-01-01T00:00:00Z\",\"path\":\"/a,b\",\"count\":1200}\n\
             {\"bin\":\"1970-01-01T00:05:00Z\",\"path\":null,\"count\":7}\n",
        );
        check(OutputFormat::Csv, "bin,path,count\n1970-01-01T00:00:00Z,\"/a,b\",1200\n1970-01-01T00:05:00Z,,7\n");
        check(OutputFormat::Tsv, "bin\tpath\tcount\n1970-01-01T00:00:00Z\t/a,b\t1200\n1970-01-01T00:05:00Z\t\t7\n");
        check(
            OutputFormat::Logfmt,
            "bin=1970-01-01T00:00:00Z path=/a,b count=1200\nbin=1970-01-01T00:05:00Z count=7\n",
        );
    }
}
