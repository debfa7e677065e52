//! `logan detect`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::formats::ListOutput;
use crate::cli::args::{ReadingArgs, SelectionArgs, SourceArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;

/// Find what is unusual: spikes, drops, silences, more errors
///
/// Counts entries in bins of time, over all and for each level and status class, learns what is usual, and reports
/// what is not: when, what, how much was expected and seen, and entries that show it. When nothing is unusual
/// it prints nothing.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan detect access.log                          what is unusual in a file
  logan detect --since -1d --db web.db --fail-on   exit code 1 when there is anything, for cron
  logan detect --every 5m -o json app.log          bins of five minutes, findings as JSON lines")]
pub struct DetectArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Count in bins of this length instead of one chosen from the time span: `10s`, `5m`, `1h`
    #[arg(long, value_name = "DURATION")]
    pub every: Option<String>,
    /// Exit with code 1 when there is a finding of this severity or above
    #[arg(long, value_name = "SEVERITY", value_enum, num_args = 0..=1, default_missing_value = "info", require_equals = true)]
    pub fail_on: Option<FailOn>,
    /// Print as text or as one JSON object a line
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ListOutput,
    /// How files are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Which entries.
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// A severity on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any finding
    Info,
    /// Warnings and critical findings
    Warning,
    /// Critical findings
    Critical,
}

/// TEMP
pub fn run(_args: &DetectArgs, _session: &Session) -> Result<Exit, Failure> {
    todo!()
}
