//! JSON lines: one object an entry.

use super::cells::{Cell, Slot};
use super::time::TimeText;
use super::writer::Rows;
use super::{number, safe, scan};
use crate::entry::{EntryBatch, ValueRef};

/// Writes one object a row: the columns of `slots` that have a value, in their order.
///
/// On a `terminal` whatever is unsafe to show is written as a JSON escape, so it stays the same JSON.
/// Text that is not UTF-8 has U+FFFD in place of what is wrong: JSON cannot hold it.
pub fn write<'b>(
    batch: &'b EntryBatch,
    rows: Rows<'_>,
    slots: &mut [Slot<'b>],
    terminal: bool,
    out: &mut Vec<u8>,
    mut ends: Option<&mut Vec<usize>>,
) {
    let keys: Vec<Vec<u8>> = slots.iter().map(|slot| key(slot.name, terminal)).collect();
    let mut time = TimeText::new();
    for row in rows.iter() {
        let cells = slots.iter_mut().map(|slot| slot.cell(batch, row));
        write_object(&keys, cells, terminal, &mut time, out);
        if let Some(ends) = &mut ends {
            ends.push(out.len());
        }
    }
}

/// Writes the cells that are there as one object; `keys` are those of [`key`].
#[inline]
fn write_object<'c>(
    keys: &[Vec<u8>],
    cells: impl Iterator<Item = Option<Cell<'c>>>,
    terminal: bool,
    time: &mut TimeText,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    // Every key begins with a comma; the first is written without.
    let mut skip = 1;
    for (cell, key) in cells.zip(keys) {
        let Some(cell) = cell else { continue };
        out.extend_from_slice(&key[skip..]);
        skip = 0;
        write_cell(cell, terminal, time, out);
    }
    out.extend_from_slice(b"}\n");
}

/// Writes rows of cells as objects; a missing cell is `null`, so that all rows have the same keys.
pub fn write_rows<'c>(
    names: &[&str],
    rows: impl Iterator<Item = Vec<Option<Cell<'c>>>>,
    terminal: bool,
    out: &mut Vec<u8>,
) {
    let keys: Vec<Vec<u8>> = names.iter().map(|name| key(name, terminal)).collect();
    let mut time = TimeText::new();
    for row in rows {
        let null = Cell::Value(ValueRef::Json(b"null"));
        write_object(&keys, row.into_iter().map(|cell| Some(cell.unwrap_or(null))), terminal, &mut time, out);
    }
}

/// Returns `,"name":`.
pub fn key(name: &str, terminal: bool) -> Vec<u8> {
    let mut key = vec![b','];
    write_text(name.as_bytes(), terminal, &mut key);
    key.push(b':');
    key
}

#[inline]
fn write_cell(cell: Cell<'_>, terminal: bool, time: &mut TimeText, out: &mut Vec<u8>) {
    match cell {
        Cell::Time(nanos, digits) => {
            out.push(b'"');
            time.write_rfc3339(nanos, digits, out);
            out.push(b'"');
        }
        Cell::Level(level) => {
            out.push(b'"');
            out.extend_from_slice(level.name().as_bytes());
            out.push(b'"');
        }
        Cell::Lines(text) => write_text(text, terminal, out),
        Cell::Value(value) => write_value(value, terminal, out),
    }
}

/// Appends a value as JSON; its type is kept. A float that is no number becomes text.
#[inline]
pub fn write_value(value: ValueRef<'_>, terminal: bool, out: &mut Vec<u8>) {
    match value {
        ValueRef::Text(text) => write_text(text, terminal, out),
        ValueRef::Int(integer) => number::write_int(integer, out),
        ValueRef::Float(float) if float.is_finite() => number::write_float(float, out),
        ValueRef::Float(float) => {
            out.push(b'"');
            number::write_float(float, out);
            out.push(b'"');
        }
        ValueRef::Bool(truth) => number::write_bool(truth, out),
        ValueRef::Json(text) => write_verbatim(text, terminal, out),
    }
}

/// Appends text as a JSON string.
#[inline]
pub fn write_text(text: &[u8], terminal: bool, out: &mut Vec<u8>) {
    out.push(b'"');
    if scan::is_plain_json(text) {
        out.extend_from_slice(text);
    } else {
        write_escaped(text, terminal, out);
    }
    out.push(b'"');
}

fn write_escaped(text: &[u8], terminal: bool, out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        let mut copied = 0;
        if terminal {
            for (at, c) in valid.char_indices().filter(|(_, c)| needs_escape(*c) || safe::is_dangerous(*c)) {
                out.extend_from_slice(&valid.as_bytes()[copied..at]);
                copied = at + c.len_utf8();
                write_escape(c, out);
            }
        } else {
            let bytes = valid.as_bytes();
            for (at, byte) in bytes.iter().enumerate().filter(|(_, b)| **b < 0x20 || matches!(b, b'"' | b'\\')) {
                out.extend_from_slice(&bytes[copied..at]);
                copied = at + 1;
                write_escape(*byte as char, out);
            }
        }
        out.extend_from_slice(&valid.as_bytes()[copied..]);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn needs_escape(c: char) -> bool {
    c < ' ' || c == '"' || c == '\\'
}

fn write_escape(c: char, out: &mut Vec<u8>) {
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        // Whatever else is escaped lies in the basic plane: one code unit.
        c => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
    }
}

/// Appends JSON source text. Its line ends (outside strings) become blanks, so that a line stays an object.
fn write_verbatim(text: &[u8], terminal: bool, out: &mut Vec<u8>) {
    if scan::is_printable_ascii(text) {
        return out.extend_from_slice(text);
    }
    let mut in_string = false;
    let mut escaped = false;
    for c in String::from_utf8_lossy(text).chars() {
        let dangerous = c < ' ' || (terminal && safe::is_dangerous(c));
        if !dangerous {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else if in_string && !escaped {
            write_escape(c, out);
        } else {
            out.push(b' ');
        }
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cells::tests::{batch_of, entry};
    use super::*;
    use crate::entry::{LogEntry, LogLevel, Position, Value};

    fn lines(entries: &[LogEntry], with: &[&str], terminal: bool) -> String {
        let with: Vec<String> = with.iter().map(|name| name.to_string()).collect();
        let batch = batch_of(entries);
        let mut out = Vec::new();
        let mut ends = Vec::new();
        write(&batch, Rows::All(batch.rows), &mut Slot::all(&batch, &[], &with), terminal, &mut out, Some(&mut ends));
        assert_eq!(ends.len(), entries.len());
        assert!(ends.iter().all(|end| out[end - 1] == b'\n'));
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn types_are_kept_and_order_is_fixed() {
        let mut one = entry(
            23_000_000,
            Some(LogLevel::Info),
            Some("hi"),
            &[
                ("status", Value::Int(200)),
                ("duration", Value::Float(1.5)),
                ("ok", Value::Bool(true)),
                ("tags", Value::Json(b"[1,\"a\"]"[..].into())),
                ("code", "200".into()),
            ],
        );
        one.raw = Some(b"raw \"text\""[..].into());
        one.source = Some("a.log".into());
        one.position = Some(Position { line: 7, offset: 99 });
        assert_eq!(
            lines(&[one.clone()], &[], false),
            "{\"ts\":\"2026-09-07T00:00:00.023Z\",\"level\":\"info\",\"message\":\"hi\",\"status\":200,\"duration\":1.5,\
             \"code\":\"200\",\"ok\":true,\"tags\":[1,\"a\"]}\n"
        );
        let with = ["source", "line", "offset", "format", "raw"];
        assert!(lines(&[one], &with, false).ends_with(
            "\"source\":\"a.log\",\"line\":7,\"offset\":99,\"format\":\"json\",\"raw\":\"raw \\\"text\\\"\"}\n"
        ));
    }

    #[test]
    fn an_entry_without_anything_is_an_empty_object() {
        assert_eq!(lines(&[LogEntry::default()], &[], false), "{}\n");
    }

    #[test]
    fn json_values_stay_on_one_line() {
        let value = Value::Json(b"[1,\n \"a\tb\\n\\\"c\n\"]"[..].into());
        assert_eq!(
            lines(&[LogEntry { fields: vec![("x".into(), value)], ..LogEntry::default() }], &[], false),
            "{\"x\":[1,  \"a\\tb\\n\\\"c\\n\"]}\n"
        );
    }

    #[test]
    fn a_terminal_gets_escapes_for_what_it_would_obey() {
        let text = "\x1b[2J\u{7f}\u{9b}\u{202e}é";
        assert_eq!(
            lines(&[entry(0, None, Some(text), &[])], &[], true),
            "{\"ts\":\"2026-09-07T00:00:00.000Z\",\"message\":\"\\u001b[2J\\u007f\\u009b\\u202eé\"}\n"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_make_json_that_reads_back(text in proptest::collection::vec(any::<u8>(), 0..100), terminal: bool) {
            let mut out = Vec::new();
            write_text(&text, terminal, &mut out);
            let back: String = serde_json::from_slice(&out).expect("valid JSON");
            prop_assert_eq!(back, String::from_utf8_lossy(&text));
            if terminal {
                prop_assert!(!String::from_utf8_lossy(&out).chars().any(safe::is_dangerous));
            }
        }
    }
}
