//! The command line: global flags, and the groups of flags that several commands share.

mod serve;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};

use super::commands::{
    completions, config, db, detect, formats, healthcheck, import, man, parse, query, serve as serving, user,
};
use super::commands::{login, logout, push};
use super::limits::MaxRejects;
use super::terminal::ColorChoice;
use crate::output::OutputFormat;

pub use serve::ServeFlags;

/// Turn raw logs into answers
///
/// Reads logs of any usual format (plain or compressed, files, folders or a pipe), prints them, asks them questions,
/// keeps them in one SQLite file and tells what is unusual in them.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "logan",
    version,
    max_term_width = 110,
    after_help = "Examples:
  logan parse access.log                               read a log of any usual format
  logan parse -o json -l warn app.log | jq .message    warnings and worse as JSON lines
  logan query 'status >= 500 | stats count() by path' access.log
  logan import /var/log/nginx/*.gz                     keep logs in logan.db, each line exactly once
  logan query 'stats count() by status'                ask the store
  logan detect access.log                              what is unusual, and when
  logan serve                                          all of it over HTTP, for a team

Exit codes: 0 done, 1 where a flag asks for it, 2 wrong usage or I/O, 3 incomplete (rejects,
unreadable files), 4 store busy or damaged, 130 interrupted."
)]
pub struct Cli {
    /// Flags every command has.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags every command has.
#[derive(Clone, Debug, Args)]
pub struct GlobalArgs {
    /// Print a summary of the run to stderr even when it is no terminal
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "General options")]
    pub verbose: bool,
    /// Print no summary, no progress and no warnings; errors are still printed
    #[arg(short, long, global = true, help_heading = "General options")]
    pub quiet: bool,
    /// Use colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = false,
        help_heading = "General options"
    )]
    pub color: ColorChoice,
    /// Use N threads instead of one for each processor
    #[arg(short = 'j', long, global = true, value_name = "N", env = "LOGAN_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "General options")]
    pub threads: Option<u16>,
    /// Show no progress bar
    #[arg(long, global = true, help_heading = "General options")]
    pub no_progress: bool,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Read logs and print their entries
    Parse(Box<parse::ParseArgs>),
    /// Put logs into a store, each line exactly once
    Import(import::ImportArgs),
    /// Ask files, a store or a server a question
    Query(Box<query::QueryArgs>),
    /// Find what is unusual: spikes, drops, silences, more errors
    Detect(Box<detect::DetectArgs>),
    /// Look into a store: what it holds, from where, and whether it is whole
    Db(db::DbArgs),
    /// Serve logs over HTTP: take them in, answer questions, tell what is unusual
    Serve(Box<serving::ServeArgs>),
    /// Get a key of a server and keep it for the other commands
    Login(login::LoginArgs),
    /// Forget the keys of a server
    Logout(logout::LogoutArgs),
    /// Send logs to a server, each line exactly once
    Push(Box<push::PushArgs>),
    /// Look at the settings of the server
    Config(config::ConfigArgs),
    /// Make accounts of a server that does not run, and say who may log in
    User(user::UserArgs),
    /// Ask a server on this machine whether it is ready; exit code 0 when it is, 1 when not
    Healthcheck(Box<healthcheck::HealthcheckArgs>),
    /// List the formats logan reads
    Formats(formats::FormatsArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print a man page
    Man(man::ManArgs),
}

/// How files are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadingArgs {
    /// Read every line as this format instead of finding it out (`logan formats` lists them)
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(formats::names()), hide_possible_values = true)]
    pub format: Option<String>,
    /// Take times without a zone to be in this one: `Europe/Berlin`, `+02:00`, `local`
    #[arg(long, value_name = "ZONE", default_value = "UTC", env = "LOGAN_TZ")]
    pub tz: String,
    /// Read folders with everything below them
    #[arg(short, long)]
    pub recursive: bool,
    /// Write the lines no format accepts to a file, as JSON lines with their place and reason
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Fail with exit code 3 when any line is rejected; the same as `--max-rejects 0`
    #[arg(long, conflicts_with = "max_rejects")]
    pub strict: bool,
    /// Fail with exit code 3 when more lines are rejected: a number, or a share like `0.1%`
    #[arg(long, value_name = "N|%")]
    pub max_rejects: Option<MaxRejects>,
}

impl ReadingArgs {
    /// Returns how many rejects are allowed.
    pub fn max_rejects(&self) -> MaxRejects {
        if self.strict { MaxRejects::Count(0) } else { self.max_rejects.unwrap_or_default() }
    }

    /// Returns the first flag that was given and says something of files alone.
    pub fn of_files(&self) -> Option<&'static str> {
        let flags = [
            ("--format", self.format.is_some()),
            ("--recursive", self.recursive),
            ("--rejects", self.rejects.is_some()),
            ("--strict", self.strict),
            ("--max-rejects", self.max_rejects.is_some()),
        ];
        flags.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

/// Which entries.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Keep entries at or after this time: 2026-09-07, "2026-09-07 13:30", RFC 3339, 2h or -2h, "2 hours ago", yesterday, friday, @1788739200
    #[arg(short = 'S', long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Keep entries before the end of this time (a day ends at midnight)
    #[arg(short = 'U', long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Keep entries of this level and above
    #[arg(short, long, value_name = "LEVEL")]
    pub level: Option<String>,
    /// Keep entries that match a filter of the query language: `'status >= 500 and path:api'`
    #[arg(short = 'w', long = "where", value_name = "FILTER", allow_hyphen_values = true)]
    pub filter: Option<String>,
}

/// What `--with` knows, in the order of the output.
pub const ORIGINS: [&str; 5] = ["source", "line", "offset", "format", "raw"];

/// How results are printed.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print as text (for people), json (one object a line), csv, tsv, logfmt, table or raw (the lines themselves)
    #[arg(short, long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(OutputFormat::ALL.map(OutputFormat::name)), hide_possible_values = true)]
    pub output: Option<String>,
    /// Stop after N entries
    #[arg(short = 'n', long = "limit", value_name = "N")]
    pub limit: Option<u64>,
    /// Print these fields only, in this order: `ts,level,path,status`
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub fields: Option<Vec<String>>,
    /// Also print where entries come from: source, line, offset, format, raw
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = PossibleValuesParser::new(ORIGINS), hide_possible_values = true)]
    pub with: Vec<String>,
    /// Leave CSV cells alone that a spreadsheet would run as a formula (by default they get a `'` in front)
    #[arg(long)]
    pub csv_raw: bool,
}

impl OutputArgs {
    /// Returns the format asked for, if one was.
    pub fn format(&self) -> Option<OutputFormat> {
        self.output.as_deref().map(|name| name.parse().expect("the value parser lets only known names through"))
    }
}

/// Where entries come from: files, or a store.
#[derive(Clone, Debug, Default, Args)]
pub struct SourceArgs {
    /// Files, globs or (with -r) folders to read; `-` is standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<OsString>,
    /// Ask this store instead of files
    #[arg(long, value_name = "STORE", conflicts_with = "files")]
    pub db: Option<PathBuf>,
}
