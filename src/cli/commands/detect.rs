//! `logan detect`.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::formats::ListOutput;
use crate::cli::args::{ReadingArgs, SelectionArgs, SourceArgs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::filtered::Filtered;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::{answer, entries, selection};
use crate::detect::{self, DetectOptions, ExampleCollector, Finding, LineKeeper, SeriesCollector, Severity};
use crate::output::safe;
use crate::query::{BatchSink, Columns, Filter, ScanError, literal};

/// How many entries show a finding.
const EXAMPLES: usize = 3;

/// Find what is unusual: spikes, drops, silences, more errors
///
/// Counts entries in bins of time, over all and for each level and status class, learns what is usual, and reports
/// what is not: when, what, how much was expected and seen, and entries that show it. When nothing is unusual
/// it prints nothing. Entries that show a finding are looked up in a second pass; of a pipe some are kept on the way.
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

impl FailOn {
    fn severity(self) -> Severity {
        match self {
            FailOn::Info => Severity::Info,
            FailOn::Warning => Severity::Warning,
            FailOn::Critical => Severity::Critical,
        }
    }
}

/// Prints findings.
pub fn run(args: &DetectArgs, session: &Session) -> Result<Exit, Failure> {
    let clock = answer::clock(&args.reading, session)?;
    let filter = selection::filter(&args.selection, &clock)?;
    let every = args.every.as_deref().map(bin_width).transpose()?;
    let source = Source::files_or_store(&args.source, session)?;

    let collector = SeriesCollector::new(every);
    let keeper = entries::is_read_once(&source, &args.reading).then(LineKeeper::default);
    let both = Both(&collector, keeper.as_ref());
    let wanted = if keeper.is_some() { LineKeeper::projection() } else { SeriesCollector::projection() };
    let sink = Filtered::new(&filter, wanted.clone(), &both);
    let projection = Filtered::projection(&filter, &wanted);
    let read = entries::read(&source, &args.reading, &filter, &projection, &sink, true, session)?;
    let mut findings = detect::detect(&collector.finish(), &DetectOptions::default());
    if let Some(keeper) = keeper {
        keeper.finish(&mut findings, EXAMPLES);
    } else if !findings.is_empty() && !session.was_interrupted() {
        add_examples(&mut findings, &source, filter, args, session)?;
    }

    let mut output = session.terminal.output();
    output.write_all(text(&findings, args.output, session.terminal.stdout)?.as_bytes())?;
    output.flush()?;
    let severe = args.fail_on.is_some_and(|least| findings.iter().any(|finding| finding.severity >= least.severity()));
    let exit = read.conclude(&args.reading, session);
    Ok(if exit == Exit::Done && severe { Exit::Asked } else { exit })
}

/// Counts entries, and keeps some lines where they cannot be looked up later.
struct Both<'s>(&'s SeriesCollector, Option<&'s LineKeeper>);

impl BatchSink for Both<'_> {
    fn batch(&self, sequence: u64, batch: &dyn Columns) -> Result<ControlFlow<()>, ScanError> {
        let kept = self.1.map_or(Ok(ControlFlow::Continue(())), |keeper| keeper.batch(sequence, batch))?;
        if kept.is_break() { Ok(kept) } else { self.0.batch(sequence, batch) }
    }
}

fn add_examples(
    findings: &mut [Finding],
    source: &Source,
    filter: Filter,
    args: &DetectArgs,
    session: &Session,
) -> Result<(), Failure> {
    let collector = ExampleCollector::new(findings, EXAMPLES);
    let filter = Filter::all_of(vec![filter, collector.filter()]);
    let wanted = ExampleCollector::projection();
    let sink = Filtered::new(&filter, wanted.clone(), &collector);
    let projection = Filtered::projection(&filter, &wanted);
    entries::read_again(source, &args.reading, &filter, &projection, &sink, session)?;
    collector.finish(findings);
    Ok(())
}

fn bin_width(text: &str) -> Result<Duration, Failure> {
    let nanos =
        literal::duration(text).filter(|nanos| *nanos >= literal::SECOND).and_then(|nanos| nanos.try_into().ok());
    let wrong = || Failure::message(format!("--every: {text} is not a length of time of at least a second"));
    nanos.map(Duration::from_nanos).ok_or_else(|| wrong().hint("write 10s, 5m, 1h or 1d"))
}

fn text(findings: &[Finding], output: ListOutput, terminal: bool) -> Result<String, Failure> {
    let mut text = String::new();
    match output {
        ListOutput::Text => {
            let clean = |line: &str, out: &mut String| match terminal {
                true => out.push_str(&safe::display(line)),
                false => out.push_str(line),
            };
            detect::render(findings, &clean, &mut text);
        }
        ListOutput::Json => {
            for finding in findings {
                let json = serde_json::to_string(finding).map_err(Failure::new)?;
                text.push_str(&if terminal { safe::display_json(&json) } else { json.as_str().into() });
                text.push('\n');
            }
        }
    }
    Ok(text)
}
