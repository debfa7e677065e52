//! `logan import`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::ReadingArgs;
use crate::cli::entries::{self, Inputs, Watcher};
use crate::cli::exit::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::summary::bytes;
use crate::cli::zone;
use crate::entry::grouped;
use crate::ingest::{self, ImportOptions, ImportSummary, Outcome, Summary};
use crate::storage::SqliteLogStorage;

/// Put logs into a store, each line exactly once
///
/// A store is one SQLite file that holds entries as compressed columns with an index of their words. What is in it
/// already is known by its content, not by its name: importing a file again, after it grew, was rotated, renamed or
/// compressed, adds only what is new. An import that is stopped at any moment is continued by running it again.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  logan import /var/log/nginx/access.log*          into logan.db, rotated and compressed files too
  logan import -r /var/log --db all.db             every file below a folder
  zcat old.gz | logan import - --db web.db         from a pipe
  logan import app.log && logan query 'level >= error'")]
pub struct ImportArgs {
    /// Files, globs or (with -r) folders to read, compressed or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<OsString>,
    /// Put them into this store; it is made when it does not exist
    #[arg(long, value_name = "STORE", env = "LOGAN_DB", default_value = "logan.db")]
    pub db: PathBuf,
    /// Take a last line without a line end as complete (otherwise it waits for the next import)
    #[arg(long)]
    pub eof: bool,
    /// Know standard input by this name: what was imported from it before is passed over
    #[arg(long, value_name = "NAME")]
    pub source_id: Option<String>,
    /// How files are read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Fills the store.
pub fn run(args: &ImportArgs, session: &Session) -> Result<Exit, Failure> {
    let Inputs { paths, unreadable } = Inputs::expand(&args.files, &args.reading, session);
    if paths.is_empty() {
        // Nothing to import: no store is made.
        return Ok(if unreadable > 0 { Exit::Failed } else { Exit::Done });
    }
    let mut options = ImportOptions::new(session.threads);
    options.zone = zone::read(&args.reading.tz, session.now)?;
    options.reference = Some(session.now);
    options.formats = entries::formats(&args.reading);
    options.takes_last_line = args.eof;
    options.source_id = args.source_id.clone();
    options.command = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");

    let watcher = Watcher::new(&args.reading, &paths, true, session)?;
    let store = create_store(&args.db, session)?;
    let imported = ingest::import(&paths, &options, &store, &watcher, &session.stop_on_interrupt());
    watcher.close()?;
    let ImportSummary { summary, added, stored_bytes } = imported?;
    if session.wants_summary() {
        session.note(&told(&summary, added, stored_bytes, args));
        if added > 0 && args.source_id.is_none() && paths.iter().any(|path| path.file().is_none()) {
            session.note(
                "standard input has no name to know it by: the same lines are added again next time, unless --source-id \
                 names it",
            );
        }
    }
    let exit = entries::conclude(&summary, unreadable, &args.reading, session);
    if exit == Exit::Interrupted {
        session.note("stopped; the same command again goes on from here");
    }
    Ok(exit)
}

fn create_store(path: &Path, session: &Session) -> Result<SqliteLogStorage, Failure> {
    // The empty parent of a bare name is the folder we are in.
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        let text = format!("{}: there is no folder {} to make the store in", path.display(), folder.display());
        return Err(Failure::message(text).hint(format!("make it with `mkdir -p {}`", folder.display())));
    }
    Ok(SqliteLogStorage::create(path, session.threads)?)
}

/// Says what was added and what was known already.
fn told(summary: &Summary, added: u64, stored_bytes: u64, args: &ImportArgs) -> String {
    let mut text = format!("{}: {} entries added, {}", args.db.display(), grouped(added), bytes(stored_bytes));
    let known = summary.files.iter().filter(|file| matches!(file.outcome, Outcome::AlreadyImported { .. })).count();
    if known > 0 {
        text += &format!("\n{} of {} files were imported before", grouped(known as u64), summary.files.len());
    }
    let before = summary.files.iter().filter_map(|file| match &file.outcome {
        Outcome::Continued { lines_before, .. } => Some(*lines_before),
        Outcome::Read | Outcome::AlreadyImported { .. } | Outcome::NotRead => None,
    });
    let (continued, lines) = before.fold((0, 0), |(files, sum), lines| (files + 1, sum + lines));
    if continued > 0 {
        text += &format!(
            "\n{} of {} files had grown: {} of their lines were imported before",
            grouped(continued),
            grouped(summary.files.len() as u64),
            grouped(lines)
        );
    }
    for file in summary.files.iter().filter(|file| file.unfinished > 0) {
        let length = bytes(file.unfinished);
        text += &format!("\n{}: the last line ({length}) has no line end yet and waits; --eof takes it", file.name);
    }
    text
}
