//! `logan query`.

use std::path::Path;

use clap::Args;

use crate::cli::answer::{self, Question};
use crate::cli::args::{OutputArgs, ReadingArgs, SelectionArgs, SourceArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::server::{self, TransportArgs};
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::{question, remote, selection};
use crate::client::Address;
use crate::query::{Filter, Query};

/// Ask files, a store or a server a question
///
/// A query is a filter, and after `|` what to do with the entries that match. Words and "phrases" match the message;
/// `field = 5`, `field >= 10KB`, `field ~ "regex"`, `field:word`, `field:pre*`, `field in (a, b)` and `field:*`
/// match fields; and, or, not and parentheses combine them; `*` is every entry. Pipes: stats, where, sort by, limit,
/// tail, fields, top. docs/query-language.md has the whole language.
///
/// Without files, --db and --server it asks standard input when something is piped in, or else the server LOGAN_SERVER
/// names, or else the store LOGAN_DB names, or else logan.db.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan query 'timeout' app.log                               entries with that word
  logan query 'level >= error and service = payments' app.log
  logan query 'stats count() by status' access.log            a table
  logan query 'status >= 500 | stats count() by bin(5m)' -o csv
  logan query 'top 10 by client_ip' --since yesterday --db web.db
  logan query --server https://logs.example.org 'level >= error' --since 1h
  logan query -e 'level >= critical' app.log && page-somebody")]
pub struct QueryArgs {
    /// The question
    #[arg(value_name = "QUERY")]
    pub query: String,
    /// Whom to ask.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Ask this server instead (LOGAN_SERVER names it as well); `logan login` gets a key
    #[arg(long, value_name = "URL", conflicts_with_all = ["files", "db"], help_heading = "Server")]
    pub server: Option<String>,
    /// How a server is reached.
    #[command(flatten)]
    pub transport: TransportArgs,
    /// Exit with code 1 when nothing matches
    #[arg(short = 'e', long = "exit-status", help_heading = "Output")]
    pub exit_status: bool,
    /// Tell on stderr what was read and what could be skipped
    #[arg(long, help_heading = "Output")]
    pub stats: bool,
    /// Which entries.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How they are printed.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How files are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Answers the question.
pub fn run(args: &QueryArgs, session: &Session) -> Result<Exit, Failure> {
    let clock = answer::clock(&args.reading, session)?;
    let text = question::unshielded(&args.query);
    forgotten_question(text, args)?;
    let mut query = Query::parse(text, &clock).map_err(selection::wrong_query)?;
    let selected = selection::filter(&args.selection, &clock)?;
    if let Some(address) = asked_server(args, session)? {
        if let Some(flag) = args.reading.of_files() {
            let text = format!("{flag} says how files are read, and the server {address} is asked");
            return Err(Failure::message(text).hint("a server reads logs when they come: leave the flag out"));
        }
        let question = Question { query, output: &args.output, exit_when_empty: args.exit_status, stats: args.stats };
        return remote::print(text, question, (address, &args.transport), &args.selection, &args.reading, session);
    }
    query.filter = Filter::all_of(vec![selected, query.filter]);
    let source = Source::files_or_store(&args.source, session)?;
    let question = Question { query, output: &args.output, exit_when_empty: args.exit_status, stats: args.stats };
    answer::print(question, &source, &args.reading, session)
}

/// Returns the server that is to be asked, if one is.
fn asked_server(args: &QueryArgs, session: &Session) -> Result<Option<Address>, Failure> {
    let is_local = !args.source.files.is_empty() || args.source.db.is_some() || session.terminal.piped_in;
    if is_local && args.server.is_none() { Ok(None) } else { server::named(args.server.as_deref()) }
}

/// Tells when a file stands where the question should be: `logan query access.log`.
fn forgotten_question(text: &str, args: &QueryArgs) -> Result<(), Failure> {
    let looks_like_file = text.contains(['.', '/']) && Path::new(text).is_file();
    if !looks_like_file || !args.source.files.is_empty() || args.source.db.is_some() || args.server.is_some() {
        return Ok(());
    }
    Err(Failure::message(format!("{text} is a file, and the question is missing")).hint(format!(
        "the question comes first: `logan query 'stats count() by level' {text}`; `logan parse {text}` prints all of it"
    )))
}
