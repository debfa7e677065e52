//! `logan parse`.

use std::ffi::OsString;

use clap::Args;

use crate::cli::answer::{self, Question};
use crate::cli::args::{OutputArgs, ReadingArgs, SelectionArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::{selection, why};
use crate::query::Query;

/// Read logs and print their entries
///
/// Finds out the format of each file, reads its lines in parallel and prints the entries in the order of the files.
/// Lines that continue an entry (stack traces) belong to it. A line of no known format is a reject: it is counted,
/// and `--rejects` keeps it.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan parse access.log                            coloured text on a terminal
  kubectl logs web | logan parse -l warn            warnings and worse, from a pipe
  logan parse -o json app.log | jq .message         one JSON object an entry
  logan parse --since -2h -w 'status >= 500' /var/log/nginx/*.log*
  logan parse -o csv --fields ts,path,status access.log.gz > requests.csv
  logan parse --rejects odd.json --max-rejects 0.1% huge.log")]
pub struct ParseArgs {
    /// Files, globs or (with -r) folders to read, compressed or not; `-` is standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<OsString>,
    /// Which entries.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How they are printed.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How files are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Tell how well each format reads each file, and read nothing else
    #[arg(long, help_heading = "Reading")]
    pub why: bool,
}

/// Prints entries.
pub fn run(args: &ParseArgs, session: &Session) -> Result<Exit, Failure> {
    let source = Source::files(&args.files, session)?;
    if args.why {
        return why::run(&source, &args.reading, session);
    }
    let clock = answer::clock(&args.reading, session)?;
    let query = Query { filter: selection::filter(&args.selection, &clock)?, pipes: Vec::new() };
    let question = Question { query, output: &args.output, exit_when_empty: false, stats: false };
    answer::print(question, &source, &args.reading, session)
}
