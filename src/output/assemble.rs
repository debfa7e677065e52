//! Puts the pieces that workers made into one output: headers, columns, pages.
//!
//! CSV and TSV need the same columns in every line, and a log may name new fields in its last line. The
//! rule, unless the columns were named: the columns are time, level, message and every field of
//! the first 16,384 entries in the usual order, which are held back until then; an output that is shorter has all its fields.
//! What comes later under a new name is left out, counted, and told by [`EntryWriter::left_out`].

use std::io::{self, Write};
use std::mem;

use super::table::PAGE_ROWS;
use super::writer::{EntryWriter, OutputFormat, Piece, Rows};
use crate::entry::EntryBatch;

/// How many entries the columns of a CSV are taken from.
pub const COLUMN_WINDOW: usize = 16_384;

/// Writes pieces in the order they are given. One assembler writes one output.
#[derive(Debug)]
pub struct Assembler<'w> {
    writer: &'w EntryWriter,
    held: Vec<EntryBatch>,
    held_rows: usize,
    begun: bool,
    /// Reused.
    bytes: Vec<u8>,
}

impl<'w> Assembler<'w> {
    /// Makes an assembler for what `writer` renders.
    pub fn new(writer: &'w EntryWriter) -> Assembler<'w> {
        Assembler { writer, held: Vec::new(), held_rows: 0, begun: false, bytes: Vec::new() }
    }

    /// Writes the next piece, or holds it back.
    pub fn take(&mut self, piece: Piece, out: &mut dyn Write) -> io::Result<()> {
        match piece {
            Piece::Bytes(rendered) => {
                self.begin(out)?;
                out.write_all(&rendered.bytes)?;
                self.writer.recycle(rendered);
                Ok(())
            }
            Piece::Entries(batch) if self.begun && self.is_delimited() => self.write_batch(&batch, out),
            Piece::Entries(batch) if self.is_delimited() => {
                self.held_rows += batch.rows;
                self.held.push(*batch);
                if self.held_rows >= COLUMN_WINDOW { self.begin(out) } else { Ok(()) }
            }
            Piece::Entries(batch) => self.fill_pages(&batch, out),
        }
    }

    fn fill_pages(&mut self, batch: &EntryBatch, out: &mut dyn Write) -> io::Result<()> {
        let rows: Vec<u32> = (0..batch.rows as u32).collect();
        let mut rest = &rows[..];
        while !rest.is_empty() {
            let (page, after) = rest.split_at(rest.len().min(PAGE_ROWS - self.held_rows));
            rest = after;
            self.held_rows += page.len();
            self.held.push(batch.gather(page, &self.writer.options().projection()));
            if self.held_rows == PAGE_ROWS {
                self.draw_page(out)?;
            }
        }
        Ok(())
    }

    /// Writes what was held back; the end of the output.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.is_delimited() { self.begin(out) } else { self.draw_page(out) }
    }

    fn is_delimited(&self) -> bool {
        matches!(self.writer.options().format, OutputFormat::Csv | OutputFormat::Tsv)
    }

    /// Writes the header, once, and what waited for it.
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.begun || !self.is_delimited() {
            return Ok(());
        }
        self.begun = true;
        let held = mem::take(&mut self.held);
        self.bytes.clear();
        self.writer.begin_columns(&held, COLUMN_WINDOW, &mut self.bytes);
        out.write_all(&self.bytes)?;
        held.iter().try_for_each(|batch| self.write_batch(batch, out))
    }

    fn write_batch(&mut self, batch: &EntryBatch, out: &mut dyn Write) -> io::Result<()> {
        self.bytes.clear();
        self.writer.write(batch, Rows::All(batch.rows), &mut self.bytes, None);
        out.write_all(&self.bytes)
    }

    fn draw_page(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.held_rows == 0 {
            return Ok(());
        }
        self.bytes.clear();
        if mem::replace(&mut self.begun, true) {
            self.bytes.push(b'\n');
        }
        self.writer.draw(&mem::take(&mut self.held), &mut self.bytes);
        self.held_rows = 0;
        out.write_all(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cells::tests::batch_of;
    use super::super::writer::Options;
    use super::*;
    use crate::entry::{LogEntry, Value};

    fn assemble(format: OutputFormat, batches: &[Vec<LogEntry>]) -> (String, Vec<(String, u64)>) {
        let writer = EntryWriter::new(Options::new(format));
        let mut assembler = Assembler::new(&writer);
        let mut out = Vec::new();
        for entries in batches {
            let batch = batch_of(entries);
            assembler.take(writer.render(&batch, Rows::All(batch.rows)), &mut out).expect("vectors take all");
        }
        assembler.finish(&mut out).expect("vectors take all");
        (String::from_utf8(out).expect("text"), writer.left_out())
    }

    #[test]
    fn a_short_csv_has_all_its_fields() {
        // In the usual order, not in that in which they come.
        let batches = [vec![entry(0, None, None, &[("b", 1)])], vec![entry(0, None, None, &[("a", 2), ("user", 3)])]];
        let (text, left_out) = assemble(OutputFormat::Csv, &batches);
        let rows =
            ["ts,level,message,user,a,b", "2026-09-07T00:00:00.000Z,,,,,1", "2026-09-07T00:00:00.000Z,,,3,2,", ""];
        assert_eq!(text, rows.join("\n"));
        assert_eq!(left_out, []);
        assert_eq!(assemble(OutputFormat::Tsv, &[]).0, "ts\tlevel\tmessage\n");
    }

    #[test]
    fn a_field_too_late_for_the_columns_is_told() {
        let first: Vec<LogEntry> = (0..COLUMN_WINDOW).map(|_| entry(0, None, None, &[("a", 1)])).collect();
        let late = vec![entry(0, None, None, &[("late", 1)]), entry(0, None, None, &[("a", 7)])];
        let (text, left_out) = assemble(OutputFormat::Csv, &[first, late]);
        assert_eq!(text.lines().count(), COLUMN_WINDOW + 3);
        assert!(text.ends_with("00.000Z,,,\n2026-09-07T00:00:00.000Z,,,7\n"), "{}", &text[text.len() - 99..]);
        assert_eq!(left_out, [("late".to_owned(), 1)]);
    }

    #[test]
    fn long_tables_are_cut_into_pages() {
        let page: Vec<LogEntry> = (0..PAGE_ROWS).map(|_| entry(0, None, None, &[("a", 1)])).collect();
        let rest = vec![entry(0, None, None, &[("b", 1)])];
        let (text, _) = assemble(OutputFormat::Table, &[page, rest]);
        assert_eq!(text.lines().filter(|line| line.starts_with("ts")).count(), 2);
        assert_eq!(text.lines().count(), 2 + PAGE_ROWS + 1 + 3);
        assert_eq!(assemble(OutputFormat::Table, &[]).0, "");
    }

    fn entry(
        nanos: i64,
        level: Option<crate::entry::LogLevel>,
        message: Option<&str>,
        fields: &[(&str, i64)],
    ) -> LogEntry {
        let fields: Vec<(&str, Value)> = fields.iter().map(|(name, number)| (*name, Value::Int(*number))).collect();
        super::super::cells::tests::entry(nanos, level, message, &fields)
    }
}
