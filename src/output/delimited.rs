//! CSV and TSV: a header and one line an entry, the same columns in all.

use super::cells::{Cell, Slot};
use super::time::TimeText;
use super::writer::Rows;
use super::{number, safe, scan};
use crate::entry::{EntryBatch, ValueRef};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 4180 with line feeds. Cells a spreadsheet would run as a formula get a `'` in front.
    Csv,
    /// As [`Dialect::Csv`], with cells as they are.
    CsvRaw,
    /// Tabs between cells; tab, line feed, carriage return and backslash inside as `\t`, `\n`, `\r`, `\\`.
    Tsv,
}

impl Dialect {
    fn delimiter(self) -> u8 {
        match self {
            Dialect::Csv | Dialect::CsvRaw => b',',
            Dialect::Tsv => b'\t',
        }
    }
}

/// Writes the header line.
pub fn write_header<'n>(names: impl Iterator<Item = &'n str>, dialect: Dialect, terminal: bool, out: &mut Vec<u8>) {
    let cells = names.map(|name| Some(Cell::Value(ValueRef::Text(name.as_bytes()))));
    write_row(cells, dialect, terminal, &mut TimeText::new(), out);
}

/// Writes one line a row.
pub fn write<'b>(
    batch: &'b EntryBatch,
    rows: Rows<'_>,
    slots: &mut [Slot<'b>],
    dialect: Dialect,
    terminal: bool,
    out: &mut Vec<u8>,
    mut ends: Option<&mut Vec<usize>>,
) {
    let mut time = TimeText::new();
    for row in rows.iter() {
        write_row(slots.iter_mut().map(|slot| slot.cell(batch, row)), dialect, terminal, &mut time, out);
        if let Some(ends) = &mut ends {
            ends.push(out.len());
        }
    }
}

/// Writes one line of cells.
pub fn write_row<'c>(
    cells: impl Iterator<Item = Option<Cell<'c>>>,
    dialect: Dialect,
    terminal: bool,
    time: &mut TimeText,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    let mut only_blank = true;
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(dialect.delimiter());
        }
        only_blank = index == 0 && cell.is_none();
        match cell {
            None => {}
            Some(Cell::Time(nanos, digits)) => time.write_rfc3339(nanos, digits, out),
            Some(Cell::Level(level)) => out.extend_from_slice(level.name().as_bytes()),
            Some(Cell::Lines(text) | Cell::Value(ValueRef::Text(text) | ValueRef::Json(text))) => {
                write_text(text, dialect, terminal, out);
            }
            Some(Cell::Value(ValueRef::Int(integer))) => number::write_int(integer, out),
            Some(Cell::Value(ValueRef::Float(float))) => number::write_float(float, out),
            Some(Cell::Value(ValueRef::Bool(truth))) => number::write_bool(truth, out),
        }
    }
    // A lone missing cell would be an empty line, which readers skip.
    if only_blank && out.len() == start && dialect != Dialect::Tsv {
        out.extend_from_slice(b"\"\"");
    }
    out.push(b'\n');
}

#[inline]
fn write_text(text: &[u8], dialect: Dialect, terminal: bool, out: &mut Vec<u8>) {
    match dialect {
        Dialect::Tsv => write_tsv(text, terminal, out),
        Dialect::Csv => write_csv(text, is_formula(text), terminal, out),
        Dialect::CsvRaw => write_csv(text, false, terminal, out),
    }
}

fn write_csv(text: &[u8], formula: bool, terminal: bool, out: &mut Vec<u8>) {
    if !text.is_empty() && !formula && !scan::needs_csv_quotes(text) {
        return safe::write_for(text, terminal, out);
    }
    out.push(b'"');
    if formula {
        out.push(b'\'');
    }
    // The pieces between quotes; each quote is doubled. On a terminal a quoted line feed stays one.
    for (index, piece) in text.split(|byte| *byte == b'"').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\"\"");
        }
        for (index, line) in piece.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                out.push(b'\n');
            }
            safe::write_for(line, terminal, out);
        }
    }
    out.push(b'"');
}

fn write_tsv(text: &[u8], terminal: bool, out: &mut Vec<u8>) {
    if !scan::needs_tsv_escapes(text) {
        return safe::write_for(text, terminal, out);
    }
    let mut copied = 0;
    for (at, byte) in text.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\\' => b"\\\\",
            _ => continue,
        };
        safe::write_for(&text[copied..at], terminal, out);
        copied = at + 1;
        out.extend_from_slice(escape);
    }
    safe::write_for(&text[copied..], terminal, out);
}

/// Returns true for text that a spreadsheet would run as a formula. A plain number is none.
fn is_formula(text: &[u8]) -> bool {
    match text {
        [b'=' | b'@' | b'\t' | b'\r', ..] => true,
        [b'+' | b'-', rest @ ..] => !is_plain_number(rest),
        _ => false,
    }
}

/// Digits with at most one point and a decimal exponent.
fn is_plain_number(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_digit)
        && text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'))
        && std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(cells: &[Option<&[u8]>], dialect: Dialect) -> Vec<u8> {
        let mut out = Vec::new();
        let cells = cells.iter().map(|cell| cell.map(|text| Cell::Value(ValueRef::Text(text))));
        write_row(cells, dialect, false, &mut TimeText::new(), &mut out);
        out
    }

    fn check(text: &str, csv: &str, tsv: &str) {
        assert_eq!(String::from_utf8_lossy(&row(&[Some(text.as_bytes())], Dialect::Csv)), format!("{csv}\n"));
        assert_eq!(String::from_utf8_lossy(&row(&[Some(text.as_bytes())], Dialect::Tsv)), format!("{tsv}\n"));
    }

    #[test]
    fn cells_are_quoted_and_formulas_defused() {
        check("plain", "plain", "plain");
        check("", "\"\"", "");
        check("a,b", "\"a,b\"", "a,b");
        check("say \"hi\"\nnow", "\"say \"\"hi\"\"\nnow\"", "say \"hi\"\\nnow");
        check("a\tb\\", "\"a\tb\\\"", "a\\tb\\\\");
        check("=1+2", "\"'=1+2\"", "=1+2");
        check("@x", "\"'@x\"", "@x");
        check("-cmd", "\"'-cmd\"", "-cmd");
        check("+1|x", "\"'+1|x\"", "+1|x");
        check("-12.5e3", "-12.5e3", "-12.5e3");
        check("-", "\"'-\"", "-");
        check("-1-1", "\"'-1-1\"", "-1-1");
        check("\rx", "\"'\rx\"", "\\rx");
        assert_eq!(row(&[Some(b"=1")], Dialect::CsvRaw), b"=1\n");
    }

    #[test]
    fn missing_and_empty_differ() {
        assert_eq!(row(&[None, Some(b""), None], Dialect::Csv), b",\"\",\n");
        assert_eq!(row(&[None], Dialect::Csv), b"\"\"\n");
    }

    proptest! {
        #[test]
        fn readers_get_back_what_was_written(
            rows in proptest::collection::vec(proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 3), 1..5)
        ) {
            let mut out = Vec::new();
            for cells in &rows {
                let cells: Vec<Option<&[u8]>> = cells.iter().map(|cell| Some(&cell[..])).collect();
                out.extend(row(&cells, Dialect::CsvRaw));
            }
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&out[..]);
            let back: Vec<Vec<Vec<u8>>> = reader
                .byte_records()
                .map(|record| record.expect("well formed").iter().map(<[u8]>::to_vec).collect())
                .collect();
            prop_assert_eq!(back, rows);
        }
    }
}
