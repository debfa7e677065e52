//! `logan db`: what a store holds, its rejects, and whether it is whole.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::formats::ListOutput;
use crate::cli::exit::{Exit, Failure};
use crate::cli::rejects;
use crate::cli::session::Session;
use crate::cli::source::DEFAULT_STORE;
use crate::cli::summary::{bytes, grouped};
use crate::entry::Timestamp;
use crate::output::safe;
use crate::storage::SqliteLogStorage;

/// Look into a store: what it holds, its rejects, whether it is whole
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan db info                      entries, time span, size and sources of logan.db
  logan db rejects --db web.db       the lines no format accepted, with place and reason
  logan db verify || restore-backup  exit code 4 when a stored byte has changed")]
pub struct DbArgs {
    /// What to look for.
    #[command(subcommand)]
    pub what: DbCommand,
}

/// What to look for in a store.
#[derive(Clone, Debug, Subcommand)]
pub enum DbCommand {
    /// Print what the store holds, in numbers
    Info(StoreArgs),
    /// Print the lines that no format accepted
    Rejects(StoreArgs),
    /// Read every stored byte and compare it with its hash
    Verify(StoreArgs),
}

/// Which store, and how to print.
#[derive(Clone, Debug, Args)]
pub struct StoreArgs {
    /// Look into this store
    #[arg(long, value_name = "STORE", env = "LOGAN_DB", default_value = DEFAULT_STORE)]
    pub db: PathBuf,
    /// Print as text or as one JSON object a line
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ListOutput,
}

/// Runs one of them.
pub fn run(args: &DbArgs, session: &Session) -> Result<Exit, Failure> {
    let (DbCommand::Info(with) | DbCommand::Rejects(with) | DbCommand::Verify(with)) = &args.what;
    let store = SqliteLogStorage::open(&with.db, session.threads)?;
    let mut output = session.terminal.output();
    let exit = match &args.what {
        DbCommand::Info(_) => info(&store, with.output, &mut output)?,
        DbCommand::Rejects(_) => print_rejects(&store, with.output, &mut output)?,
        DbCommand::Verify(_) => verify(&store, with.output, &mut output)?,
    };
    output.flush()?;
    Ok(exit)
}

fn time(nanos: i64) -> String {
    Timestamp::from_nanos(nanos).map(|time| time.to_rfc3339(0)).unwrap_or_default()
}

fn info(store: &SqliteLogStorage, shape: ListOutput, output: &mut dyn Write) -> Result<Exit, Failure> {
    let summary = store.summary()?;
    let sources = store.sources()?;
    let (first, last) = summary.time_range.map_or((None, None), |(first, last)| (Some(time(first)), Some(time(last))));
    match shape {
        ListOutput::Json => {
            let sources: Vec<_> = sources
                .iter()
                .map(|source| {
                    serde_json::json!({
                        "name": source.name, "format": source.format, "bytes": source.offset, "lines": source.lines,
                    })
                })
                .collect();
            let object = serde_json::json!({
                "store": store.path().to_string_lossy(), "entries": summary.entries, "rejects": summary.rejects,
                "blocks": summary.blocks, "file_bytes": summary.file_bytes, "first": first, "last": last,
                "sources": sources,
            });
            writeln!(output, "{object}")?;
        }
        ListOutput::Text => {
            let each = summary.file_bytes as f64 / summary.entries.max(1) as f64;
            writeln!(output, "entries   {}", grouped(summary.entries))?;
            writeln!(output, "rejects   {}", grouped(summary.rejects))?;
            if let (Some(first), Some(last)) = (first, last) {
                writeln!(output, "time      {first} to {last}")?;
            }
            let blocks = grouped(summary.blocks);
            writeln!(output, "file      {} in {blocks} blocks, {each:.1} bytes an entry", bytes(summary.file_bytes))?;
            for source in &sources {
                writeln!(
                    output,
                    "source    {} ({}, {}, {} lines)",
                    safe::display(&source.name),
                    source.format,
                    bytes(source.offset),
                    grouped(source.lines)
                )?;
            }
        }
    }
    Ok(Exit::Done)
}

fn print_rejects(store: &SqliteLogStorage, shape: ListOutput, output: &mut dyn Write) -> Result<Exit, Failure> {
    for source in store.sources()? {
        store.each_reject(source.id, &mut |reject| match shape {
            ListOutput::Json => rejects::write(&source.name, &reject, output),
            ListOutput::Text => writeln!(
                output,
                "{}:{}: {}\n    {}",
                safe::display(&source.name),
                reject.line,
                safe::display(&reject.reason),
                safe::display(&String::from_utf8_lossy(&reject.raw))
            ),
        })?;
    }
    Ok(Exit::Done)
}

fn verify(store: &SqliteLogStorage, shape: ListOutput, output: &mut dyn Write) -> Result<Exit, Failure> {
    let blocks = store.summary()?.blocks;
    let damaged = store.verify()?;
    for block in &damaged {
        match shape {
            ListOutput::Json => {
                let object = serde_json::json!({ "block": block.id, "entries": block.entries, "detail": block.detail });
                writeln!(output, "{object}")?;
            }
            ListOutput::Text => {
                let entries = grouped(block.entries);
                writeln!(output, "block {}: {} ({entries} entries)", block.id, safe::display(&block.detail))?;
            }
        }
    }
    if damaged.is_empty() {
        if shape == ListOutput::Text {
            writeln!(output, "{} blocks are as they were stored", grouped(blocks))?;
        }
        return Ok(Exit::Done);
    }
    output.flush()?;
    let text = format!("{}: {} of {blocks} blocks are damaged", store.path().display(), damaged.len());
    Err(Failure { exit: Exit::Store, ..Failure::message(text) }
        .hint("the others can be read; restore a backup, or import the logs of these blocks into a new store"))
}
