//! logfmt: `key=value` pairs, one line an entry.

use super::cells::{Cell, Slot};
use super::time::TimeText;
use super::writer::Rows;
use super::{number, safe, scan};
use crate::entry::{EntryBatch, ValueRef};

/// Writes one line a row.
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
        write_pairs(&keys, slots.iter_mut().map(|slot| slot.cell(batch, row)), terminal, &mut time, out);
        if let Some(ends) = &mut ends {
            ends.push(out.len());
        }
    }
}

/// Writes the cells that are there as one line; `keys` are those of [`key`].
#[inline]
fn write_pairs<'c>(
    keys: &[Vec<u8>],
    cells: impl Iterator<Item = Option<Cell<'c>>>,
    terminal: bool,
    time: &mut TimeText,
    out: &mut Vec<u8>,
) {
    // Every key begins with a blank; the first is written without.
    let mut skip = 1;
    for (cell, key) in cells.zip(keys) {
        let Some(cell) = cell else { continue };
        out.extend_from_slice(&key[skip..]);
        skip = 0;
        match cell {
            Cell::Time(nanos, digits) => time.write_rfc3339(nanos, digits, out),
            Cell::Level(level) => out.extend_from_slice(level.name().as_bytes()),
            Cell::Lines(text) => write_text(text, terminal, out),
            Cell::Value(value) => write_value(value, terminal, out),
        }
    }
    out.push(b'\n');
}

/// Writes rows of cells.
pub fn write_rows<'c>(
    names: &[&str],
    rows: impl Iterator<Item = Vec<Option<Cell<'c>>>>,
    terminal: bool,
    out: &mut Vec<u8>,
) {
    let keys: Vec<Vec<u8>> = names.iter().map(|name| key(name, terminal)).collect();
    let mut time = TimeText::new();
    rows.for_each(|row| write_pairs(&keys, row.into_iter(), terminal, &mut time, out));
}

/// Returns ` name=`; what a key cannot hold becomes `_`.
pub fn key(name: &str, terminal: bool) -> Vec<u8> {
    let name = name.replace(|c: char| c <= ' ' || c == '"' || c == '=' || c == '\x7f', "_");
    let mut key = vec![b' '];
    if terminal {
        safe::write(name.as_bytes(), &mut key);
    } else {
        key.extend_from_slice(name.as_bytes());
    }
    key.push(b'=');
    key
}

/// Appends a value.
#[inline]
pub fn write_value(value: ValueRef<'_>, terminal: bool, out: &mut Vec<u8>) {
    match value {
        ValueRef::Text(text) | ValueRef::Json(text) => write_text(text, terminal, out),
        ValueRef::Int(integer) => number::write_int(integer, out),
        ValueRef::Float(float) => number::write_float(float, out),
        ValueRef::Bool(truth) => number::write_bool(truth, out),
    }
}

/// Appends text, in quotes when it is empty or holds a blank, `"`, `=` or a control character.
#[inline]
pub fn write_text(text: &[u8], terminal: bool, out: &mut Vec<u8>) {
    if !text.is_empty() && scan::is_bare_word(text) {
        return safe::write_for(text, terminal, out);
    }
    out.push(b'"');
    if scan::is_plain_json(text) {
        out.extend_from_slice(text);
    } else {
        write_escaped(text, terminal, out);
    }
    out.push(b'"');
}

fn write_escaped(text: &[u8], terminal: bool, out: &mut Vec<u8>) {
    let mut copied = 0;
    for (at, byte) in text.iter().enumerate().filter(|(_, b)| **b < 0x20 || matches!(b, b'"' | b'\\' | 0x7f)) {
        safe::write_for(&text[copied..at], terminal, out);
        copied = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => out.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
    }
    safe::write_for(&text[copied..], terminal, out);
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{batch_of, entry};
    use super::*;
    use crate::entry::{LogLevel, Value};

    #[test]
    fn values_are_quoted_only_when_they_must_be() {
        let batch = batch_of(&[entry(
            0,
            Some(LogLevel::Warn),
            Some("two words"),
            &[
                ("a", "bare/word?x".into()),
                ("b c=", "k=v".into()),
                ("d", "".into()),
                ("e", "say \"hi\"\n\tnow\\".into()),
                ("f", Value::Float(0.25)),
                ("g", "back\\slash".into()),
                ("h", "\x1b[1m".into()),
            ],
        )]);
        let mut out = Vec::new();
        write(&batch, Rows::All(1), &mut Slot::all(&batch, &[], &[]), false, &mut out, None);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "ts=2026-09-07T00:00:00.000Z level=warn message=\"two words\" a=bare/word?x b_c_=\"k=v\" d=\"\" \
             e=\"say \\\"hi\\\"\\n\\tnow\\\\\" f=0.25 g=back\\slash h=\"\\u001b[1m\"\n"
        );
    }
}
