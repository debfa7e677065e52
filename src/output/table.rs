//! Tables for people. A table must be held whole before its widths are known, so long outputs are cut
//! into pages, each a table of its own.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::cells::{Cell, Slot};
use super::palette::Palette;
use super::time::TimeText;
use super::writer::Rows;
use super::{number, safe};
use crate::entry::{EntryBatch, ValueRef};

/// How many rows a page has at most.
pub const PAGE_ROWS: usize = 1000;

/// How a table is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shape {
    /// True when it goes to a terminal: text is made safe.
    pub terminal: bool,
    /// True to show the header in bold.
    pub color: bool,
    /// Columns of the terminal: wider tables wrap their cells. `None` never wraps.
    pub width: Option<u16>,
}

/// Draws rows under a header; numbers stand to the right.
pub fn draw<'c>(names: &[&str], rows: impl Iterator<Item = Vec<Option<Cell<'c>>>>, shape: Shape, out: &mut Vec<u8>) {
    const LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(LINES);
    match shape.width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(names.iter().map(|name| safe::display(name)));
    let mut numeric = vec![true; names.len()];
    let mut time = TimeText::new();
    for row in rows {
        table.add_row(row.iter().zip(&mut numeric).map(|(cell, numeric)| {
            *numeric &= matches!(cell, None | Some(Cell::Value(ValueRef::Int(_) | ValueRef::Float(_))));
            cell_text(*cell, shape.terminal, &mut time)
        }));
    }
    for (column, numeric) in table.column_iter_mut().zip(numeric) {
        column.set_padding((0, 1));
        if numeric {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let palette = Palette::new(shape.color);
    let mut in_header = true;
    for line in table.lines() {
        in_header &= !line.starts_with('─');
        let strong = if in_header { &palette.strong[..] } else { &[] };
        out.extend_from_slice(strong);
        out.extend_from_slice(line.trim_end().as_bytes());
        out.extend_from_slice(palette.end(strong));
        out.push(b'\n');
    }
}

/// Draws these columns of entries as one table.
pub fn draw_entries(batches: &[EntryBatch], names: &[String], shape: Shape, out: &mut Vec<u8>) {
    let rows = batches.iter().flat_map(|batch| {
        let mut slots = Slot::of(batch, names);
        Rows::All(batch.rows).iter().map(move |row| slots.iter_mut().map(|slot| slot.cell(batch, row)).collect())
    });
    draw(&names.iter().map(String::as_str).collect::<Vec<_>>(), rows, shape, out);
}

/// Returns true when an entry has a value of this name.
pub fn has_value(batch: &EntryBatch, name: &str) -> bool {
    let names = [name.to_owned()];
    let mut slots = Slot::of(batch, &names);
    (0..batch.rows as u32).any(|row| slots[0].cell(batch, row).is_some())
}

fn cell_text(cell: Option<Cell<'_>>, terminal: bool, time: &mut TimeText) -> String {
    let mut out = Vec::new();
    match cell {
        None => {}
        Some(Cell::Time(nanos, digits)) => time.write_plain(nanos, digits, &mut out),
        Some(Cell::Level(level)) => out.extend_from_slice(level.name().as_bytes()),
        Some(Cell::Lines(text) | Cell::Value(ValueRef::Text(text) | ValueRef::Json(text))) => {
            for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
                if index > 0 {
                    out.push(b'\n');
                }
                if terminal {
                    safe::write(line, &mut out);
                } else {
                    out.extend_from_slice(line);
                }
            }
            // A tab has no width of its own; in a table it would break the columns.
            out.iter_mut().filter(|byte| **byte == b'\t').for_each(|byte| *byte = b' ');
        }
        Some(Cell::Value(ValueRef::Int(integer))) => number::write_int(integer, &mut out),
        Some(Cell::Value(ValueRef::Float(float))) => number::write_float(float, &mut out),
        Some(Cell::Value(ValueRef::Bool(truth))) => number::write_bool(truth, &mut out),
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::{batch_of, entry};
    use super::super::writer::{EntryWriter, Options, OutputFormat};
    use super::*;
    use crate::entry::Value;

    #[test]
    fn numbers_stand_right_and_empty_columns_are_left_out() {
        let batch = batch_of(&[
            entry(0, None, None, &[("status", Value::Int(200)), ("path", "/".into())]),
            entry(0, None, None, &[("status", Value::Int(5)), ("path", "/long\x1b".into())]),
        ]);
        let options = Options { terminal: true, ..Options::new(OutputFormat::Table) };
        let mut out = Vec::new();
        EntryWriter::new(options).write(&batch, Rows::All(2), &mut out, None);
        let expected = "\
ts                       path       status
───────────────────────────────────────────
2026-09-07 00:00:00.000  /             200
2026-09-07 00:00:00.000  /long\\x1b       5
";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
