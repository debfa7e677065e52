//! Answers a query: the one path of `parse` and `query`.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Mutex;

use super::args::{OutputArgs, ReadingArgs};
use super::entries;
use super::exit::{Exit, Failure};
use super::session::Session;
use super::source::Source;
use super::zone;
use crate::output::{Assembler, EntryWriter, Options, OutputFormat, Piece, Rows};
use crate::query::exec::{Loader, Selector, filter_columns};
use crate::query::literal::Clock;
use crate::query::{BatchSink, Columns, InOrder, Query, ScanError};

/// What is asked, and how the answer is printed.
#[derive(Debug)]
pub struct Question<'q> {
    /// The question.
    pub query: Query,
    /// How the answer is printed.
    pub output: &'q OutputArgs,
    /// True to exit with 1 when nothing matches.
    pub exit_when_empty: bool,
    /// True to tell what was read and skipped.
    pub stats: bool,
}

/// Returns what relative times are resolved against.
pub fn clock(args: &ReadingArgs, session: &Session) -> Result<Clock, Failure> {
    let zone = zone::read(&args.tz, session.now)?;
    Ok(Clock { now: session.now, offset_seconds: zone::offset_at(zone, session.now) })
}

struct Sink<'w> {
    selector: Selector,
    writer: &'w EntryWriter,
    queue: InOrder<Piece, (Assembler<'w>, Box<dyn Write + Send>)>,
}

impl BatchSink for Sink<'_> {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let loader = Loader::new(batch);
        let selection = self.selector.select(&loader)?;
        let rows = selection.into_rows();
        let piece = match batch.as_batch() {
            Some(entries) if rows.len() == batch.rows() => self.writer.render(entries, Rows::All(batch.rows())),
            Some(entries) => self.writer.render(entries, Rows::Some(&rows)),
            None => {
                let entries = batch.gather(&rows, &self.writer.options().projection())?;
                self.writer.render(&entries, Rows::All(entries.rows))
            }
        };
        self.queue.put(sequence, piece, |(assembler, out), piece| {
            assembler.take(piece, out)?;
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// Prints the answer.
pub fn answer(
    question: Question<'_>,
    source: &Source,
    reading: &ReadingArgs,
    session: &Session,
) -> Result<Exit, Failure> {
    let options = Options {
        with: question.output.with.clone(),
        columns: question.output.fields.clone(),
        terminal: session.terminal.stdout,
        color: session.terminal.stdout_color,
        width: session.terminal.width,
        csv_raw: question.output.csv_raw,
        ..Options::new(question.output.format().unwrap_or(OutputFormat::Text))
    };
    let writer = EntryWriter::new(options);
    let mut projection = writer.options().projection();
    filter_columns(&question.query.filter, &mut projection);
    let out: Box<dyn Write + Send> = Box::new(session.terminal.output());
    let sink = Sink {
        selector: Selector::new(&question.query.filter),
        writer: &writer,
        queue: InOrder::new(8, (Assembler::new(&writer), out)),
    };
    let read = entries::read(source, reading, &question.query.filter, &projection, &sink, false, session);
    let (mut assembler, mut out) = sink.queue.into_consumer();
    let read = read?;
    assembler.finish(&mut out)?;
    out.flush()?;
    Ok(read.exit)
}
