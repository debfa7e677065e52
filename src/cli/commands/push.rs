//! `logan push`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use xxhash_rust::xxh3::xxh3_64;

use crate::cli::args::ReadingArgs;
use crate::cli::entries::{self, Inputs, Watcher};
use crate::cli::exit::{Exit, Failure};
use crate::cli::server::{self, Purpose, TransportArgs};
use crate::cli::session::Session;
use crate::cli::summary::bytes;
use crate::cli::{settings, zone};
use crate::client::journal::Journal;
use crate::client::push::{Push, PushOptions, PushSummary};
use crate::client::retry::Patience;
use crate::client::{Address, ClientError};
use crate::entry::grouped;
use crate::ingest::{FileReport, Outcome};

/// Send logs to a server, each line exactly once
///
/// Reads files as `logan import` does and knows them by their content: a file that grew, was rotated, renamed or
/// compressed is continued where it was left. What the server acknowledged is on its disk. A push that is stopped at any
/// moment is continued by running it again; a server that is busy or away is asked again for a while.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan push --server https://logs.example.org /var/log/nginx/access.log*
  logan push -r /var/log                                 to the only server there is a key of
  */5 * * * * logan push --quiet /var/log/app/*.log      from cron: only what is new
  journalctl -o short-iso | logan push -                 from a pipe; this is sent every time")]
pub struct PushArgs {
    /// Files, globs or (with -r) folders to send, compressed or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<OsString>,
    /// Send to this server (LOGAN_SERVER names it as well)
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Take a last line without a line end as complete (otherwise it waits for the next push)
    #[arg(long)]
    pub eof: bool,
    /// Ask a busy or missing server again for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub retry: u64,
    /// Remember what was sent in this file instead of one below $XDG_STATE_HOME/logan/push
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// How the server is reached.
    #[command(flatten)]
    pub transport: TransportArgs,
    /// How files are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Sends.
pub fn run(args: &PushArgs, session: &Session) -> Result<Exit, Failure> {
    let Inputs { paths, unreadable } = Inputs::expand(&args.files, &args.reading, session);
    if paths.is_empty() {
        return Ok(if unreadable > 0 { Exit::Failed } else { Exit::Done });
    }
    let address = match server::named(args.server.as_deref())? {
        Some(address) => address,
        None => server::named_or_only(None, &server::credentials()?)?,
    };
    let found = server::connect(address.clone(), &args.transport, Purpose::Push, session)?;
    let options = PushOptions {
        zone: zone::read(&args.reading.tz, session.now)?,
        now: session.now,
        formats: entries::formats(&args.reading),
        takes_last_line: args.eof,
        packs: !address.is_loopback(),
        batch_bytes: PushOptions::BATCH_BYTES,
        batch_lines: PushOptions::BATCH_LINES,
        max_line: PushOptions::MAX_LINE,
        run: format!("-{}-{}", session.now.nanos(), std::process::id()),
    };
    let state = match &args.state {
        Some(path) => path.clone(),
        None => state_file(&address, &found.owner)?,
    };
    let mut journal = Journal::open(&state)?;
    let watcher = Watcher::new(&args.reading, &paths, true, session)?;
    let cancel = session.stop_on_interrupt();
    let told = |error: &ClientError, wait: Duration| {
        watcher.aside(&|| session.warn(&format!("{error}; asking again in {:.1} s", wait.as_secs_f64())));
    };
    let pause = |wait| server::pause(wait, session);
    let patience = Patience { limit: Duration::from_secs(args.retry), pause: &pause, told: &told };
    let mut push = Push {
        connection: &found.connection,
        options: &options,
        journal: &mut journal,
        patience: &patience,
        observer: &watcher,
        cancel: &cancel,
    };
    let (summary, error) = match push.run(&paths) {
        Ok(summary) => (summary, None),
        Err(failed) => {
            let (summary, error) = *failed;
            (summary, Some(error))
        }
    };
    watcher.close()?;
    if session.wants_summary() {
        session.note(&told_summary(&summary, &address, session));
    }
    if summary.unsure > 0 {
        session.warn(&format!(
            "{} batches were begun more than a day ago and sent again: if they had arrived, they are there twice",
            grouped(summary.unsure)
        ));
    }
    match error {
        Some(error) => Err(Failure::from(error).context(format!("could not push to {address}"))),
        None => Ok(conclude(&summary, unreadable, args, session)),
    }
}

/// Returns where it is remembered what a server got. Not by its key: keys change.
fn state_file(address: &Address, owner: &str) -> Result<PathBuf, Failure> {
    let folder = settings::state_home().ok_or_else(|| {
        Failure::message("there is no folder to remember in what was sent")
            .hint("use --state FILE, or set HOME or XDG_STATE_HOME to an absolute path")
    })?;
    let whose = xxh3_64(format!("{address}\n{owner}").as_bytes());
    Ok(folder.join(format!("logan/push/{whose:016x}.jsonl")))
}

/// Says how the run ends.
fn conclude(summary: &PushSummary, unreadable: usize, args: &PushArgs, session: &Session) -> Exit {
    if summary.interrupted {
        session.note("stopped; the same command again goes on from here");
        return Exit::Interrupted;
    }
    let failed = |file: &&FileReport| file.error.is_some();
    let failures = summary.files.iter().filter(failed).count() + unreadable;
    let nothing_read = summary.files.iter().all(|file| file.outcome == Outcome::NotRead);
    if failures > 0 && nothing_read {
        return Exit::Failed;
    }
    let account = &summary.account;
    if !args.reading.max_rejects().allows(account) {
        session.terminal.tell(&format!(
            "error: {} of {} lines were rejected, more than allowed",
            grouped(account.rejects),
            grouped(account.lines)
        ));
        return Exit::Incomplete;
    }
    if account.rejects > 0 && args.reading.rejects.is_none() {
        session.warn(&format!(
            "{} of {} lines were rejected; the server lists them at /api/v1/rejects",
            grouped(account.rejects),
            grouped(account.lines)
        ));
    }
    if failures > 0 { Exit::Incomplete } else { Exit::Done }
}

/// Says what was sent and what was known already.
fn told_summary(summary: &PushSummary, address: &Address, session: &Session) -> String {
    let account = &summary.account;
    let seconds = session.started.elapsed().as_secs_f64();
    let mut text = format!(
        "{address}: {} lines sent, {} in {seconds:.2} s; {} entries stored, {} lines rejected",
        grouped(account.lines),
        bytes(account.bytes),
        grouped(account.entries),
        grouped(account.rejects)
    );
    let known = summary.files.iter().filter(|file| matches!(file.outcome, Outcome::AlreadyImported { .. })).count();
    if known > 0 {
        text += &format!("\n{} of {} files were sent before", grouped(known as u64), summary.files.len());
    }
    for file in summary.files.iter().filter(|file| file.unfinished > 0) {
        let length = bytes(file.unfinished);
        text += &format!("\n{}: the last line ({length}) has no line end yet and waits; --eof takes it", file.name);
    }
    text
}
