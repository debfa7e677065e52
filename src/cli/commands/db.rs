//! `logan db`: what is in a store beside entries, and whether it is whole.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::formats::ListOutput;
use crate::cli::entries::open_store;
use crate::cli::exit::{Exit, Failure};
use crate::cli::rejects;
use crate::cli::session::Session;
use crate::cli::summary::bytes;
use crate::entry::{Timestamp, grouped};
use crate::output::safe;
use crate::storage::SqliteLogStorage;

/// Look into a store: what it holds, from where, and whether it is whole
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan db stats                     entries, size, time span of logan.db
  logan db sources --db web.db       what was imported, and how far
  logan db rejects -o json           the lines no format accepted
  logan db verify                    read every block and check it; exit code 4 when one is damaged")]
pub struct DbArgs {
    /// What to look at.
    #[command(subcommand)]
    pub view: View,
    /// Look into this store
    #[arg(long, global = true, value_name = "STORE", env = "LOGAN_DB", default_value = "logan.db")]
    pub db: PathBuf,
    /// Print as text or as one JSON object a line
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ListOutput,
}

/// What to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum View {
    /// Print how much it holds
    Stats,
    /// Print what was imported, and how far
    Sources,
    /// Print the lines no format accepted
    Rejects,
    /// Read everything and check it
    Verify,
}

/// Prints what is asked.
pub fn run(args: &DbArgs, session: &Session) -> Result<Exit, Failure> {
    let store = open_store(&args.db, session)?;
    let terminal = session.terminal.stdout;
    let mut output = Lines { out: session.terminal.output(), terminal, form: args.output, partial: Vec::new() };
    let exit = match args.view {
        View::Stats => stats(&store, args.output, &mut output)?,
        View::Sources => sources(&store, args.output, &mut output)?,
        View::Rejects => all_rejects(&store, args.output, &mut output)?,
        View::Verify => verify(&store, args.output, &mut output)?,
    };
    output.flush()?;
    Ok(exit)
}

/// Writes lines to stdout; what goes to a terminal is made safe, a line at a time.
struct Lines<W: Write> {
    out: W,
    terminal: bool,
    form: ListOutput,
    /// The line that is not ended yet.
    partial: Vec<u8>,
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if !self.terminal {
            return self.out.write(bytes);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                None => self.partial.extend_from_slice(part),
                Some(end) => {
                    self.partial.extend_from_slice(end);
                    let line = String::from_utf8_lossy(&self.partial);
                    let shown = match self.form {
                        ListOutput::Text => safe::display(&line),
                        ListOutput::Json => safe::display_json(&line),
                    };
                    writeln!(self.out, "{shown}")?;
                    self.partial.clear();
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn stats(store: &SqliteLogStorage, form: ListOutput, output: &mut dyn Write) -> Result<Exit, Failure> {
    let summary = store.summary()?;
    let time = |nanos: i64| Timestamp::from_nanos(nanos).map(|time| time.to_rfc3339(0));
    let (first, last) = summary.time_range.map_or((None, None), |(first, last)| (time(first), time(last)));
    match form {
        ListOutput::Json => {
            let object = serde_json::json!({
                "entries": summary.entries, "blocks": summary.blocks, "sources": summary.sources,
                "rejects": summary.rejects, "bytes": summary.file_bytes, "first": first, "last": last,
            });
            writeln!(output, "{object}")?;
        }
        ListOutput::Text => {
            writeln!(output, "entries  {} in {} blocks", grouped(summary.entries), grouped(summary.blocks))?;
            writeln!(output, "sources  {}", grouped(summary.sources))?;
            writeln!(output, "rejects  {}", grouped(summary.rejects))?;
            writeln!(output, "size     {}", bytes(summary.file_bytes))?;
            if let (Some(first), Some(last)) = (first, last) {
                writeln!(output, "time     {first} to {last}")?;
            }
        }
    }
    Ok(Exit::Done)
}

fn sources(store: &SqliteLogStorage, form: ListOutput, output: &mut dyn Write) -> Result<Exit, Failure> {
    for source in store.sources()? {
        match form {
            ListOutput::Json => {
                let object = serde_json::json!({
                    "name": source.name, "format": source.format, "offset": source.offset,
                    "lines": source.lines, "finished": source.finished,
                });
                writeln!(output, "{object}")?;
            }
            ListOutput::Text => {
                let (lines, offset) = (grouped(source.lines), bytes(source.offset));
                let state = if source.finished { "" } else { ", not finished" };
                writeln!(output, "{}: {}, {lines} lines, {offset}{state}", source.name, source.format)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn all_rejects(store: &SqliteLogStorage, form: ListOutput, output: &mut dyn Write) -> Result<Exit, Failure> {
    for source in store.sources()? {
        store.each_reject(source.id, &mut |reject| match form {
            ListOutput::Json => rejects::write(&source.name, &reject, output),
            ListOutput::Text => {
                let raw = String::from_utf8_lossy(&reject.raw);
                writeln!(output, "{}:{}: {}: {}", source.name, reject.line, reject.reason, safe::display(&raw))
            }
        })?;
    }
    Ok(Exit::Done)
}

fn verify(store: &SqliteLogStorage, form: ListOutput, output: &mut dyn Write) -> Result<Exit, Failure> {
    let damaged = store.verify()?;
    for block in &damaged {
        match form {
            ListOutput::Json => {
                let object = serde_json::json!({ "block": block.id, "entries": block.entries, "detail": block.detail });
                writeln!(output, "{object}")?;
            }
            ListOutput::Text => {
                let entries = grouped(block.entries);
                writeln!(output, "block {}: {}; {entries} entries may be affected", block.id, block.detail)?;
            }
        }
    }
    Ok(if damaged.is_empty() { Exit::Done } else { Exit::Store })
}
