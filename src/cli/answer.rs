//! Answers a query: the one path of `parse` and `query`.

use std::io::Write;

use super::args::{ORIGINS, OutputArgs, ReadingArgs};
use super::entries::{self, Reading};
use super::exit::{Exit, Failure};
use super::session::Session;
use super::source::Source;
use super::zone;
use super::{misspelt, summary};
use crate::entry::{EntryBatch, grouped};
use crate::output::{Assembler, EntryWriter, Options, OutputFormat, Piece, Rows, result};
use crate::query::ast::{Pipe, Shown};
use crate::query::exec::{Counts, Execution};
use crate::query::literal::Clock;
use crate::query::{Plan, Query};

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

/// Told when a group had too many values for an exact answer.
pub(super) const ESTIMATED: &str = "estimated: quantiles of more than 10,000 numbers are within 0.5 %, uniq beyond a million \
                         values is within about 0.8 %; all else is exact";

/// Returns what relative times are resolved against.
pub fn clock(args: &ReadingArgs, session: &Session) -> Result<Clock, Failure> {
    let zone = zone::read(&args.tz, session.now)?;
    Ok(Clock { now: session.now, zone })
}

/// Prints the answer.
pub fn print(
    mut question: Question<'_>,
    source: &Source,
    reading: &ReadingArgs,
    session: &Session,
) -> Result<Exit, Failure> {
    // The flags are pipes that come last.
    question.query.pipes.extend(question.output.fields.clone().map(|names| Pipe::Fields(Shown::Only(names))));
    question.query.pipes.extend(question.output.limit.map(Pipe::Limit));
    let mut options = options(question.output, session);
    let plan = Plan::new(&question.query, &options.projection());
    if plan.makes_table() && options.format == OutputFormat::Raw {
        return Err(raw_table());
    }
    match plan.result_shown() {
        Shown::All => {}
        Shown::Only(names) => options.columns = Some(names.clone()),
        Shown::Without(names) => options.hidden = names.clone(),
    }

    let writer = EntryWriter::new(options);
    let mut assembler = Assembler::new(&writer);
    let mut output = session.terminal.output();
    let render = |batch: &EntryBatch, rows: &[u32]| writer.render(batch, Rows::Some(rows));
    // What a pipe brought is to be seen when it is there, not when a buffer is full.
    let mut deliver = |piece: Piece| assembler.take(piece, &mut output).and_then(|()| output.flush());
    let execution = Execution::new(&plan, &render, &mut deliver);
    let read = entries::read(source, reading, &plan.filter, &plan.projection, &execution, plan.makes_table(), session)?;
    let outcome = execution.finish()?;
    match &outcome.table {
        Some(table) => {
            let mut bytes = Vec::new();
            result::write(table, writer.options(), &mut bytes);
            output.write_all(&bytes)?;
        }
        None => assembler.finish(&mut output)?,
    }
    output.flush()?;

    misspelt::warn(outcome.missing_fields, source, reading, &read, session)?;
    warn_left_out(&writer, session);
    if question.stats {
        session.terminal.tell(&stats_text(&read, &outcome.counts));
    }
    if outcome.estimated && (question.stats || session.wants_summary()) {
        session.terminal.tell(ESTIMATED);
    }
    let nothing = outcome.counts.matched == 0 || outcome.counts.shown == 0;
    let exit = read.conclude(reading, session);
    Ok(if exit == Exit::Done && question.exit_when_empty && nothing { Exit::Asked } else { exit })
}

pub(super) fn raw_table() -> Failure {
    Failure::message("-o raw prints the lines of entries, and this query makes a table")
        .hint("use text, table, json, csv, tsv or logfmt")
}

pub(super) fn options(args: &OutputArgs, session: &Session) -> Options {
    // What --fields names stands there already.
    let is_wanted = |name: &&str| {
        args.with.iter().any(|with| with == name) && !args.fields.iter().flatten().any(|field| field == name)
    };
    Options {
        // In the order of the documentation, whatever the order of the flags.
        with: ORIGINS.into_iter().filter(is_wanted).map(str::to_owned).collect(),
        terminal: session.terminal.stdout,
        color: session.terminal.stdout_color,
        width: session.terminal.width,
        csv_raw: args.csv_raw,
        ..Options::new(args.format().unwrap_or(OutputFormat::Text))
    }
}

pub(super) fn warn_left_out(writer: &EntryWriter, session: &Session) {
    let mut left_out = writer.left_out();
    if left_out.is_empty() {
        return;
    }
    let count = left_out.len();
    let more = if count > 10 { format!(" and {} more", count - 10) } else { String::new() };
    left_out.truncate(10);
    let names: Vec<String> = left_out.iter().map(|(name, values)| format!("{name} ({})", grouped(*values))).collect();
    session.warn(&format!(
        "fields that came after the columns were fixed are not in the output: {}{more}; --fields names columns",
        names.join(", ")
    ));
}

/// Says what was read and what could be skipped.
fn stats_text(read: &Reading, counts: &Counts) -> String {
    let mut text = match read {
        Reading::Store(stats) => format!(
            "store: {} of {} blocks skipped, {} columns read and {} skipped, {} read",
            grouped(stats.blocks_skipped),
            grouped(stats.blocks),
            grouped(stats.columns_read),
            grouped(stats.columns_skipped),
            summary::bytes(stats.bytes_read)
        ),
        Reading::Files(found, _) => {
            let account = &found.account;
            format!("files: {} read, {}", summary::bytes(account.bytes), summary::account_line(account))
        }
    };
    text += &format!(
        "\nentries: {} looked at, {} matched, {} in the result",
        grouped(counts.scanned),
        grouped(counts.matched),
        grouped(counts.shown)
    );
    text
}
